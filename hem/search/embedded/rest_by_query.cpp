// Endpoints of writes by query: deleting and writing anew what a query finds.
#include "hem/search/embedded/rest_detail.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

using detail::text_of;
using detail::uri_query;

constexpr std::initializer_list<std::string_view> by_query_params = {"q",
                                                                     "df",
                                                                     "default_operator",
                                                                     "analyzer",
                                                                     "lenient",
                                                                     "analyze_wildcard",
                                                                     "conflicts",
                                                                     "max_docs",
                                                                     "refresh",
                                                                     "routing",
                                                                     "preference",
                                                                     "timeout",
                                                                     "scroll",
                                                                     "scroll_size",
                                                                     "slices",
                                                                     "wait_for_completion",
                                                                     "wait_for_active_shards",
                                                                     "requests_per_second",
                                                                     "ignore_unavailable",
                                                                     "allow_no_indices",
                                                                     "expand_wildcards",
                                                                     "search_timeout",
                                                                     "search_type",
                                                                     "request_cache",
                                                                     "pipeline",
                                                                     "size",
                                                                     "from",
                                                                     "sort",
                                                                     "version",
                                                                     "_source"};

// Runs on a pinned view: a document that changed since is a conflict.
rest_response by_query(rest_call& call, bool update) {
    call.allow(by_query_params);
    if (!call.flag("wait_for_completion", true)) throw unsupported("[wait_for_completion=false]: background tasks");
    if (call.param("pipeline") != nullptr) throw unsupported("ingest pipelines");
    const json given = call.body();
    json query;
    std::optional<std::int64_t> most;
    bool proceed = call.param_or("conflicts", "abort") == "proceed";
    for (const auto& [key, value] : given.items()) {
        if (key == "query")
            query = value;
        else if (key == "max_docs")
            most = value.as_int64();
        else if (key == "conflicts")
            proceed = text_of(value) == "proceed";
        else if (key == "script" || key == "slice" || key == "sort")
            throw unsupported("[" + key + "] in a write by query");
        else
            throw parsing_fault("Unknown key for a " + std::string(value.kind_name()) + " in [" + key + "].", key);
    }
    if (json uri = uri_query(call); !uri.is_null()) query = std::move(uri);
    if (const auto limit = call.whole("max_docs")) most = limit;
    if (query.is_null() && !update) throw validation_fault({"query is missing"});
    const std::int64_t started = call.now();
    const auto shards = pin(call.parts.indices.resolve(call.index, call.targets()));
    std::int64_t total = 0;
    std::int64_t done = 0;
    std::int64_t batches = 0;
    std::int64_t conflicts = 0;
    json failures = json::array();
    int status = 200;
    for (const search_shard& shard : shards) {
        match_set found;
        try {
            const query_context context{*shard.index.schema, shard.view, shard.index.name, shard.index.uuid, started};
            found = matches(shard.view, query.is_null() ? make_query(match_all_query{}) : parse_query(query, context));
        } catch (const query_shard_fault& fault) {
            throw search_phase_error(fault.cause, shard.index.name);
        }
        std::vector<docno> documents;
        found.for_each([&](docno document) {
            if (!most || total < *most) {
                documents.push_back(document);
                ++total;
            }
        });
        for (std::size_t at = 0; at < documents.size() && status == 200; at += 1000) {
            ++batches;
            const std::vector<docno> page(documents.begin() + static_cast<std::ptrdiff_t>(at),
                                          documents.begin() + static_cast<std::ptrdiff_t>(std::min(at + 1000, documents.size())));
            const std::vector<stored_document> rows = shard.view->fetch(page);
            std::vector<write_op> ops(rows.size());
            for (std::size_t i = 0; i < rows.size(); ++i) {
                ops[i].kind = update ? write_kind::index : write_kind::remove;
                ops[i].index = shard.index.name;
                ops[i].id = rows[i].id;
                ops[i].routing = rows[i].routing;
                ops[i].source = rows[i].source;
                ops[i].if_seq_no = rows[i].seq_no;
                ops[i].if_primary_term = 1;
            }
            call.parts.writes.run(ops);
            for (const write_op& op : ops) {
                if (!op.error) {
                    ++done;
                    continue;
                }
                if (op.error->status() == 409) ++conflicts;
                if (op.error->status() == 409 && proceed) continue;
                failures.push_back(
                    json::object({{"index", op.index}, {"id", op.id}, {"cause", op.error->cause()}, {"status", op.error->status()}}));
                status = op.error->status();
            }
        }
    }
    json out = json::object();
    out.append_member("took", std::max<std::int64_t>(call.now() - started, 0));
    out.append_member("timed_out", false);
    out.append_member("total", total);
    if (update) out.append_member("updated", done);
    out.append_member("deleted", update ? 0 : done);
    out.append_member("batches", batches);
    out.append_member("version_conflicts", conflicts);
    out.append_member("noops", 0);
    out.append_member("retries", json::object({{"bulk", 0}, {"search", 0}}));
    out.append_member("throttled_millis", 0);
    out.append_member("requests_per_second", -1.0);
    out.append_member("throttled_until_millis", 0);
    out.append_member("failures", std::move(failures));
    return answer(status, out);
}

}  // namespace

rest_response delete_by_query(rest_call& call) { return by_query(call, false); }
rest_response update_by_query(rest_call& call) { return by_query(call, true); }

}  // namespace hem::search::embedded
