// From a document's JSON to field values: objects and lists, dynamic fields, the faults that name field and value.
#include "hem/model/json.hpp"
#include "hem/search/embedded/field_values.hpp"
#include "hem/search/embedded/mapping.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace hem::search::embedded {

namespace {

std::size_t utf16_length(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

class document_parser {
public:
    document_parser(const mapping& fields, std::string_view raw, const field_plan& plan, const analyzer_registry& analyzers,
                    parsed_document& out)
        : fields_(fields), raw_(raw), plan_(plan), analyzers_(analyzers), out_(out) {}

    void object(const mapped_field* field, const json& value, const std::string& path, dynamic_mode inherited, std::size_t depth) {
        if (depth > max_mapping_depth)
            throw illegal_argument("Limit of mapping depth [20] has been exceeded due to object field [" + path + "]");
        const dynamic_mode mode = field != nullptr && field->dynamic != dynamic_mode::inherit ? field->dynamic : inherited;
        for (const auto& [name, child] : value.items()) member(field, name, child, path, mode, depth);
    }

private:
    [[noreturn]] void fail(const std::string& path, std::string reason,
                           const std::vector<std::pair<std::string, std::string>>& causes = {}) {
        const auto [line, column] = locate_value(raw_, path);
        rest_error fault(400, "document_parsing_exception",
                         "[" + std::to_string(line) + ":" + std::to_string(column) + "] " + std::move(reason));
        for (const auto& [type, why] : causes) std::move(fault).caused_by(type, why);
        throw fault;
    }

    void member(const mapped_field* parent, const std::string& name, const json& value, const std::string& path, dynamic_mode mode,
                std::size_t depth) {
        if (path.empty() &&
            (name == "_id" || name == "_index" || name == "_source" || name == "_seq_no" || name == "_version" || name == "_routing"))
            fail(name,
                 "Field [" + name + "] is a metadata field and cannot be added inside a document. Use the index API request parameters.");
        if (name.empty() || name.find_first_not_of(" \t") == std::string::npos) fail(name, "field name cannot contain only whitespace");
        // A dotted name is the same as nested objects.
        if (const std::size_t dot = name.find('.'); dot != std::string::npos) {
            const std::string head = name.substr(0, dot);
            if (head.empty() || dot + 1 == name.size())
                fail(path, "field name starting or ending with a [.] makes object resolution ambiguous: [" + name + "]");
            const mapped_field* inner = child_of(parent, head);
            if (inner == nullptr || inner->type == field_type::object) {
                if (inner != nullptr && !inner->enabled) return;
                const std::string below = path.empty() ? head : path + "." + head;
                if (inner == nullptr && !allowed(mode, head, path)) return;
                const dynamic_mode next = inner != nullptr && inner->dynamic != dynamic_mode::inherit ? inner->dynamic : mode;
                member(inner, name.substr(dot + 1), value, below, next, depth + 1);
                return;
            }
        }
        const std::string full = path.empty() ? name : path + "." + name;
        const mapped_field* field = child_of(parent, name);
        if (field == nullptr) {
            unmapped(value, full, name, path, mode, depth);
            return;
        }
        if (field->type == field_type::alias)
            fail(full, "failed to parse", {{"illegal_argument_exception", "Cannot write to a field alias [" + full + "]."}});
        known(*field, value, mode, depth);
    }

    static const mapped_field* child_of(const mapped_field* parent, const std::string& name) {
        if (parent == nullptr) return nullptr;
        const auto found = parent->properties.find(name);
        return found == parent->properties.end() ? nullptr : &found->second;
    }

    void known(const mapped_field& field, const json& value, dynamic_mode mode, std::size_t depth) {
        if (field.type == field_type::object) {
            if (!field.enabled || value.is_null()) return;
            if (value.is_array()) {
                for (const json& one : value.elements()) known(field, one, mode, depth);
                return;
            }
            if (!value.is_object())
                fail(field.path, "object mapping for [" + field.path + "] tried to parse field [" + field.name +
                                     "] as object, but found a concrete value");
            object(&field, value, field.path, mode, depth + 1);
            return;
        }
        if (value.is_array()) {
            for (const json& one : value.elements()) known(field, one, mode, depth);
            return;
        }
        scalar(field, value, true);
    }

    bool allowed(dynamic_mode mode, const std::string& name, const std::string& path) {
        if (mode == dynamic_mode::strict) {
            const auto [line, column] = locate_value(raw_, path.empty() ? name : path + "." + name);
            throw rest_error(400, "strict_dynamic_mapping_exception",
                             "[" + std::to_string(line) + ":" + std::to_string(column) +
                                 "] mapping set to strict, dynamic introduction of [" + name + "] within [" +
                                 (path.empty() ? "_doc" : path) + "] is not allowed");
        }
        return mode != dynamic_mode::off;
    }

    void unmapped(const json& value, const std::string& full, const std::string& name, const std::string& path, dynamic_mode mode,
                  std::size_t depth) {
        if (value.is_array()) {
            if (mode == dynamic_mode::strict && value.size() == 0) allowed(mode, name, path);
            for (const json& one : value.elements()) unmapped(one, full, name, path, mode, depth);
            return;
        }
        if (!allowed(mode, name, path) || value.is_null()) return;
        if (value.is_object()) {
            introduce(full, json::object({{"type", "object"}}));
            object(nullptr, value, full, mode, depth + 1);
            return;
        }
        json definition;
        if (value.is_string()) {
            const json* detection = fields_.root().options.find("date_detection");
            const std::string_view format =
                detection != nullptr && !detection->as_bool() ? std::string_view() : detect_date_format(value.as_string());
            const json* numeric = fields_.root().options.find("numeric_detection");
            if (numeric != nullptr && numeric->as_bool() && numeric_definition(value.as_string(), definition)) {
            } else if (format.empty())
                definition =
                    json::object({{"type", "text"},
                                  {"fields", json::object({{"keyword", json::object({{"type", "keyword"}, {"ignore_above", 256}})}})}});
            else if (format.starts_with("strict"))
                definition = json::object({{"type", "date"}});
            else
                definition = json::object({{"type", "date"}, {"format", format}});
        } else if (value.is_bool())
            definition = json::object({{"type", "boolean"}});
        else
            definition = json::object({{"type", value.is_integer() ? "long" : "float"}});
        introduce(full, definition);
    }

    static bool numeric_definition(const std::string& text, json& definition) {
        std::int64_t whole = 0;
        double number = 0;
        const char* end = text.data() + text.size();
        if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
            definition = json::object({{"type", "long"}});
        else if (const auto other = std::from_chars(text.data(), end, number); other.ec == std::errc() && other.ptr == end)
            definition = json::object({{"type", "float"}});
        else
            return false;
        return true;
    }

    // Adds a definition to the tree of new fields; two values of one new field must agree.
    void introduce(const std::string& path, const json& definition) {
        json* level = &out_.new_fields;
        std::size_t start = 0;
        while (true) {
            const std::size_t dot = path.find('.', start);
            json& properties = (*level)["properties"];
            const std::string part = path.substr(start, dot == std::string::npos ? dot : dot - start);
            if (dot != std::string::npos) {
                level = &properties[part];
                if (const json* type = level->find("type"); type != nullptr && type->as_string() == "object") level->erase("type");
                start = dot + 1;
                continue;
            }
            json& leaf = properties[part];
            if (leaf.is_null()) {
                leaf = definition;
                return;
            }
            const std::string before = leaf.contains("properties") ? "object"
                                       : leaf["type"].is_string()  ? leaf["type"].as_string()
                                                                   : "object";
            const std::string& now = definition["type"].as_string();
            if (before != now) {
                if (before == "object")
                    fail(path,
                         "object mapping for [" + path + "] tried to parse field [" + part + "] as object, but found a concrete value");
                throw illegal_argument("mapper [" + path + "] cannot be changed from type [" + before + "] to [" + now + "]");
            }
            return;
        }
    }

    void scalar(const mapped_field& field, const json& given, bool copies) {
        const json& value = given.is_null() ? field.null_value : given;
        if (value.is_null()) return;
        try {
            store(field, value);
        } catch (const value_fault& fault) {
            if (field.ignore_malformed && !value.is_object()) {
                if (std::ranges::find(out_.ignored, field.path) == out_.ignored.end()) out_.ignored.push_back(field.path);
                return;
            }
            fail(field.path,
                 "failed to parse field [" + field.path + "] of type [" + std::string(to_string(field.type)) + "] in document with id '" +
                     out_.document.id + "'. Preview of field's value: '" + preview_as(field, value) + "'",
                 fault.causes);
        }
        for (const auto& [name, sub] : field.fields) scalar(sub, given, false);
        if (!copies) return;
        for (const std::string& target : field.copy_to) {
            const mapped_field* into = fields_.find(target);
            if (into == nullptr)
                unmapped(value, target, target, "",
                         fields_.root().dynamic == dynamic_mode::inherit ? dynamic_mode::on : fields_.root().dynamic, 0);
            else if (into->type != field_type::object)
                scalar(*into, value, false);
        }
    }

    std::string_view keep(std::string text) { return out_.kept.emplace_back(std::move(text)); }

    std::string_view text_value(const json& value) {
        if (value.is_string()) return value.as_string();
        if (value.is_object()) throw fault_of("illegal_state_exception", "Can't get text on a START_OBJECT");
        return keep(value.dump());
    }

    void store(const mapped_field& field, const json& value) {
        const field_spec* spec = plan_.find(field.path);
        switch (field.type) {
        case field_type::text: {
            const std::string_view text = text_value(value);
            if (spec != nullptr) out_.document.texts.push_back({spec->number, text});
            return;
        }
        case field_type::keyword: {
            std::string_view text = text_value(value);
            if (field.ignore_above && utf16_length(text) > *field.ignore_above) return;
            if (text.size() > 32766)
                throw fault_of("max_bytes_length_exceeded_exception",
                               "bytes can be at most 32766 in length; got " + std::to_string(text.size()));
            if (!field.normalizer.empty()) text = keep(analyzers_.get(field.normalizer).normalize(text));
            if (spec != nullptr) out_.document.texts.push_back({spec->number, text});
            return;
        }
        case field_type::boolean: {
            const bool flag = field.to_boolean(value);
            if (spec != nullptr) out_.document.integers.push_back({spec->number, flag ? 1 : 0});
            return;
        }
        case field_type::date: {
            const std::int64_t ms = field.to_date(value);
            if (spec != nullptr) out_.document.integers.push_back({spec->number, ms});
            return;
        }
        case field_type::half_float:
        case field_type::float_number:
        case field_type::double_number:
        case field_type::scaled_float: {
            const double number = field.to_double(value);
            if (spec != nullptr) out_.document.doubles.push_back({spec->number, number});
            return;
        }
        case field_type::object:
        case field_type::alias:
        case field_type::binary: return;
        default: {
            const std::int64_t number = field.to_integer(value);
            if (spec != nullptr) out_.document.integers.push_back({spec->number, number});
            return;
        }
        }
    }

    const mapping& fields_;
    std::string_view raw_;
    const field_plan& plan_;
    const analyzer_registry& analyzers_;
    parsed_document& out_;
};

}  // namespace

parsed_document mapping::parse_document(std::string_view id, std::string_view source, const field_plan& plan,
                                        const analyzer_registry& analyzers) const {
    parsed_document out;
    out.document.id = id;
    out.document.source = source;
    try {
        out.source = json::parse(source, {.max_depth = 1000, .duplicates = duplicate_keys::refuse});
    } catch (const json_parse_error& fault) {
        throw rest_error(400, "document_parsing_exception",
                         "[" + std::to_string(fault.line()) + ":" + std::to_string(fault.column()) + "] failed to parse")
            .caused_by(fault.position() >= source.size() ? "json_e_o_f_exception" : "json_parse_exception", fault.what());
    }
    if (!out.source.is_object())
        throw rest_error(400, "document_parsing_exception", "[1:1] failed to parse")
            .caused_by("not_x_content_exception", "a document is a JSON object, found " + std::string(token_of(out.source)));
    const dynamic_mode mode = root_->dynamic == dynamic_mode::inherit ? dynamic_mode::on : root_->dynamic;
    document_parser(*this, source, plan, analyzers, out).object(root_.get(), out.source, "", mode, 0);
    return out;
}

std::vector<std::string> mapping::ignored_fields(std::string_view source, const field_plan& plan,
                                                 const analyzer_registry& analyzers) const {
    if (!ignores_malformed_) return {};
    try {
        auto found = parse_document({}, source, plan, analyzers).ignored;
        std::ranges::sort(found);
        return found;
    } catch (const rest_error&) {
        return {};  // the mapping has grown stricter since
    }
}

std::pair<std::size_t, std::size_t> locate_value(std::string_view text, std::string_view path) {
    const std::size_t dot = path.rfind('.');
    const std::string quoted = '"' + std::string(path.substr(dot == std::string_view::npos ? 0 : dot + 1)) + '"';
    std::size_t at = 0;
    for (std::size_t from = 0; (from = text.find(quoted, from)) != std::string_view::npos; from += quoted.size()) {
        std::size_t next = text.find_first_not_of(" \t\r\n", from + quoted.size());
        if (next == std::string_view::npos || text[next] != ':') continue;
        next = text.find_first_not_of(" \t\r\n", next + 1);
        at = next == std::string_view::npos ? from : next;
        break;
    }
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at; ++i) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n';
    }
    return {line, column};
}

}  // namespace hem::search::embedded
