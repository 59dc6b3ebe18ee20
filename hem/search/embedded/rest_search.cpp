// Endpoints of searching: search, count, msearch, validate.
#include "hem/model/json_writer.hpp"
#include "hem/search/embedded/rest_detail.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded {

json detail::uri_query(const rest_call& call) {
    const std::string* q = call.param("q");
    if (q == nullptr) return {};
    json inner = json::object({{"query", *q}});
    if (const std::string* df = call.param("df")) inner.set("default_field", *df);
    if (const std::string* op = call.param("default_operator")) inner.set("default_operator", *op);
    if (const std::string* analyzer = call.param("analyzer")) inner.set("analyzer", *analyzer);
    if (call.param("lenient") != nullptr) inner.set("lenient", call.flag("lenient"));
    if (call.flag("analyze_wildcard")) throw unsupported("[analyze_wildcard]");
    return json::object({{"query_string", std::move(inner)}});
}

namespace {

using detail::split;
using detail::text_of;
using detail::uri_query;

// What the URL adds to a search body.
void apply_params(const rest_call& call, search_body& body) {
    if (json query = uri_query(call); !query.is_null()) body.query = std::move(query);
    if (const auto from = call.whole("from")) {
        if (*from < 0) throw illegal_argument("[from] parameter cannot be negative, found [" + std::to_string(*from) + "]");
        body.from = static_cast<std::size_t>(*from);
    }
    if (const auto size = call.whole("size")) {
        if (*size < 0) throw illegal_argument("[size] parameter cannot be negative, found [" + std::to_string(*size) + "]");
        body.size = static_cast<std::size_t>(*size);
        body.size_given = true;
    }
    if (const std::string* sort = call.param("sort")) {
        json wishes = json::array();
        for (const std::string& one : split(*sort)) {
            const std::size_t colon = one.rfind(':');
            if (colon == std::string::npos)
                wishes.push_back(one);
            else
                wishes.push_back(json::object({{one.substr(0, colon), one.substr(colon + 1)}}));
        }
        body.sort = parse_sort(wishes);
    }
    if (const std::string* source = call.param("_source")) {
        if (*source == "false" || *source == "true" || source->empty())
            body.source.wanted = *source != "false";
        else {
            body.source.wanted = true;
            body.source.includes = split(*source);
        }
    }
    if (const std::string* includes = call.param("_source_includes")) {
        body.source.wanted = true;
        body.source.includes = split(*includes);
    }
    if (const std::string* excludes = call.param("_source_excludes")) {
        body.source.wanted = true;
        body.source.excludes = split(*excludes);
    }
    if (const std::string* fields = call.param("docvalue_fields"))
        for (std::string& one : split(*fields)) body.docvalue_fields.emplace_back(std::move(one), "");
    if (const std::string* track = call.param("track_total_hits")) {
        if (*track == "true" || *track == "false" || track->empty()) {
            body.no_total = *track == "false";
            body.track_total_hits = body.no_total ? 0 : exact_total;
        } else
            body.track_total_hits = call.whole("track_total_hits").value_or(10'000);
    }
    if (call.param("track_scores") != nullptr) body.track_scores = call.flag("track_scores");
    if (call.param("version") != nullptr) body.version = call.flag("version");
    if (call.param("seq_no_primary_term") != nullptr) body.seq_no_primary_term = call.flag("seq_no_primary_term");
    if (call.flag("explain")) throw unsupported("[explain] in a search");
    for (const std::string_view key : {"stored_fields", "terminate_after", "suggest_field", "suggest_text", "search_pipeline"})
        if (call.param(key) != nullptr) throw unsupported("[" + std::string(key) + "] in a search");
}

constexpr std::initializer_list<std::string_view> search_params = {"q",
                                                                   "df",
                                                                   "default_operator",
                                                                   "analyzer",
                                                                   "lenient",
                                                                   "analyze_wildcard",
                                                                   "from",
                                                                   "size",
                                                                   "sort",
                                                                   "_source",
                                                                   "_source_includes",
                                                                   "_source_excludes",
                                                                   "docvalue_fields",
                                                                   "stored_fields",
                                                                   "track_total_hits",
                                                                   "track_scores",
                                                                   "version",
                                                                   "seq_no_primary_term",
                                                                   "explain",
                                                                   "scroll",
                                                                   "search_type",
                                                                   "request_cache",
                                                                   "preference",
                                                                   "routing",
                                                                   "ignore_unavailable",
                                                                   "allow_no_indices",
                                                                   "expand_wildcards",
                                                                   "ignore_throttled",
                                                                   "typed_keys",
                                                                   "rest_total_hits_as_int",
                                                                   "timeout",
                                                                   "terminate_after",
                                                                   "allow_partial_search_results",
                                                                   "batched_reduce_size",
                                                                   "max_concurrent_shard_requests",
                                                                   "pre_filter_shard_size",
                                                                   "ccs_minimize_roundtrips",
                                                                   "phase_took",
                                                                   "suggest_field",
                                                                   "suggest_text",
                                                                   "search_pipeline",
                                                                   "_source_exclude_vectors"};

void finish_total(const rest_call& call, search_body& body, search_settings& settings) {
    settings.total_as_int = call.flag("rest_total_hits_as_int");
    if (!settings.total_as_int) return;
    if (!body.no_total && body.track_total_hits != exact_total && body.track_total_hits != 10'000)
        throw illegal_argument("[rest_total_hits_as_int] cannot be used if the tracking of total hits is not accurate, got " +
                               std::to_string(body.track_total_hits));
    if (!body.no_total) body.track_total_hits = exact_total;
}

rest_response one_search(rest_call& call, search_body body, std::string_view targets, const target_options& how, bool request_cache_given) {
    search_settings settings;
    settings.now_ms = call.now();
    settings.typed_keys = call.flag("typed_keys");
    finish_total(call, body, settings);
    const std::string* scroll = call.param("scroll");
    if (!body.pit_id.empty()) {
        if (!targets.empty()) throw validation_fault({"[indices] cannot be used with point in time"});
        if (scroll != nullptr) throw validation_fault({"using [point in time] is not allowed in a scroll context"});
        const auto context = call.parts.contexts.find(body.pit_id, false, body.pit_keep_alive, settings.now_ms);
        settings.point_in_time = true;
        settings.pit_id = body.pit_id;
        return answer_text(200, run_search(body, context->shards, settings));
    }
    std::vector<search_shard> shards = pin(call.parts.indices.resolve(targets, how));
    settings.pattern_without_match = shards.empty();
    if (scroll == nullptr) {
        if (body.sliced) {
            rest_error fault(400, "search_exception", "`slice` cannot be used outside of a scroll context or PIT context");
            throw search_phase_error(fault, shards.empty() ? "" : shards.front().index.name);
        }
        return answer_text(200, run_search(body, shards, settings));
    }
    std::vector<std::string> faults;
    if (body.from > 0) faults.emplace_back("using [from] is not allowed in a scroll context");
    if (body.size == 0) faults.emplace_back("[size] cannot be [0] in a scroll context");
    if (request_cache_given) faults.emplace_back("[request_cache] cannot be used in a scroll context");
    if (!body.collapse.empty()) faults.emplace_back("cannot use `collapse` in a scroll context");
    if (!faults.empty()) throw validation_fault(faults);
    if (!body.no_total) body.track_total_hits = exact_total;
    auto context = std::make_shared<search_context>();
    context->scroll = true;
    context->shards = std::move(shards);
    context->body = std::move(body);
    context->settings = settings;
    const std::string id = call.parts.contexts.open(context, *scroll, settings.now_ms);
    context->settings.scroll_id = id;
    try {
        const std::lock_guard hold(context->turn);
        return answer_text(200, run_search(context->body, context->shards, context->settings, &context->cursor));
    } catch (...) {
        call.parts.contexts.close({id}, true, settings.now_ms);
        throw;
    }
}

}  // namespace

rest_response search_documents(rest_call& call) {
    call.allow(search_params);
    search_body body = search_body::parse(call.body());
    apply_params(call, body);
    return one_search(call, std::move(body), call.index, call.targets(),
                      call.param("request_cache") != nullptr && call.flag("request_cache"));
}

rest_response count_documents(rest_call& call) {
    call.allow({"q", "df", "default_operator", "analyzer", "lenient", "analyze_wildcard", "ignore_unavailable", "allow_no_indices",
                "expand_wildcards", "ignore_throttled", "min_score", "preference", "routing", "terminate_after"});
    if (call.param("terminate_after") != nullptr) throw unsupported("[terminate_after] in a count");
    const json given = call.body();
    if (!given.is_null() && !given.is_object())
        throw parsing_fault("Expected [START_OBJECT] but found [" + std::string(given.kind_name()) + "]");
    search_body body;
    for (const auto& [key, value] : given.items()) {
        if (key != "query") throw parsing_fault("request does not support [" + key + "]", key, false);
        body.query = value;
    }
    if (json query = uri_query(call); !query.is_null()) body.query = std::move(query);
    if (const std::string* score = call.param("min_score")) {
        float least = 0;
        std::from_chars(score->data(), score->data() + score->size(), least);
        body.min_score = least;
    }
    body.size = 0;
    body.track_total_hits = exact_total;
    const auto targets = call.parts.indices.resolve(call.index, call.targets());
    const auto shards = pin(targets);
    search_settings settings;
    settings.now_ms = call.now();
    settings.pattern_without_match = shards.empty();
    const json found = json::parse(run_search(body, shards, settings));
    json out = json::object();
    out.append_member("count", shards.empty() ? json(0) : found["hits"]["total"]["value"]);
    out.append_member("_shards", shards_json(targets));
    return answer(200, out);
}

rest_response search_many(rest_call& call) {
    call.allow({"search_type", "max_concurrent_searches", "typed_keys", "pre_filter_shard_size", "max_concurrent_shard_requests",
                "rest_total_hits_as_int", "ccs_minimize_roundtrips", "ignore_unavailable", "allow_no_indices", "expand_wildcards",
                "routing", "preference", "index", "allow_partial_search_results"});
    const std::string& text = call.request.body;
    if (text.empty()) throw rest_error(400, "parse_exception", "request body or source parameter is required");
    if (text.back() != '\n') throw illegal_argument("The msearch request must be terminated by a newline [\\n]");
    struct wanted {
        std::string index;
        target_options how;
        search_body body;
    };
    // The whole request is read before anything runs: a faulty body fails it all, as on a server.
    std::vector<wanted> all;
    std::size_t at = 0;
    const auto line = [&] {
        const std::size_t end = text.find('\n', at);
        const std::string_view out = std::string_view(text).substr(at, end - at);
        at = end + 1;
        return out;
    };
    const auto parsed = [](std::string_view from) {
        try {
            return json::parse(from, {.max_depth = 1000, .duplicates = duplicate_keys::refuse});
        } catch (const json_parse_error& fault) {
            throw rest_error(400, "json_parse_exception", fault.what());
        }
    };
    while (at < text.size()) {
        const std::string_view head = line();
        wanted made{call.index, call.targets(), {}};
        if (head.find_first_not_of(" \r\t") != std::string_view::npos) {
            const json header = parsed(head);
            for (const auto& [key, value] : header.items()) {
                if (key == "index" || key == "indices") {
                    std::string names;
                    if (value.is_array())
                        for (const json& one : value.elements()) names += (names.empty() ? "" : ",") + text_of(one);
                    else if (!value.is_null())
                        names = text_of(value);
                    made.index = names;
                } else if (key == "ignore_unavailable" || key == "ignoreUnavailable")
                    made.how.ignore_unavailable = value.is_bool() && value.as_bool();
                else if (key == "allow_no_indices" || key == "allowNoIndices")
                    made.how.allow_no_indices = !value.is_bool() || value.as_bool();
                else if (key != "search_type" && key != "preference" && key != "routing" && key != "request_cache" &&
                         key != "requestCache" && key != "expand_wildcards" && key != "expandWildcards" && key != "ignore_throttled" &&
                         key != "allow_partial_search_results" && key != "ccs_minimize_roundtrips")
                    throw illegal_argument("key [" + key + "] is not supported in the metadata section");
            }
        } else if (all.empty() && at >= text.size())
            break;
        if (at >= text.size()) break;
        const std::string_view content = line();
        try {
            made.body = search_body::parse(content.find_first_not_of(" \r\t") == std::string_view::npos ? json() : parsed(content));
            if (!made.body.query.is_null()) {
                const std::vector<search_shard> none;
                run_search(made.body, none, {.now_ms = call.now(), .pattern_without_match = true});
            }
        } catch (rest_error& wrong) {
            wrong.locate(content);
            throw;
        }
        all.push_back(std::move(made));
    }
    if (all.empty()) throw validation_fault({"no requests added"});
    std::string out;
    json_writer writer(out);
    writer.begin_object();
    writer.member("took", 0);
    writer.key("responses").begin_array();
    for (wanted& one : all) {
        try {
            const rest_response found = one_search(call, std::move(one.body), one.index, one.how, false);
            writer.raw(std::string_view(found.body).substr(0, found.body.size() - 1));
            out += ",\"status\":200}";
        } catch (const rest_error& fault) {
            writer.value(json::object({{"error", fault.error()}, {"status", fault.status()}}));
        }
    }
    writer.end_array();
    writer.end_object();
    return answer_text(200, std::move(out));
}

rest_response validate_query(rest_call& call) {
    call.allow({"explain", "rewrite", "all_shards", "q", "df", "default_operator", "analyzer", "lenient", "analyze_wildcard",
                "ignore_unavailable", "allow_no_indices", "expand_wildcards"});
    const auto targets = call.parts.indices.resolve(call.index, call.targets());
    json query = call.body()["query"];
    if (json given = uri_query(call); !given.is_null()) query = std::move(given);
    bool valid = true;
    json explanations = json::array();
    for (const search_shard& shard : pin(targets)) {
        json one = json::object({{"index", shard.index.name}});
        try {
            const query_context context{*shard.index.schema, shard.view, shard.index.name, shard.index.uuid, call.now()};
            if (!query.is_null()) parse_query(query, context);
            one.set("valid", true);
        } catch (const query_shard_fault& fault) {
            one.set("valid", false);
            one.set("error", fault.cause.reason());
            valid = false;
        } catch (const rest_error& fault) {
            one.set("valid", false);
            one.set("error", fault.reason());
            valid = false;
        }
        explanations.push_back(std::move(one));
    }
    json out = json::object({{"_shards", shards_json(targets, false)}, {"valid", valid}});
    if (call.flag("explain")) out.set("explanations", std::move(explanations));
    return answer(200, out);
}

}  // namespace hem::search::embedded
