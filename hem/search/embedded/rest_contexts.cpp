// Endpoints of pinned views: scroll pages, points in time, and closing both.
#include "hem/search/embedded/rest_detail.hpp"

namespace hem::search::embedded {

namespace {

using detail::split;
using detail::text_of;

}  // namespace

rest_response scroll_page(rest_call& call) {
    call.allow({"scroll", "scroll_id", "rest_total_hits_as_int"});
    std::string id = !call.id.empty() ? call.id : call.param_or("scroll_id", "");
    std::string keep_alive = call.param_or("scroll", "");
    if (const json body = call.body(); body.is_object())
        for (const auto& [key, value] : body.items()) {
            if (key == "scroll_id" && value.is_string())
                id = value.as_string();
            else if (key == "scroll" && value.is_string())
                keep_alive = value.as_string();
            else
                throw illegal_argument("Unknown parameter [" + key + "] in request body or parameter is of the wrong type[" +
                                       std::string(value.kind_name()) + "] ");
        }
    if (id.empty()) throw validation_fault({"scrollId is missing"});
    const auto context = call.parts.contexts.find(id, true, keep_alive, call.now());
    const std::lock_guard hold(context->turn);
    search_settings settings = context->settings;
    if (call.flag("rest_total_hits_as_int")) settings.total_as_int = true;
    rest_response page = answer_text(200, run_search(context->body, context->shards, settings, &context->cursor));
    // A page asked for without a time to live is the last one: the server frees the context behind it.
    if (keep_alive.empty()) call.parts.contexts.close({id}, true, call.now());
    return page;
}

namespace {

rest_response cleared(bool any, std::size_t count) {
    return answer(any ? 200 : 404, json::object({{"succeeded", true}, {"num_freed", count}}));
}

std::vector<std::string> ids_of(const json& value) {
    std::vector<std::string> out;
    if (value.is_array())
        for (const json& one : value.elements()) out.push_back(text_of(one));
    else if (!value.is_null())
        out.push_back(text_of(value));
    return out;
}

}  // namespace

rest_response clear_scroll(rest_call& call) {
    call.allow({"scroll_id"});
    std::vector<std::string> ids;
    if (!call.id.empty()) ids = split(call.id);
    if (const std::string* given = call.param("scroll_id")) ids = split(*given);
    if (const json body = call.body(); body.is_object())
        for (const auto& [key, value] : body.items()) {
            if (key != "scroll_id")
                throw illegal_argument("Unknown parameter [" + key + "] in request body or parameter is of the wrong type[" +
                                       std::string(value.kind_name()) + "] ");
            ids = ids_of(value);
        }
    if (ids.empty()) throw validation_fault({"no scroll ids specified"});
    if (ids.size() == 1 && ids.front() == "_all") {
        const std::size_t closed = call.parts.contexts.close_all(true).size();
        return cleared(true, closed);
    }
    const std::size_t closed = call.parts.contexts.close(ids, true, call.now());
    return cleared(closed > 0, closed);
}

rest_response open_point_in_time(rest_call& call) {
    call.allow({"keep_alive", "preference", "routing", "ignore_unavailable", "allow_no_indices", "expand_wildcards",
                "allow_partial_pit_creation", "allow_partial_search_results", "max_concurrent_shard_requests"});
    const std::string* keep_alive = call.param("keep_alive");
    if (keep_alive == nullptr || keep_alive->empty()) {
        if (call.name == "opensearch") throw illegal_argument("Required [keep_alive]");
        throw validation_fault({"[keep_alive] is not specified"});
    }
    if (const json body = call.body(); body.is_object() && body.size() > 0)
        throw unsupported("[" + body.items().front().first + "] when a point in time is opened");
    auto context = std::make_shared<search_context>();
    const auto targets = call.parts.indices.resolve(call.index, call.targets());
    context->shards = pin(targets);
    const std::int64_t now = call.now();
    const std::string id = call.parts.contexts.open(context, *keep_alive, now);
    if (call.name == "opensearch")
        return answer(200, json::object({{"pit_id", id}, {"_shards", shards_json(targets)}, {"creation_time", now}}));
    return answer(200, json::object({{"id", id}, {"_shards", shards_json(targets)}}));
}

rest_response close_point_in_time(rest_call& call) {
    call.allow({});
    const std::int64_t now = call.now();
    if (call.name == "all") {
        json pits = json::array();
        for (const std::string& id : call.parts.contexts.close_all(false))
            pits.push_back(json::object({{"successful", true}, {"pit_id", id}}));
        return answer(200, json::object({{"pits", std::move(pits)}}));
    }
    const json body = call.required_body();
    const bool open_search = call.name == "opensearch";
    const std::string_view key = open_search ? "pit_id" : "id";
    for (const auto& [name, value] : body.items())
        if (name != key)
            throw illegal_argument("Unknown parameter [" + name + "] in request body or parameter is of the wrong type[" +
                                   std::string(value.kind_name()) + "] ");
    const std::vector<std::string> ids = ids_of(body[key]);
    if (ids.empty()) throw validation_fault({"no pit ids specified"});
    if (!open_search) {
        const std::size_t closed = call.parts.contexts.close(ids, false, now);
        return cleared(closed > 0, closed);
    }
    json pits = json::array();
    for (const std::string& id : ids) {
        call.parts.contexts.close({id}, false, now);
        pits.push_back(json::object({{"successful", true}, {"pit_id", id}}));
    }
    return answer(200, json::object({{"pits", std::move(pits)}}));
}

rest_response list_points_in_time(rest_call& call) {
    call.allow({});
    json pits = json::array();
    for (const auto& one : call.parts.contexts.points(call.now()))
        pits.push_back(
            json::object({{"pit_id", context_table::id_of(*one)}, {"creation_time", one->created_ms}, {"keep_alive", one->keep_alive_ms}}));
    return answer(200, json::object({{"pits", std::move(pits)}}));
}

}  // namespace hem::search::embedded
