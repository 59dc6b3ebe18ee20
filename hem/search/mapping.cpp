#include "hem/search/mapping.hpp"

#include "hem/search/errors.hpp"

namespace hem::search {
namespace {

void set_analyzer(json& field, std::string_view key, const analyzer& wanted, json& analysis) {
    if (wanted.name().empty()) return;
    field.set(key, wanted.name());
    if (wanted.definition().is_null()) return;
    json definition = json::object({{"type", "custom"}});
    for (const auto& [name, value] : wanted.definition().items()) definition.set(name, value);
    analysis["analyzer"].set(wanted.name(), std::move(definition));
}

void apply(json& field, const field_override& with, json& analysis) {
    if (!with.type.empty()) field.set("type", with.type);
    set_analyzer(field, "analyzer", with.analyzer, analysis);
    set_analyzer(field, "search_analyzer", with.search_analyzer, analysis);
    if (!with.normalizer.empty()) field.set("normalizer", with.normalizer);
    if (with.index) field.set("index", *with.index);
    if (with.store) field.set("store", *with.store);
    if (with.doc_values) field.set("doc_values", *with.doc_values);
    if (with.copy_to.size() == 1) field.set("copy_to", with.copy_to.front());
    if (with.copy_to.size() > 1) field.set("copy_to", json(json::array_type(with.copy_to.begin(), with.copy_to.end())));
    if (!with.null_value.is_null()) field.set("null_value", with.null_value);
    if (with.ignore_above) field.set("ignore_above", *with.ignore_above);
    if (with.ignore_malformed) field.set("ignore_malformed", *with.ignore_malformed);
    if (!with.format.empty()) field.set("format", with.format);
    if (!with.similarity.empty()) field.set("similarity", with.similarity);
    if (!with.dynamic.empty()) field.set("dynamic", with.dynamic);
    for (const auto& [name, value] : with.extra.items()) field.set(name, value);
    for (const auto& [name, inner] : with.fields) {
        json multi = json::object();
        apply(multi, inner, analysis);
        field["fields"].set(name, std::move(multi));
    }
}

// The field at a dotted path of a mapping.
json* field_at(json& mappings, std::string_view path) {
    json* at = &mappings;
    while (at != nullptr) {
        const std::size_t dot = path.find('.');
        json* properties = at->find("properties");
        at = properties == nullptr ? nullptr : properties->find(path.substr(0, dot));
        if (dot == std::string_view::npos) return at;
        path.remove_prefix(dot + 1);
    }
    return nullptr;
}

std::string text_or(const json& field, std::string_view key, std::string_view fallback) {
    const json* found = field.find(key);
    return found != nullptr && found->is_string() ? found->as_string() : std::string(fallback);
}

std::string type_of(const json& field) { return text_or(field, "type", "object"); }

std::string shown(const json& field) {
    json short_form = field;
    short_form.erase("properties");
    return short_form.empty() ? R"({"type":"object"})" : short_form.dump();
}

json missing_in(std::string_view index, const std::string& prefix, const json& stored, const json& wanted) {
    json missing = json::object();
    for (const auto& [name, field] : wanted.items()) {
        const std::string path = prefix.empty() ? name : prefix + "." + name;
        const json* there = stored.find(name);
        if (there == nullptr) {
            missing.set(name, field);
            continue;
        }
        const bool same =
            type_of(*there) == type_of(field) && text_or(*there, "analyzer", "default") == text_or(field, "analyzer", "default");
        if (!same) throw mapping_conflict(std::string(index), path, shown(*there), shown(field));
        if (const json* inner = field.find("properties")) {
            json below = missing_in(index, path, (*there)["properties"], *inner);
            if (below.empty()) continue;
            json part = json::object({{"properties", std::move(below)}});
            if (const json* type = field.find("type")) part.set("type", *type);
            missing.set(name, std::move(part));
        }
    }
    return missing;
}

}  // namespace

analyzer analyzer::tokenizer(std::string_view name) const {
    analyzer changed = *this;
    changed.definition_.set("tokenizer", name);
    return changed;
}
analyzer analyzer::filter(std::string_view name) const {
    analyzer changed = *this;
    changed.definition_["filter"].push_back(name);
    return changed;
}
analyzer analyzer::char_filter(std::string_view name) const {
    analyzer changed = *this;
    changed.definition_["char_filter"].push_back(name);
    return changed;
}

namespace detail {

json typed(std::string_view type) { return json::object({{"type", type}}); }

json text_mapping(std::string_view type, std::string_view analyzer) {
    json field = typed(type);
    if (!analyzer.empty()) field.set("analyzer", analyzer);
    return field;
}

json object_mapping(std::span<const member_mapping> members, bool nested) {
    json properties = json::object();
    for (const member_mapping& member : members) properties.append_member(std::string(member.name), member.mapping());
    json field = json::object();
    if (nested) field.set("type", "nested");
    field.set("properties", std::move(properties));
    return field;
}

void apply_overrides(json& body, const mapping_overrides& overrides) {
    json analysis = json::object();
    for (const auto& [path, with] : overrides) {
        json* field = field_at(body["mappings"], path);
        if (field == nullptr) throw usage_error("mapping() names the field '" + path + "', which the document's struct does not have");
        apply(*field, with, analysis);
    }
    if (analysis.empty()) return;
    json& into = body["settings"]["analysis"]["analyzer"];
    for (const auto& [name, value] : analysis["analyzer"].items()) into.set(name, value);
}

json create_body(const index_options& options, json properties, const mapping_overrides& overrides) {
    json body = json::object();
    json settings = options.settings.empty() ? json::object() : json::parse(options.settings);
    if (options.shards) settings.set("number_of_shards", *options.shards);
    if (options.replicas) settings.set("number_of_replicas", *options.replicas);
    if (!settings.empty()) body.set("settings", std::move(settings));
    json mappings = json::object();
    if (!options.dynamic.empty()) mappings.set("dynamic", options.dynamic);
    mappings.set("properties", std::move(properties));
    body.set("mappings", std::move(mappings));
    if (!options.aliases.empty()) body.set("aliases", json::parse(options.aliases));
    apply_overrides(body, overrides);
    return body;
}

json missing_fields(std::string_view index, const json& stored_properties, const json& wanted_properties) {
    return missing_in(index, "", stored_properties, wanted_properties);
}

}  // namespace detail
}  // namespace hem::search
