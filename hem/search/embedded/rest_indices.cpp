// Endpoints of indices: creation, mappings, settings, aliases, refresh, statistics, analysis.
#include "hem/search/embedded/rest_call.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t at = text.find(',');
        if (at != 0) out.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) break;
        text.remove_prefix(at + 1);
    }
    return out;
}

// Administration sees closed indices, too.
std::vector<target> administered(const rest_call& call) {
    target_options how = call.targets();
    how.closed_too = true;
    return call.parts.indices.resolve(call.index, how);
}

json mapping_json(const target& index) { return index.schema->fields.to_json(); }

json settings_of(const target& index) { return index.schema->settings_json(index.name, index.uuid, index.handle->info().created_ms); }

constexpr std::initializer_list<std::string_view> admin_params = {"timeout",
                                                                  "master_timeout",
                                                                  "cluster_manager_timeout",
                                                                  "wait_for_active_shards",
                                                                  "ignore_unavailable",
                                                                  "allow_no_indices",
                                                                  "expand_wildcards",
                                                                  "local",
                                                                  "include_defaults",
                                                                  "flat_settings",
                                                                  "include_type_name",
                                                                  "features",
                                                                  "preserve_existing",
                                                                  "write_index_only",
                                                                  "wait_for_completion",
                                                                  "task_execution_timeout"};

}  // namespace

rest_response create_index(rest_call& call) {
    call.allow(admin_params);
    json settings;
    json mappings;
    json aliases = json::object();
    const json body = call.body();
    if (!body.is_null() && !body.is_object()) throw rest_error(400, "parse_exception", "request body is required to be an object");
    // A body of settings alone is accepted, as older servers took it.
    for (const auto& [key, value] : body.items()) {
        if (key == "settings")
            settings = value;
        else if (key == "mappings")
            mappings = value;
        else if (key == "aliases")
            aliases = value;
        else
            throw rest_error(400, "parse_exception", "unknown key [" + key + "] for create index");
    }
    if (!mappings.is_null() && !mappings.is_object())
        throw rest_error(400, "mapper_parsing_exception", "Failed to parse mapping [_doc]: not an object");
    if (mappings.is_object() && mappings.size() == 1 && mappings.contains("_doc")) mappings = json(mappings["_doc"]);
    check_index_name(call.index);
    call.parts.writes.exclusive([&] {
        try {
            call.parts.indices.create(call.index, normalize_settings(settings), mappings, aliases, call.parts.ids.make(22), call.now());
        } catch (const rest_error& fault) {
            if (fault.type() != "mapper_parsing_exception") throw;
            throw rest_error(400, fault.type(), "Failed to parse mapping [_doc]: " + fault.reason())
                .caused_by(fault.type(), fault.reason())
                .root_is_cause();
        }
    });
    return answer(200, json::object({{"acknowledged", true}, {"shards_acknowledged", true}, {"index", call.index}}));
}

rest_response get_index(rest_call& call) {
    call.allow(admin_params);
    json out = json::object();
    for (const target& index : administered(call))
        out.append_member(index.name, json::object({{"aliases", call.parts.indices.aliases_of(index.name)},
                                                    {"mappings", mapping_json(index)},
                                                    {"settings", settings_of(index)}}));
    return answer(200, out);
}

rest_response index_exists(rest_call& call) {
    call.allow(admin_params);
    if (!call.parts.indices.has_patterns(call.index))
        for (const std::string& name : split(call.index))
            if (!call.parts.indices.exists(name)) return answer_text(404, "");
    return answer_text(200, "");
}

rest_response delete_index(rest_call& call) {
    call.allow(admin_params);
    if (const auto aliases = call.parts.indices.aliases(); aliases.contains(call.index))
        throw illegal_argument("The provided expression [" + call.index +
                               "] matches an alias, specify the corresponding concrete indices instead.");
    call.parts.writes.exclusive([&] {
        for (const target& index : administered(call)) call.parts.indices.remove(index);
    });
    return acknowledged();
}

rest_response get_mapping(rest_call& call) {
    call.allow(admin_params);
    json out = json::object();
    for (const target& index : administered(call)) out.append_member(index.name, json::object({{"mappings", mapping_json(index)}}));
    return answer(200, out);
}

namespace {

// The mapping of one field with its own name, as GET _mapping/field shows it.
json one_field_json(const target& index, const mapped_field& field) {
    const json whole = mapping_json(index);
    const json* level = &whole;
    std::size_t start = 0;
    while (start <= field.path.size()) {
        const std::size_t dot = field.path.find('.', start);
        const std::string part = field.path.substr(start, dot == std::string::npos ? dot : dot - start);
        const json* next = (*level)["properties"].find(part);
        if (next == nullptr) next = (*level)["fields"].find(part);
        if (next == nullptr) return json::object();
        level = next;
        if (dot == std::string::npos) break;
        start = dot + 1;
    }
    return json::object({{field.name, *level}});
}

}  // namespace

rest_response get_field_mapping(rest_call& call) {
    call.allow(admin_params);
    json out = json::object();
    for (const target& index : administered(call)) {
        json fields = json::object();
        for (const std::string& pattern : split(call.name))
            for (const mapped_field* field : index.schema->fields.matching(pattern))
                fields.set(field->path, json::object({{"full_name", field->path}, {"mapping", one_field_json(index, *field)}}));
        out.append_member(index.name, json::object({{"mappings", std::move(fields)}}));
    }
    return answer(200, out);
}

rest_response put_mapping(rest_call& call) {
    call.allow(admin_params);
    json body = call.required_body();
    if (!body.is_object()) throw rest_error(400, "parse_exception", "a mapping is an object");
    if (body.size() == 1 && body.contains("_doc")) body = json(body["_doc"]);
    call.parts.writes.exclusive([&] {
        // All or none: the mappings are merged before the first one is written.
        std::vector<std::pair<target, std::shared_ptr<const index_schema>>> changed;
        for (const target& index : administered(call))
            changed.emplace_back(index, index.schema->with_mapping(index.schema->fields.merged(body, *index.schema->analyzers)));
        for (auto& [index, schema] : changed) call.parts.indices.replace(index, std::move(schema));
    });
    return acknowledged();
}

rest_response get_settings(rest_call& call) {
    call.allow(admin_params);
    json out = json::object();
    for (const target& index : administered(call)) {
        json settings = settings_of(index);
        if (!call.name.empty()) {
            json kept = json::object();
            for (const std::string& pattern : split(call.name))
                for (const auto& [key, value] : settings["index"].items())
                    if (simple_match(pattern, "index." + key)) kept["index"].set(key, value);
            settings = std::move(kept);
        }
        out.append_member(index.name, json::object({{"settings", std::move(settings)}}));
    }
    return answer(200, out);
}

rest_response put_settings(rest_call& call) {
    call.allow(admin_params);
    json body = call.required_body();
    if (body.is_object() && body.size() == 1 && body.contains("settings")) body = json(body["settings"]);
    call.parts.writes.exclusive([&] {
        std::vector<std::pair<target, std::shared_ptr<const index_schema>>> changed;
        for (const target& index : administered(call))
            changed.emplace_back(index,
                                 index.schema->with_settings(changed_settings(index.schema->settings, body, index.name, index.uuid)));
        for (auto& [index, schema] : changed) call.parts.indices.replace(index, std::move(schema));
    });
    return acknowledged();
}

rest_response close_index(rest_call& call) {
    call.allow(admin_params);
    json indices = json::object();
    call.parts.writes.exclusive([&] {
        for (const target& index : administered(call)) {
            call.parts.indices.set_closed(index, true);
            indices.append_member(index.name, json::object({{"closed", true}}));
        }
    });
    return answer(200, json::object({{"acknowledged", true}, {"shards_acknowledged", true}, {"indices", std::move(indices)}}));
}

rest_response open_index(rest_call& call) {
    call.allow(admin_params);
    call.parts.writes.exclusive([&] {
        for (const target& index : administered(call)) call.parts.indices.set_closed(index, false);
    });
    return answer(200, json::object({{"acknowledged", true}, {"shards_acknowledged", true}}));
}

// ---- aliases ----------------------------------------------------------------------------------------------------------------------

rest_response get_aliases(rest_call& call) {
    call.allow(admin_params);
    const std::vector<std::string> wanted = split(call.name);
    json out = json::object();
    std::vector<std::string> missing;
    const auto all = call.parts.indices.aliases();
    for (const std::string& name : wanted)
        if (name.find('*') == std::string::npos && name != "_all" && !all.contains(name)) missing.push_back(name);
    for (const target& index : administered(call)) {
        json aliases = call.parts.indices.aliases_of(index.name);
        if (!wanted.empty()) {
            json kept = json::object();
            for (const auto& [alias, options] : aliases.items())
                if (std::any_of(wanted.begin(), wanted.end(),
                                [&](const std::string& pattern) { return pattern == "_all" || simple_match(pattern, alias); }))
                    kept.append_member(alias, options);
            if (kept.size() == 0) continue;
            aliases = std::move(kept);
        }
        out.append_member(index.name, json::object({{"aliases", std::move(aliases)}}));
    }
    if (missing.empty()) return answer(200, out);
    std::string names;
    for (const std::string& one : missing) names += (names.empty() ? "" : ",") + one;
    json body =
        json::object({{"error", std::string(missing.size() > 1 ? "aliases" : "alias") + " [" + names + "] missing"}, {"status", 404}});
    for (auto& [index, aliases] : out.items()) body.append_member(index, aliases);
    return answer(404, body);
}

rest_response alias_exists(rest_call& call) {
    call.allow(admin_params);
    for (const auto& [alias, indices] : call.parts.indices.aliases())
        for (const std::string& pattern : split(call.name))
            if (simple_match(pattern, alias)) return answer_text(200, "");
    return answer_text(404, "");
}

rest_response put_alias(rest_call& call) {
    call.allow(admin_params);
    if (const json body = call.body(); body.is_object() && body.size() > 0)
        throw unsupported("alias options such as [" + body.items().front().first + "]");
    check_index_name(call.name);
    std::vector<std::pair<std::string, std::string>> added;
    for (const target& index : administered(call)) added.emplace_back(call.name, index.name);
    call.parts.writes.exclusive([&] { call.parts.indices.change_aliases(added, {}); });
    return acknowledged();
}

rest_response delete_alias(rest_call& call) {
    call.allow(admin_params);
    std::vector<std::pair<std::string, std::string>> removed;
    const auto all = call.parts.indices.aliases();
    for (const std::string& pattern : split(call.name)) {
        bool any = false;
        for (const target& index : administered(call))
            for (const auto& [alias, indices] : all)
                if (simple_match(pattern, alias) && std::find(indices.begin(), indices.end(), index.name) != indices.end()) {
                    removed.emplace_back(alias, index.name);
                    any = true;
                }
        if (!any)
            throw rest_error(404, "aliases_not_found_exception", "aliases [" + pattern + "] missing")
                .with("resource.type", "aliases")
                .with("resource.id", pattern);
    }
    call.parts.writes.exclusive([&] { call.parts.indices.change_aliases({}, removed); });
    return acknowledged();
}

rest_response change_aliases(rest_call& call) {
    call.allow(admin_params);
    const json body = call.required_body();
    std::vector<std::pair<std::string, std::string>> added;
    std::vector<std::pair<std::string, std::string>> removed;
    std::vector<target> deleted;
    for (const auto& [key, value] : body.items())
        if (key != "actions") throw content_fault("aliases", "unknown field [" + key + "]", key);
    if (!body["actions"].is_array() || body["actions"].size() == 0) throw validation_fault({"Must specify at least one alias action"});
    for (const json& action : body["actions"].elements()) {
        if (!action.is_object() || action.size() != 1)
            throw rest_error(400, "x_content_parse_exception", "[1:1] [aliases] failed to parse field [actions]");
        const auto& [verb, options] = action.items().front();
        std::vector<std::string> indices;
        std::vector<std::string> names;
        bool must_exist = true;
        for (const auto& [key, value] : options.items()) {
            if (key == "index" || key == "indices") {
                if (value.is_array())
                    for (const json& one : value.elements()) indices.push_back(text_of(one));
                else
                    indices.push_back(text_of(value));
            } else if (key == "alias" || key == "aliases") {
                if (value.is_array())
                    for (const json& one : value.elements()) names.push_back(text_of(one));
                else
                    names.push_back(text_of(value));
            } else if (key == "must_exist")
                must_exist = !value.is_bool() || value.as_bool();
            else
                throw unsupported("the alias option [" + key + "]");
        }
        for (const std::string& expression : indices)
            for (const target& index : call.parts.indices.resolve(expression, {.closed_too = true})) {
                if (verb == "remove_index") {
                    deleted.push_back(index);
                    continue;
                }
                for (const std::string& name : names) {
                    if (verb == "add") {
                        check_index_name(name);
                        added.emplace_back(name, index.name);
                    } else if (verb == "remove") {
                        const json held = call.parts.indices.aliases_of(index.name);
                        bool any = false;
                        for (const auto& [alias, unused] : held.items())
                            if (simple_match(name, alias)) {
                                removed.emplace_back(alias, index.name);
                                any = true;
                            }
                        if (!any && must_exist) removed.emplace_back(name, index.name);
                    } else
                        throw rest_error(400, "x_content_parse_exception", "[1:1] [alias_action] unknown field [" + verb + "]");
                }
            }
    }
    call.parts.writes.exclusive([&] {
        for (const target& index : deleted) call.parts.indices.remove(index);
        call.parts.indices.change_aliases(added, removed);
    });
    return acknowledged();
}

// ---- upkeep -----------------------------------------------------------------------------------------------------------------------

namespace {

// Copies asked for and copies that there are.
rest_response shard_counts(const rest_call& call) {
    std::int64_t copies = 0;
    std::int64_t shards = 0;
    for (const target& index : call.parts.indices.resolve(call.index, call.targets())) {
        copies += index.schema->shards * (1 + index.schema->replicas);
        shards += index.schema->shards;
    }
    return answer(200, json::object({{"_shards", json::object({{"total", copies}, {"successful", shards}, {"failed", 0}})}}));
}

}  // namespace

rest_response refresh_index(rest_call& call) {
    call.allow({"ignore_unavailable", "allow_no_indices", "expand_wildcards", "force", "wait_if_ongoing"});
    return shard_counts(call);
}

rest_response merge_index(rest_call& call) {
    call.allow({"ignore_unavailable", "allow_no_indices", "expand_wildcards", "max_num_segments", "only_expunge_deletes", "flush",
                "wait_for_completion", "primary_only"});
    const rest_response out = shard_counts(call);
    call.parts.writes.exclusive([&] {
        while (call.parts.data.purge() > 0) {
        }
    });
    return out;
}

rest_response index_stats(rest_call& call) {
    call.allow({"level", "fields", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "include_segment_file_sizes", "types",
                "groups", "forbid_closed_indices", "completion_fields", "fielddata_fields", "include_unloaded_segments"});
    const std::vector<std::string> metrics = split(call.name);
    const auto wants = [&](std::string_view metric) {
        return metrics.empty() || std::find(metrics.begin(), metrics.end(), "_all") != metrics.end() ||
               std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
    };
    for (const std::string& metric : metrics)
        if (metric != "docs" && metric != "store" && metric != "_all") throw unsupported("the statistic [" + metric + "]");
    const auto stats = [&](std::int64_t count, std::int64_t deleted, std::int64_t bytes) {
        json out = json::object();
        if (wants("docs")) out.append_member("docs", json::object({{"count", count}, {"deleted", deleted}}));
        if (wants("store")) out.append_member("store", json::object({{"size_in_bytes", bytes}}));
        return out;
    };
    const auto targets = call.parts.indices.resolve(call.index, call.targets());
    std::int64_t count = 0;
    std::int64_t deleted = 0;
    std::int64_t bytes = 0;
    json indices = json::object();
    for (const search_shard& shard : pin(targets)) {
        const std::int64_t live = shard.view->live_count();
        const std::int64_t dead = shard.view->deleted_count();
        const std::int64_t size = shard.index.handle->bytes();
        count += live;
        deleted += dead;
        bytes += size;
        indices.append_member(
            shard.index.name,
            json::object({{"uuid", shard.index.uuid}, {"primaries", stats(live, dead, size)}, {"total", stats(live, dead, size)}}));
    }
    return answer(
        200, json::object({{"_shards", shards_json(targets, false)},
                           {"_all", json::object({{"primaries", stats(count, deleted, bytes)}, {"total", stats(count, deleted, bytes)}})},
                           {"indices", std::move(indices)}}));
}

rest_response analyze_text(rest_call& call) {
    call.allow({"analyzer", "field", "text", "index"});
    const json body = call.body();
    std::shared_ptr<const index_schema> schema;
    if (!call.index.empty())
        schema = call.parts.indices.one(call.index).schema;
    else
        schema = index_schema::make(normalize_settings({}), {});
    std::string name = call.param_or("analyzer", "");
    std::string field = call.param_or("field", "");
    std::vector<std::string> texts;
    if (const std::string* text = call.param("text")) texts.push_back(*text);
    analyzer_definition custom;
    bool is_custom = false;
    const auto components = [](const json& value) {
        std::vector<analysis_component> out;
        const auto one = [&](const json& from) {
            if (from.is_string()) {
                out.push_back({from.as_string(), {}});
                return;
            }
            analysis_component made;
            for (const auto& [key, option] : from.items()) {
                if (key == "type") {
                    made.type = text_of(option);
                    continue;
                }
                std::vector<std::string> values;
                if (option.is_array())
                    for (const json& each : option.elements()) values.push_back(text_of(each));
                else
                    values.push_back(text_of(option));
                made.options.emplace_back(key, std::move(values));
            }
            out.push_back(std::move(made));
        };
        if (value.is_array())
            for (const json& each : value.elements()) one(each);
        else
            one(value);
        return out;
    };
    for (const auto& [key, value] : body.items()) {
        if (key == "analyzer")
            name = text_of(value);
        else if (key == "field")
            field = text_of(value);
        else if (key == "text") {
            if (value.is_array())
                for (const json& one : value.elements()) texts.push_back(text_of(one));
            else
                texts.push_back(text_of(value));
        } else if (key == "tokenizer") {
            custom.tokenizer = components(value).front();
            is_custom = true;
        } else if (key == "filter")
            custom.filters = components(value);
        else if (key == "char_filter")
            custom.char_filters = components(value);
        else if (key == "normalizer")
            name = text_of(value);
        else if (key == "explain" || key == "attributes")
            throw unsupported("[" + key + "] of _analyze");
        else
            throw rest_error(400, "x_content_parse_exception", "[1:1] [analyze_request] unknown field [" + key + "]");
    }
    if (texts.empty()) throw validation_fault({"text is missing"});
    const analyzer* with = nullptr;
    std::unique_ptr<analyzer> made;
    std::uint32_t gap = call.index.empty() ? 0 : default_position_increment_gap;
    if (is_custom || !custom.filters.empty()) {
        if (!is_custom) custom.tokenizer = {"keyword", {}};
        custom.name = "__custom__";
        try {
            made = std::make_unique<analyzer>(custom);
        } catch (const analysis_error& fault) {
            throw illegal_argument(fault.what());
        }
        with = made.get();
    } else if (!name.empty()) {
        with = schema->analyzers->find(name);
        if (with == nullptr)
            throw illegal_argument(call.index.empty() ? "failed to find global analyzer [" + name + "]"
                                                      : "failed to find analyzer [" + name + "]");
    } else if (!field.empty()) {
        const mapped_field* mapped = schema->fields.find(field);
        if (mapped != nullptr && mapped->type == field_type::text) {
            with = schema->analyzers->find(mapped->analyzer);
            gap = mapped->position_increment_gap;
        } else if (mapped != nullptr && mapped->type == field_type::keyword) {
            with = schema->analyzers->find(mapped->normalizer.empty() ? "keyword" : mapped->normalizer);
        } else if (mapped != nullptr)
            throw illegal_argument("Can't process field [" + field + "], Analysis requests are only supported on tokenized fields");
    }
    if (with == nullptr) with = schema->analyzers->find("standard");
    json tokens = json::array();
    std::uint32_t position = 0;
    std::uint32_t offset = 0;
    for (const std::string& text : texts) {
        std::uint32_t last = 0;
        bool any = false;
        const std::vector<owned_token> found = with->tokens(text);
        for (const owned_token& token : found) {
            tokens.push_back(json::object({{"token", token.text},
                                           {"start_offset", token.start_utf16 + offset},
                                           {"end_offset", token.end_utf16 + offset},
                                           {"type", to_string(token.type)},
                                           {"position", token.position + position}}));
            if (token.position_length > 1) tokens.elements().back().set("positionLength", token.position_length);
            last = token.position;
            any = true;
        }
        std::uint32_t units = 0;
        for (const char c : text)
            if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) units += static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1;
        offset += units + 1;
        position += (any ? last + 1 : 0) + gap;
    }
    return answer(200, json::object({{"tokens", std::move(tokens)}}));
}

rest_response field_capabilities(rest_call& call) {
    call.allow({"fields", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "include_unmapped", "filters", "types"});
    std::vector<std::string> patterns = split(call.param_or("fields", ""));
    if (const json body = call.body(); body.is_object())
        for (const auto& [key, value] : body.items()) {
            if (key != "fields") throw unsupported("[" + key + "] of _field_caps");
            if (value.is_array())
                for (const json& one : value.elements()) patterns.push_back(text_of(one));
            else
                patterns.push_back(text_of(value));
        }
    if (patterns.empty()) throw validation_fault({"no fields specified"});
    const auto targets = call.parts.indices.resolve(call.index, call.targets());
    json names = json::array();
    json fields = json::object();
    for (const target& index : targets) {
        names.push_back(index.name);
        for (const std::string& pattern : patterns)
            for (const mapped_field* field : index.schema->fields.matching(pattern)) {
                const std::string type(to_string(field->type));
                fields[field->path].set(
                    type, json::object({{"type", type}, {"searchable", field->searchable()}, {"aggregatable", field->has_column()}}));
            }
    }
    return answer(200, json::object({{"indices", std::move(names)}, {"fields", std::move(fields)}}));
}

}  // namespace hem::search::embedded
