#include "hem/search/search_request.hpp"

#include "hem/model/json_writer.hpp"
#include "hem/search/detail/client_state.hpp"

#include <algorithm>
#include <stdexcept>

namespace hem::search {
namespace {

json by_query_json(const json& answer, std::string_view name) {
    const json* found = answer.find(name);
    return found == nullptr ? json(0) : *found;
}

by_query_result read_by_query(const json& answer) {
    by_query_result result;
    const auto number = [&](std::string_view name) {
        const json value = by_query_json(answer, name);
        return value.is_number() ? value.as_int64() : 0;
    };
    result.total = number("total");
    result.deleted = number("deleted");
    result.updated = number("updated");
    result.batches = number("batches");
    result.version_conflicts = number("version_conflicts");
    result.noops = number("noops");
    result.took = number("took");
    if (const json* failures = answer.find("failures"); failures != nullptr && failures->is_array()) {
        result.failures.assign(failures->elements().begin(), failures->elements().end());
    }
    if (const json* task = answer.find("task"); task != nullptr && task->is_string()) result.task = task->as_string();
    return result;
}

string_pairs by_query_params(const by_query_options& options) {
    string_pairs params;
    if (options.conflicts == conflicts::proceed) params.emplace_back("conflicts", "proceed");
    if (options.refresh) params.emplace_back("refresh", "true");
    if (!options.wait_for_completion) params.emplace_back("wait_for_completion", "false");
    if (!options.slices.empty()) params.emplace_back("slices", options.slices);
    return params;
}

void refuse_for_by_query(const detail::search_core& core) {
    const json body = core.to_json();
    for (const auto& [key, value] : body.items()) {
        if (key != "query") {
            throw illegal_operation("a by-query request sends only its query; this one has '" + key +
                                    "' (max_docs and refresh are options)");
        }
    }
    if (!body.contains("query")) throw illegal_operation("a by-query request needs a query; match_all() stands for every document");
}

}  // namespace

sort_key::sort_key(std::string_view name) {
    const bool falling = name.starts_with('-');
    if (falling) name.remove_prefix(1);
    if (falling && name == "_score")
        throw std::invalid_argument("cannot sort by '-_score': scores sort falling by themselves, write '_score'");
    if (name.empty()) throw std::invalid_argument("a sort key needs the name of a field");
    json_writer writer(wire_);
    if (falling) {
        writer.begin_object().key(name).begin_object().member("order", "desc").end_object().end_object();
    } else {
        writer.value(name);
    }
}

sort_key::sort_key(const json& value) { value.dump_to(wire_); }

namespace detail {

void search_core::add_filter(const query& q) {
    if (!q.empty()) query_ = query_ & boolean({.filter = {q}});
}

void search_core::add_exclude(const query& q) {
    if (!q.empty()) add_filter(boolean({.must_not = {q}}));
}

void search_core::set(std::string_view key, std::string wire) {
    for (auto& [name, old] : parts_) {
        if (name == key) {
            old = std::move(wire);
            return;
        }
    }
    parts_.emplace_back(std::string(key), std::move(wire));
}

bool search_core::has(std::string_view key) const noexcept {
    if (key == "aggs") return !aggregations_.empty();
    if (key == "from") return from_.has_value();
    if (key == "size") return size_.has_value();
    if (key == "query") return !query_.empty();
    return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) { return part.first == key; });
}

void search_core::add_sort(std::initializer_list<sort_key> keys) {
    if (keys.size() == 0) {  // `sort()` forgets the order so far
        std::erase_if(parts_, [](const auto& part) { return part.first == "sort"; });
        return;
    }
    std::string list = "[";
    for (const sort_key& key : keys) {
        if (list.size() > 1) list += ',';
        list += key.wire();
    }
    set("sort", list + ']');
}

void search_core::append_sort(std::string_view wire) {
    for (auto& [key, list] : parts_) {
        if (key != "sort") continue;
        if (!list.starts_with('[')) list = "[" + list + "]";
        list.insert(list.size() - 1, "," + std::string(wire));
        return;
    }
    set("sort", "[" + std::string(wire) + "]");
}

void search_core::add_highlight(const field_list& fields, const highlight_options& options) {
    json settings = json::object();
    if (options.fragment_size) settings.set("fragment_size", *options.fragment_size);
    if (options.number_of_fragments) settings.set("number_of_fragments", *options.number_of_fragments);
    if (options.no_match_size) settings.set("no_match_size", *options.no_match_size);
    if (!options.type.empty()) settings.set("type", options.type);
    for (const auto& [name, value] : options.extra.items()) settings.set(name, value);
    json& into = highlight_["fields"];
    if (into.is_null()) into = json::object();
    for (const field_name& field : fields.names()) into.set(field.text(), settings);
}

void search_core::add_highlight_options(const json& options) {
    for (const auto& [name, value] : options.items()) highlight_[name] = value;
}

void search_core::add_aggregation(std::string_view name, const json& body) {
    for (auto& [there, wire] : aggregations_) {
        if (there == name) {
            wire = body.dump();
            return;
        }
    }
    aggregations_.emplace_back(std::string(name), body.dump());
}

void search_core::slice(std::int64_t first, std::int64_t last) {
    if (first < 0 || last < first) {
        throw std::invalid_argument("cannot take the slice " + std::to_string(first) + " to " + std::to_string(last) +
                                    " of a search: bounds are at least 0 and rise");
    }
    // A slice of a slice counts from the first one's begin and stays within it.
    const std::int64_t begin = from_.value_or(0) + first;
    std::int64_t size = last - first;
    if (size_) size = std::max<std::int64_t>(0, std::min(size, *size_ - first));
    from_ = begin;
    size_ = size;
}

void search_core::add_params(string_pairs more) {
    for (auto& [name, value] : more) {
        const auto there = std::find_if(params.begin(), params.end(), [&](const auto& param) { return param.first == name; });
        if (there == params.end()) {
            params.emplace_back(std::move(name), std::move(value));
        } else {
            there->second = std::move(value);
        }
    }
}

void search_core::set_source(const field_list& fields) {
    std::string list;
    json_writer writer(list);
    writer.begin_array();
    for (const field_name& field : fields.names()) writer.value(field.text());
    writer.end_array();
    set("_source", std::move(list));
}

void search_core::append_body(std::string& out) const {
    json_writer writer(out);
    writer.begin_object();
    if (!query_.empty()) {
        writer.key("query").raw("");
        query_.append_to(out);
    }
    if (!aggregations_.empty()) {
        writer.key("aggs").begin_object();
        for (const auto& [name, wire] : aggregations_) writer.key(name).raw(wire);
        writer.end_object();
    }
    if (!highlight_.is_null()) writer.key("highlight").value(highlight_);
    for (const auto& [key, wire] : parts_) writer.key(key).raw(wire);
    if (from_) writer.member("from", *from_);
    if (size_) writer.member("size", *size_);
    if (!pit_id.empty()) writer.key("pit").begin_object().member("id", pit_id).member("keep_alive", pit_keep_alive).end_object();
    writer.end_object();
}

std::string search_core::dump() const {
    std::string out;
    out.reserve(512);
    append_body(out);
    return out;
}

json search_core::to_json() const { return json::parse(dump(), {.max_depth = 1000}); }

std::string search_core::dump_count() const {
    std::string out;
    json_writer writer(out);
    writer.begin_object();
    if (!query_.empty()) {
        writer.key("query").raw("");
        query_.append_to(out);
    }
    writer.end_object();
    return out;
}

std::string search_core::path(std::string_view endpoint) const {
    std::string out;
    if (!targets.empty() && pit_id.empty()) {
        out += '/';
        for (std::size_t i = 0; i < targets.size(); ++i) {
            if (i != 0) out += ',';
            out += encode_segment(targets[i]);
        }
    }
    out += '/';
    out += endpoint;
    return out;
}

void search_core::load(const json& body) {
    if (!body.is_object()) throw std::invalid_argument("the body of a search is a JSON object, not " + std::string(body.kind_name()));
    query_ = {};
    parts_.clear();
    aggregations_.clear();
    highlight_ = json();
    from_.reset();
    size_.reset();
    for (const auto& [key, value] : body.items()) {
        if (key == "query") {
            query_ = query::from_json(value);
        } else if (key == "aggs" || key == "aggregations") {
            for (const auto& [name, agg] : value.items()) add_aggregation(name, agg);
        } else if (key == "from" && value.is_integer()) {
            from_ = value.as_int64();
        } else if (key == "size" && value.is_integer()) {
            size_ = value.as_int64();
        } else if (key == "highlight" && value.is_object()) {
            highlight_ = value;
        } else {
            parts_.emplace_back(key, value.dump());
        }
    }
}

task<api_response> search_core::run(perform_options options) const {
    if (!state) throw usage_error("this search has no client: start it from posts.search() or client.search()");
    co_return co_await state->perform("POST", path("_search"), params, dump(), std::move(options));
}

task<std::int64_t> count_hits(search_core core) {
    if (core.nothing) co_return 0;
    if (!core.state) throw usage_error("this search has no client: start it from posts.search() or client.search()");
    const api_response answer = co_await core.state->perform("POST", core.path("_count"), {}, core.dump_count(), {});
    const json body = answer.parse();
    const json* count = body.find("count");
    if (count == nullptr || !count->is_integer()) throw serialization_error("the answer to a count has no number 'count'", answer.meta);
    co_return count->as_int64();
}

task<by_query_result> delete_by_query(search_core core, by_query_options options) {
    refuse_for_by_query(core);
    json body = core.to_json();
    if (options.max_docs) body.set("max_docs", *options.max_docs);
    const api_response answer =
        co_await core.state->perform("POST", core.path("_delete_by_query"), by_query_params(options), body.dump(), {});
    co_return read_by_query(answer.parse());
}

task<by_query_result> update_by_query(search_core core, std::optional<script> change, by_query_options options) {
    refuse_for_by_query(core);
    json body = core.to_json();
    if (change) body.set("script", change->to_json());
    if (options.max_docs) body.set("max_docs", *options.max_docs);
    const api_response answer =
        co_await core.state->perform("POST", core.path("_update_by_query"), by_query_params(options), body.dump(), {});
    co_return read_by_query(answer.parse());
}

void check_whole(const search_body& body, const response_meta& meta) {
    if (!body.timed_out && body.shards.failed == 0) return;
    json fault = json::object({{"type", "search_phase_execution_exception"},
                               {"reason", body.timed_out ? json("the search timed out on the server; its hits are partial")
                                                         : json(std::to_string(body.shards.failed) + " of " +
                                                                std::to_string(body.shards.total) + " shards failed")}});
    json roots = json::array();
    for (const shard_failure& failure : body.shards.failures) {
        roots.push_back(json::object({{"type", failure.type}, {"reason", failure.reason}}));
    }
    if (!roots.empty()) fault.set("root_cause", std::move(roots));
    throw search_phase_error(meta, json::object({{"error", std::move(fault)}}).dump());
}

}  // namespace detail
}  // namespace hem::search
