#include "hem/search/embedded/index_schema.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

using flat_settings = std::map<std::string, json>;

void flatten(const json& value, const std::string& prefix, flat_settings& out) {
    if (value.is_object()) {
        for (const auto& [key, child] : value.items()) flatten(child, prefix.empty() ? key : prefix + "." + key, out);
        return;
    }
    out.insert_or_assign(prefix, value);
}

void check_whole(const std::string& key, const json& value, std::int64_t least, std::int64_t most) {
    const std::string text = text_of(value);
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size() || text.empty())
        throw illegal_argument("Failed to parse value [" + text + "] for setting [" + key + "]")
            .caused_by("number_format_exception", "For input string: \"" + text + "\"");
    if (number < least)
        throw illegal_argument("Failed to parse value [" + text + "] for setting [" + key + "] must be >= " + std::to_string(least));
    if (number > most)
        throw illegal_argument("Failed to parse value [" + text + "] for setting [" + key + "] must be <= " + std::to_string(most));
}

void check_setting(const std::string& key, const json& value) {
    if (key == "index.number_of_shards") return check_whole(key, value, 1, 1024);
    if (key == "index.number_of_replicas") return check_whole(key, value, 0, INT32_MAX);
    if (key == "index.max_result_window") return check_whole(key, value, 1, INT32_MAX);
    if (key == "index.mapping.total_fields.limit" || key == "index.mapping.depth.limit" || key == "index.max_inner_result_window" ||
        key == "index.max_docvalue_fields_search")
        return check_whole(key, value, 0, INT32_MAX);
    if (key == "index.refresh_interval") {
        if (text_of(value) != "-1" && !value.is_null() && !parse_time_value(text_of(value)))
            throw illegal_argument("failed to parse setting [index.refresh_interval] with value [" + text_of(value) +
                                   "] as a time value: unit is missing or unrecognized");
        return;
    }
    if (key.starts_with("index.analysis.")) return;
    if (key == "index.similarity.default.type") {
        if (text_of(value) != "BM25") throw unsupported("the similarity [" + text_of(value) + "]");
        return;
    }
    if (key == "index.similarity.default.k1" || key == "index.similarity.default.b") {
        const std::string text = text_of(value);
        float number = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (code != std::errc() || end != text.data() + text.size() || number < 0)
            throw illegal_argument("Failed to parse value [" + text + "] for setting [" + key + "]");
        return;
    }
    if (key == "index.hem.similarity") {
        if (text_of(value) != "bm25" && text_of(value) != "legacy_bm25")
            throw illegal_argument("Failed to parse value [" + text_of(value) + "] for setting [" + key + "]: bm25 or legacy_bm25");
        return;
    }
    static constexpr std::array<std::string_view, 5> harmless{"index.codec", "index.hidden", "index.auto_expand_replicas",
                                                              "index.number_of_routing_shards", "index.translog.durability"};
    if (std::find(harmless.begin(), harmless.end(), key) != harmless.end()) return;
    for (const std::string_view known :
         {"index.sort.", "index.similarity.", "index.blocks.", "index.default_pipeline", "index.final_pipeline", "index.knn",
          "index.lifecycle", "index.mapping.", "index.query.default_field", "index.routing", "index.translog.", "index.merge.",
          "index.search.", "index.highlight.", "index.requests."})
        if (key.starts_with(known)) throw unsupported("the setting [" + key + "]");
    throw illegal_argument(
        "unknown setting [" + key +
        "] please check that any required plugins are installed, or check the breaking changes documentation for removed settings");
}

json nested(const flat_settings& flat) {
    json out = json::object();
    for (const auto& [key, value] : flat) {
        json* level = &out;
        std::size_t start = 0;
        for (std::size_t dot = key.find('.'); dot != std::string::npos; start = dot + 1, dot = key.find('.', start))
            level = &(*level)[std::string_view(key).substr(start, dot - start)];
        json leaf = value;
        if (leaf.is_array()) {
            for (json& one : leaf.elements())
                if (!one.is_string() && !one.is_object()) one = json(one.dump());
        } else
            leaf = json(text_of(value));
        (*level)[std::string_view(key).substr(start)] = std::move(leaf);
    }
    return out;
}

flat_settings checked(const json& body) {
    if (!body.is_object() && !body.is_null()) throw rest_error(400, "parse_exception", "key [settings] must be an object");
    flat_settings raw;
    flatten(body, "", raw);
    flat_settings out;
    for (auto& [key, value] : raw) {
        std::string full = key.starts_with("index.") ? key : "index." + key;
        if (!value.is_null()) check_setting(full, value);
        out.insert_or_assign(std::move(full), std::move(value));
    }
    return out;
}

const json& at_path(const json& value, std::initializer_list<std::string_view> path) {
    const json* level = &value;
    for (const std::string_view part : path) level = &(*level)[part];
    return *level;
}

std::vector<std::string> texts_of(const json& value) {
    std::vector<std::string> out;
    if (value.is_array())
        for (const json& one : value.elements()) out.push_back(text_of(one));
    else if (!value.is_null())
        out.push_back(text_of(value));
    return out;
}

analysis_component component_of(const json& definition, const std::string& fallback) {
    analysis_component out;
    out.type = definition["type"].is_string() ? definition["type"].as_string() : fallback;
    for (const auto& [key, value] : definition.items())
        if (key != "type") out.options.emplace_back(key, texts_of(value));
    return out;
}

// A part is named by a definition of the index or is a built-in.
analysis_component named_component(const json& definitions, const std::string& name) {
    const json& definition = definitions[name];
    return definition.is_object() ? component_of(definition, name) : analysis_component{name, {}};
}

std::shared_ptr<const analyzer_registry> make_analyzers(const json& settings) {
    auto out = std::make_shared<analyzer_registry>();
    if (out->find("lowercase") == nullptr) out->define({.name = "lowercase", .tokenizer = {"keyword", {}}, .filters = {{"lowercase", {}}}});
    const json& analysis = at_path(settings, {"index", "analysis"});
    if (!analysis.is_object()) return out;
    try {
        const auto custom = [&](const std::string& name, const json& definition, bool normalizer) {
            analyzer_definition made;
            made.name = name;
            for (const std::string& part : texts_of(definition["char_filter"]))
                made.char_filters.push_back(named_component(analysis["char_filter"], part));
            for (const std::string& part : texts_of(definition["filter"]))
                made.filters.push_back(named_component(analysis["filter"], part));
            if (normalizer)
                made.tokenizer = {"keyword", {}};
            else if (definition["tokenizer"].is_string())
                made.tokenizer = named_component(analysis["tokenizer"], definition["tokenizer"].as_string());
            else
                throw illegal_argument("analyzer [" + name + "] must specify either an analyzer type, or a tokenizer");
            out->define(made);
        };
        for (const auto& [name, definition] : analysis["analyzer"].items()) {
            const json& type = definition["type"];
            if (!type.is_string() || type.as_string() == "custom")
                custom(name, definition, false);
            else
                out->define_configured(name, component_of(definition, name));
        }
        for (const auto& [name, definition] : analysis["normalizer"].items()) custom(name, definition, true);
    } catch (const analysis_error& fault) {
        throw illegal_argument(fault.what());
    }
    return out;
}

std::int64_t whole_at(const json& settings, std::string_view key, std::int64_t fallback) {
    const json& value = settings["index"][key];
    if (!value.is_string()) return fallback;
    std::int64_t out = fallback;
    const std::string& text = value.as_string();
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

float real_at(const json& settings, std::string_view key, float fallback) {
    const json& value = at_path(settings, {"index", "similarity", "default", key});
    if (!value.is_string()) return fallback;
    float out = fallback;
    const std::string& text = value.as_string();
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace

json normalize_settings(const json& body) {
    flat_settings flat = checked(body);
    std::erase_if(flat, [](const auto& entry) { return entry.second.is_null(); });
    flat.try_emplace("index.number_of_shards", "1");
    flat.try_emplace("index.number_of_replicas", "1");
    return nested(flat);
}

json changed_settings(const json& before, const json& body, std::string_view index, std::string_view uuid) {
    flat_settings all;
    flatten(before, "", all);
    std::string refused;
    for (auto& [key, value] : checked(body)) {
        const bool dynamic = key == "index.number_of_replicas" || key == "index.refresh_interval" || key == "index.max_result_window" ||
                             key == "index.hidden" || key == "index.auto_expand_replicas" || key == "index.translog.durability" ||
                             key == "index.mapping.total_fields.limit" || key == "index.mapping.depth.limit" ||
                             key == "index.max_inner_result_window" || key == "index.max_docvalue_fields_search";
        if (!dynamic) {
            refused += (refused.empty() ? "" : ", ") + key;
            continue;
        }
        if (value.is_null())
            all.erase(key);
        else
            all.insert_or_assign(key, value);
    }
    if (!refused.empty())
        throw illegal_argument("Can't update non dynamic settings [[" + refused + "]] for open indices [[" + std::string(index) + "/" +
                               std::string(uuid) + "]]");
    all.try_emplace("index.number_of_replicas", "1");
    return nested(all);
}

void check_index_name(std::string_view name) {
    const auto fail = [&](std::string_view why) {
        throw rest_error(400, "invalid_index_name_exception", "Invalid index name [" + std::string(name) + "], " + std::string(why))
            .with("index", name)
            .with("index_uuid", "_na_");
    };
    if (name.find_first_of("\\/*?\"<>| ,") != std::string_view::npos)
        fail("must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]");
    if (name.find('#') != std::string_view::npos) fail("must not contain '#'");
    if (name.find(':') != std::string_view::npos) fail("must not contain ':'");
    if (name.empty() || name[0] == '_' || name[0] == '-' || name[0] == '+') fail("must not start with '_', '-', or '+'");
    if (name.size() > 255) fail("index name is too long, (" + std::to_string(name.size()) + " > 255)");
    if (name == "." || name == "..") fail("must not be '.' or '..'");
    if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) fail("must be lowercase");
}

std::shared_ptr<const index_schema> index_schema::make(json settings, const json& mappings) {
    auto out = std::make_shared<index_schema>();
    out->analyzers = make_analyzers(settings);
    try {
        out->fields = mapping::parse(mappings.is_null() ? json::object() : mappings, *out->analyzers);
    } catch (const rest_error& fault) {
        // A new index's mapping is read as a whole: its faults stand inside one that says so. Limits are checked after reading.
        if (fault.type() == "mapper_parsing_exception")
            throw rest_error(400, fault.type(), "Failed to parse mapping [_doc]: " + fault.reason())
                .caused_by(fault.type(), fault.reason())
                .root_is_cause();
        if (fault.type() != "illegal_argument_exception" || fault.reason().starts_with("the embedded engine does not support") ||
            fault.reason().starts_with("Limit of"))
            throw;
        throw rest_error(400, "mapper_parsing_exception", "Failed to parse mapping [_doc]: " + fault.reason())
            .caused_by(fault.type(), fault.reason());
    }
    out->shards = whole_at(settings, "number_of_shards", 1);
    out->replicas = whole_at(settings, "number_of_replicas", 1);
    out->max_result_window = whole_at(settings, "max_result_window", 10'000);
    out->similarity.k1 = real_at(settings, "k1", 1.2f);
    out->similarity.b = real_at(settings, "b", 0.75f);
    const json& flavour = at_path(settings, {"index", "hem", "similarity"});
    out->similarity.legacy = !flavour.is_string() || flavour.as_string() != "bm25";
    out->settings = std::move(settings);
    return out;
}

std::shared_ptr<const index_schema> index_schema::with_mapping(mapping changed) const {
    auto out = std::make_shared<index_schema>(*this);
    out->fields = std::move(changed);
    return out;
}

std::shared_ptr<const index_schema> index_schema::with_settings(json changed) const {
    auto out = std::make_shared<index_schema>(*this);
    out->replicas = whole_at(changed, "number_of_replicas", 1);
    out->max_result_window = whole_at(changed, "max_result_window", 10'000);
    out->settings = std::move(changed);
    return out;
}

field_plan index_schema::plan() const {
    field_plan out;
    out.fields = fields.specs();
    out.analyzers = analyzers;
    out.similarity = similarity;
    return out;
}

json index_schema::settings_json(std::string_view name, std::string_view uuid, std::int64_t created_ms) const {
    json out = settings;
    json& index = out["index"];
    index.set("provided_name", name);
    index.set("creation_date", std::to_string(created_ms));
    index.set("uuid", uuid);
    index.set("version", json::object({{"created", "9010099"}}));
    return out;
}

}  // namespace hem::search::embedded
