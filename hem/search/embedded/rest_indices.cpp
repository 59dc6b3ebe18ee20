// Endpoints of indices: creation, mappings, settings, refresh, statistics, capabilities of fields.
#include "hem/search/embedded/rest_detail.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

using detail::admin_params;
using detail::administered;
using detail::split;
using detail::text_of;

json mapping_json(const target& index) { return index.schema->fields.to_json(); }

json settings_of(const target& index) { return index.schema->settings_json(index.name, index.uuid, index.handle->info().created_ms); }

}  // namespace

std::vector<target> detail::administered(const rest_call& call) {
    target_options how = call.targets();
    how.closed_too = true;
    return call.parts.indices.resolve(call.index, how);
}

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
        call.parts.indices.create(call.index, normalize_settings(settings), mappings, aliases, call.parts.ids.make(22), call.now());
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
        for (const target& index : administered(call)) call.parts.indices.rebuild(index);
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
