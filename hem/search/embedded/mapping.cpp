#include "hem/search/embedded/mapping.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace hem::search::embedded {

namespace {

struct type_name {
    field_type type;
    std::string_view name;
};
constexpr std::array type_names{
    type_name{field_type::object, "object"},
    type_name{field_type::text, "text"},
    type_name{field_type::keyword, "keyword"},
    type_name{field_type::byte, "byte"},
    type_name{field_type::short_integer, "short"},
    type_name{field_type::integer, "integer"},
    type_name{field_type::long_integer, "long"},
    type_name{field_type::half_float, "half_float"},
    type_name{field_type::float_number, "float"},
    type_name{field_type::double_number, "double"},
    type_name{field_type::scaled_float, "scaled_float"},
    type_name{field_type::boolean, "boolean"},
    type_name{field_type::date, "date"},
    type_name{field_type::alias, "alias"},
    type_name{field_type::binary, "binary"},
};

// Types that a cluster has and the engine has not.
constexpr std::array<std::string_view, 33> cluster_types{
    "nested",        "geo_point",   "geo_shape",  "ip",           "date_nanos",     "unsigned_long",    "completion", "search_as_you_type",
    "flattened",     "flat_object", "join",       "token_count",  "wildcard",       "constant_keyword", "version",    "dense_vector",
    "sparse_vector", "knn_vector",  "percolator", "rank_feature", "rank_features",  "integer_range",    "long_range", "float_range",
    "double_range",  "date_range",  "ip_range",   "histogram",    "annotated_text", "match_only_text",  "point",      "shape",
    "semantic_text"};

rest_error mapper_fault(std::string reason) { return {400, "mapper_parsing_exception", std::move(reason)}; }

bool flag_of(const json& value, std::string_view name) {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string() && (value.as_string() == "true" || value.as_string() == "false")) return value.as_string() == "true";
    throw mapper_fault("Failed to parse value [" + (value.is_string() ? value.as_string() : value.dump()) +
                       "] as only [true] or [false] are allowed. (parameter [" + std::string(name) + "])");
}

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

dynamic_mode dynamic_of(const json& value) {
    const std::string text = text_of(value);
    if (text == "true") return dynamic_mode::on;
    if (text == "false") return dynamic_mode::off;
    if (text == "strict") return dynamic_mode::strict;
    if (text == "runtime" || text == "strict_allow_templates" || text == "false_allow_templates")
        throw unsupported("the dynamic mapping mode [" + text + "]");
    throw mapper_fault("Could not convert [dynamic] to boolean: [" + text + "]");
}

std::string_view token_name(const json& value) {
    if (value.is_string()) return "java.lang.String";
    if (value.is_integer()) return "java.lang.Integer";
    if (value.is_number()) return "java.lang.Double";
    if (value.is_bool()) return "java.lang.Boolean";
    if (value.is_array()) return "java.util.ArrayList";
    return "null";
}

class reader {
public:
    explicit reader(const analyzer_registry& analyzers) : analyzers_(analyzers) {}

    void object(mapped_field& into, const json& body, std::size_t depth) {
        if (depth > max_mapping_depth)
            throw illegal_argument("Limit of mapping depth [20] has been exceeded due to object field [" + into.path + "]");
        for (const auto& [key, value] : body.items()) {
            if (key == "properties") {
                if (!value.is_object()) throw mapper_fault("Expected map for property [properties] on field [" + into.name + "]");
                for (const auto& [name, definition] : value.items()) property(into, name, definition, depth);
            } else if (key == "dynamic") {
                into.dynamic = dynamic_of(value);
                into.options.set(key, text_of(value));
            } else if (key == "enabled") {
                into.enabled = flag_of(value, key);
                if (!into.enabled) into.options.set(key, false);
            } else if (key == "type") {
                into.type_given = true;
            } else if (into.path.empty()) {
                root_option(into, key, value);
            } else
                throw mapper_fault("Mapping definition for [" + into.name + "] has unsupported parameters:  [" + key + " : " +
                                   text_of(value) + "]");
        }
    }

    void property(mapped_field& into, const std::string& name, const json& definition, std::size_t depth) {
        if (name.empty()) throw illegal_argument("field name cannot be an empty string");
        // A name with dots stands for objects.
        if (const std::size_t dot = name.find('.'); dot != std::string::npos) {
            const std::string head = name.substr(0, dot);
            mapped_field& parent = child_object(into, head);
            property(parent, name.substr(dot + 1), definition, depth + 1);
            return;
        }
        if (!definition.is_object())
            throw mapper_fault("Expected map for property [fields] on field [" + name + "] but got a class " +
                               std::string(token_name(definition)));
        mapped_field made = field(name, into.path.empty() ? name : into.path + "." + name, definition, depth + 1, true);
        into.properties.insert_or_assign(name, std::move(made));
    }

    mapped_field& child_object(mapped_field& into, const std::string& name) {
        const auto found = into.properties.find(name);
        if (found != into.properties.end()) return found->second;
        mapped_field made;
        made.name = name;
        made.path = into.path.empty() ? name : into.path + "." + name;
        return into.properties.emplace(name, std::move(made)).first->second;
    }

    mapped_field field(const std::string& name, const std::string& path, const json& definition, std::size_t depth, bool multi_allowed) {
        mapped_field out;
        out.name = name;
        out.path = path;
        const json* type = definition.find("type");
        if (type == nullptr) {
            if (definition.find("properties") == nullptr && definition.find("dynamic") == nullptr &&
                definition.find("enabled") == nullptr && definition.size() != 0)
                throw mapper_fault("No type specified for field [" + name + "]");
            if (definition.size() == 0) throw mapper_fault("No type specified for field [" + name + "]");
            object(out, definition, depth);
            return out;
        }
        const std::string wanted = text_of(*type);
        if (wanted == "object") {
            object(out, definition, depth);
            return out;
        }
        const auto known = std::find_if(type_names.begin(), type_names.end(), [&](const type_name& one) { return one.name == wanted; });
        if (known == type_names.end()) {
            if (std::find(cluster_types.begin(), cluster_types.end(), wanted) != cluster_types.end())
                throw unsupported("the field type [" + wanted + "] of [" + path + "]");
            throw mapper_fault("No handler for type [" + wanted + "] declared on field [" + name + "]");
        }
        out.type = known->type;
        for (const auto& [key, value] : definition.items()) {
            if (key == "type") continue;
            if (key == "fields") {
                if (!multi_allowed) throw mapper_fault("Field [" + name + "] of type [" + wanted + "] cannot have multi-fields of its own");
                for (const auto& [sub, sub_definition] : value.items()) {
                    if (!sub_definition.is_object()) throw mapper_fault("Expected map for property [fields] on field [" + sub + "]");
                    out.fields.insert_or_assign(sub, field(sub, path + "." + sub, sub_definition, depth, false));
                }
                continue;
            }
            option(out, wanted, key, value);
        }
        if (out.type == field_type::scaled_float && out.options.find("scaling_factor") == nullptr)
            throw illegal_argument("Field [scaling_factor] is required");
        if (out.type == field_type::alias && out.alias_path.empty())
            throw mapper_fault("The [path] property must be specified for field [" + name + "].");
        return out;
    }

private:
    void root_option(mapped_field& into, const std::string& key, const json& value) {
        if (key == "_meta") {
            into.options.set(key, value);
            return;
        }
        if (key == "date_detection" || key == "numeric_detection") {
            into.options.set(key, flag_of(value, key));
            return;
        }
        if (key == "_source" && value.is_object() &&
            (value.size() == 0 || (value.size() == 1 && value["enabled"].is_bool() && value["enabled"].as_bool())))
            return;
        if (key == "dynamic_templates" || key == "_routing" || key == "_source" || key == "runtime" || key == "dynamic_date_formats" ||
            key == "_size" || key == "derived")
            throw unsupported("the mapping parameter [" + key + "]");
        throw mapper_fault("Root mapping definition has unsupported parameters:  [" + key + " : " + text_of(value) + "]");
    }

    void analyzer(std::string& into, const mapped_field& field, const std::string& key, const json& value) {
        into = text_of(value);
        if (analyzers_.find(into) == nullptr) {
            if (key == "normalizer") throw mapper_fault("normalizer [" + into + "] not found for field [" + field.name + "]");
            throw illegal_argument("analyzer [" + into + "] has not been configured in mappings");
        }
    }

    void option(mapped_field& field, const std::string& type, const std::string& key, const json& value) {
        const bool text = field.type == field_type::text;
        const bool keyword = field.type == field_type::keyword;
        const bool number = is_whole_number(field.type) || is_fraction(field.type);
        const bool date = field.type == field_type::date;
        const bool boolean = field.type == field_type::boolean;
        const bool searched = field.type != field_type::alias && field.type != field_type::binary;
        bool known = true;
        if (text && key == "analyzer")
            analyzer(field.analyzer, field, key, value);
        else if (text && key == "search_analyzer")
            analyzer(field.search_analyzer, field, key, value);
        else if (text && key == "position_increment_gap")
            field.position_increment_gap = static_cast<std::uint32_t>(value.as_int64());
        else if (text && (key == "fielddata" || key == "index_prefixes" || key == "index_phrases")) {
            if (!value.is_bool() || value.as_bool()) throw unsupported("the mapping parameter [" + key + "]");
        } else if (text && (key == "search_quote_analyzer"))
            throw unsupported("the mapping parameter [" + key + "]");
        else if ((text || keyword) && (key == "norms" || key == "index_options" || key == "similarity" || key == "eager_global_ordinals" ||
                                       key == "split_queries_on_whitespace" || key == "term_vector")) {
            const bool harmless = key == "eager_global_ordinals" || key == "term_vector" ||
                                  (keyword && key == "norms" && !flag_of(value, key)) || (text && key == "norms" && flag_of(value, key)) ||
                                  (text && key == "index_options" && text_of(value) != "docs" && text_of(value) != "freqs") ||
                                  (keyword && key == "index_options" && text_of(value) == "docs") ||
                                  (key == "similarity" && text_of(value) == "BM25");
            if (!harmless) throw unsupported("the mapping parameter [" + key + "] with the value [" + text_of(value) + "]");
        } else if (keyword && key == "normalizer")
            analyzer(field.normalizer, field, key, value);
        else if (keyword && key == "ignore_above")
            field.ignore_above = static_cast<std::uint32_t>(std::max<std::int64_t>(value.as_int64(), 0));
        else if (number && key == "coerce")
            field.coerce = flag_of(value, key);
        else if ((number || date || boolean) && key == "ignore_malformed")
            field.ignore_malformed = flag_of(value, key);
        else if (field.type == field_type::scaled_float && key == "scaling_factor") {
            field.scaling_factor = value.as_double();
            if (!(field.scaling_factor > 0)) throw mapper_fault("[scaling_factor] must be a positive number, got [" + value.dump() + "]");
        } else if (date && (key == "format" || key == "print_format")) {
            if (key == "format") try {
                    field.format = date_format(text_of(value));
                } catch (const std::invalid_argument& fault) {
                    throw mapper_fault("Invalid format: [" + text_of(value) + "]: " + fault.what());
                }
        } else if (date && key == "locale")
            throw unsupported("the mapping parameter [locale]");
        else if ((keyword || number || date || boolean) && key == "null_value")
            field.null_value = value;
        else if ((searched || field.type == field_type::binary) && key == "doc_values")
            field.doc_values = flag_of(value, key);
        else if (searched && key == "index")
            field.indexed = flag_of(value, key);
        else if (key == "store") {
            if (flag_of(value, key)) throw unsupported("the mapping parameter [store]");
        } else if (searched && key == "copy_to") {
            if (value.is_array())
                for (const json& one : value.elements()) field.copy_to.push_back(text_of(one));
            else
                field.copy_to.push_back(text_of(value));
        } else if (key == "meta" && value.is_object()) {
        } else if (key == "boost")
            throw unsupported("the mapping parameter [boost]");
        else if (field.type == field_type::alias && key == "path")
            field.alias_path = text_of(value);
        else
            known = false;
        if (!known) throw mapper_fault("unknown parameter [" + key + "] on mapper [" + field.name + "] of type [" + type + "]");
        field.options.set(key, key == "copy_to" && !value.is_array() ? json::array({value}) : value);
    }

    const analyzer_registry& analyzers_;
};

json field_json(const mapped_field& field) {
    json out = json::object();
    if (field.type == field_type::object) {
        if (field.properties.empty() && !field.path.empty()) out.set("type", "object");
        for (const auto& [key, value] : field.options.items()) out.set(key, value);
        if (!field.properties.empty()) {
            json properties = json::object();
            for (const auto& [name, child] : field.properties) properties.append_member(name, field_json(child));
            out.set("properties", std::move(properties));
        }
        return out;
    }
    out.set("type", to_string(field.type));
    for (const auto& [key, value] : field.options.items()) out.set(key, value);
    if (!field.fields.empty()) {
        json fields = json::object();
        for (const auto& [name, child] : field.fields) fields.append_member(name, field_json(child));
        out.set("fields", std::move(fields));
    }
    return out;
}

void merge_field(mapped_field& into, const mapped_field& from) {
    if (into.type != from.type) {
        if (into.type == field_type::object || from.type == field_type::object) {
            if (into.type == field_type::object)
                throw illegal_argument("can't merge a non object mapping [" + into.path + "] with an object mapping");
            throw illegal_argument("can't merge a non-nested mapping [" + into.path + "] with a nested mapping");
        }
        throw illegal_argument("mapper [" + into.path + "] cannot be changed from type [" + std::string(to_string(into.type)) + "] to [" +
                               std::string(to_string(from.type)) + "]");
    }
    if (into.type == field_type::object) {
        for (const auto& [key, value] : from.options.items()) into.options.set(key, value);
        if (from.dynamic != dynamic_mode::inherit) into.dynamic = from.dynamic;
        for (const auto& [name, child] : from.properties) {
            const auto found = into.properties.find(name);
            if (found == into.properties.end())
                into.properties.emplace(name, child);
            else
                merge_field(found->second, child);
        }
        return;
    }
    // What decides about stored postings and columns never changes.
    static constexpr std::array<std::string_view, 7> fixed{
        "analyzer", "normalizer", "format", "scaling_factor", "index", "doc_values", "position_increment_gap"};
    for (const std::string_view key : fixed) {
        const json& before = into.options[key];
        const json& after = from.options[key];
        if (before == after) continue;
        if (key == "format" && into.format.spec() == from.format.spec()) continue;
        if (key == "analyzer" && into.analyzer == from.analyzer) continue;
        if ((key == "index" && into.indexed == from.indexed) || (key == "doc_values" && into.doc_values == from.doc_values)) continue;
        throw illegal_argument("Mapper for [" + into.path + "] conflicts with existing mapper:\n\tCannot update parameter [" +
                               std::string(key) + "] from [" + (before.is_null() ? "default" : text_of(before)) + "] to [" +
                               (after.is_null() ? "default" : text_of(after)) + "]");
    }
    auto fields = std::move(into.fields);
    into = from;
    for (auto& [name, child] : fields) {
        const auto found = into.fields.find(name);
        if (found == into.fields.end()) {
            into.fields.emplace(name, std::move(child));
            continue;
        }
        mapped_field merged = std::move(child);
        merge_field(merged, found->second);
        found->second = std::move(merged);
    }
}

}  // namespace

std::string_view to_string(field_type type) {
    for (const type_name& one : type_names)
        if (one.type == type) return one.name;
    return "object";
}

bool is_whole_number(field_type type) { return type >= field_type::byte && type <= field_type::long_integer; }
bool is_fraction(field_type type) { return type >= field_type::half_float && type <= field_type::scaled_float; }

mapping::mapping() : root_(std::make_shared<mapped_field>()) {}

mapping mapping::parse(const json& body, const analyzer_registry& analyzers) {
    auto root = std::make_shared<mapped_field>();
    reader(analyzers).object(*root, body, 0);
    mapping out;
    out.root_ = std::move(root);
    out.index_fields();
    return out;
}

json mapping::to_json() const { return field_json(*root_); }

mapping mapping::merged(const json& body, const analyzer_registry& analyzers) const {
    const mapping added = parse(body, analyzers);
    auto root = std::make_shared<mapped_field>(*root_);
    merge_field(*root, *added.root_);
    mapping out;
    out.root_ = std::move(root);
    out.index_fields();
    return out;
}

void mapping::index_fields() {
    by_path_.clear();
    const std::function<void(const mapped_field&)> visit = [&](const mapped_field& field) {
        if (!field.path.empty()) by_path_.emplace(field.path, &field);
        ignores_malformed_ = ignores_malformed_ || field.ignore_malformed;
        for (const auto& [name, child] : field.properties) visit(child);
        for (const auto& [name, child] : field.fields) visit(child);
    };
    visit(*root_);
    if (by_path_.size() > max_mapped_fields) throw illegal_argument("Limit of total fields [1000] has been exceeded");
    for (const auto& [path, field] : by_path_) {
        if (field->type != field_type::alias) continue;
        const auto target = by_path_.find(field->alias_path);
        if (target == by_path_.end() || target->second->type == field_type::alias || target->second->type == field_type::object)
            throw mapper_fault("Invalid [path] value [" + field->alias_path + "] for field alias [" + path +
                               "]: an alias must refer to an existing field in the mappings.");
    }
}

const mapped_field* mapping::find(std::string_view path) const {
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return nullptr;
    if (found->second->type == field_type::alias) return find(found->second->alias_path);
    return found->second;
}

std::vector<const mapped_field*> mapping::leaves() const {
    std::vector<const mapped_field*> out;
    for (const auto& [path, field] : by_path_)
        if (field->type != field_type::object && field->type != field_type::alias) out.push_back(field);
    return out;
}

std::vector<const mapped_field*> mapping::matching(std::string_view pattern) const {
    std::vector<const mapped_field*> out;
    const std::string below = std::string(pattern) + ".";
    const mapped_field* exact = find(pattern);
    for (const auto& [path, field] : by_path_) {
        if (field->type == field_type::object || field->type == field_type::alias) continue;
        const bool inside = exact != nullptr && exact->type == field_type::object && path.starts_with(below);
        if (field == exact || inside || simple_match(pattern, path)) out.push_back(field);
    }
    return out;
}

std::vector<field_spec> mapping::specs() const {
    std::vector<field_spec> out;
    for (const mapped_field* field : leaves()) {
        if (field->type == field_type::binary || (!field->indexed && !field->has_column())) continue;
        field_spec spec;
        spec.name = field->path;
        if (field->type == field_type::text) {
            spec.kind = field_kind::text;
            spec.analyzer = field->analyzer;
            spec.search_analyzer = field->search_analyzer;
            spec.position_increment_gap = field->position_increment_gap;
        } else if (field->type == field_type::keyword) {
            spec.kind = field_kind::keyword;
            spec.normalizer = field->normalizer;
        } else if (is_whole_number(field->type))
            spec.kind = field_kind::integer;
        else if (is_fraction(field->type))
            spec.kind = field_kind::floating;
        else if (field->type == field_type::boolean)
            spec.kind = field_kind::boolean;
        else
            spec.kind = field_kind::date;
        out.push_back(std::move(spec));
    }
    return out;
}

bool simple_match(std::string_view pattern, std::string_view text) {
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    std::size_t p = 0;
    std::size_t t = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else
            return false;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace hem::search::embedded
