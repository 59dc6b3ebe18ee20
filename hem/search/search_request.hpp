// A search as an immutable value: every call returns a new one, so a request can be kept, varied and run again.
//
//     auto found = co_await posts.search()
//         .query(multi_match(text, {"title^2", "content"}))
//         .filter(term("author", author))                       // an empty optional: no filter
//         .aggregate("authors", terms("author").size(10))
//         .slice(0, 20)
//         .execute();
#pragma once

#include "hem/core/task.hpp"
#include "hem/search/aggregation.hpp"
#include "hem/search/client.hpp"
#include "hem/search/query.hpp"
#include "hem/search/response.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

// A sort key: `"title"`, `"-published_date"` (descending), or JSON.
class sort_key {
public:
    sort_key(const char* name) : sort_key(std::string_view(name)) {}
    sort_key(std::string_view name);  // throws std::invalid_argument for "-_score": scores fall by themselves
    sort_key(const std::string& name) : sort_key(std::string_view(name)) {}
    sort_key(const json& value);
    template <auto Member>
    sort_key(member_field<Member> member) : sort_key(member.name()) {}
    const std::string& wire() const noexcept { return wire_; }

private:
    std::string wire_;
};

struct highlight_options {
    std::optional<int> fragment_size;
    std::optional<int> number_of_fragments;
    std::optional<int> no_match_size;
    std::string type;
    json extra;  // object: any other option
};

enum class partial_results { allow, throw_error };

struct execute_options {
    search::partial_results partial_results = search::partial_results::allow;
    std::optional<duration> request_timeout;
};

struct by_query_result {
    std::int64_t total = 0;
    std::int64_t deleted = 0;
    std::int64_t updated = 0;
    std::int64_t batches = 0;
    std::int64_t version_conflicts = 0;
    std::int64_t noops = 0;
    std::int64_t took = 0;
    std::vector<json> failures;
    std::string task;  // when it was not waited for
};

enum class conflicts { abort, proceed };
struct by_query_options {
    search::conflicts conflicts = search::conflicts::abort;
    bool refresh = false;
    bool wait_for_completion = true;
    std::optional<std::int64_t> max_docs;
    std::string slices;  // a number or "auto"
};

namespace detail {

// All that a request is, but for the type of its documents.
class search_core {
public:
    json to_json() const;
    std::string dump() const;        // the body
    std::string dump_count() const;  // `{"query":…}` alone
    std::string path(std::string_view endpoint) const;
    void load(const json& body);

    void add_query(const query& q) { query_ = query_ & q; }
    void set_query(const query& q) { query_ = q; }
    void add_filter(const query& q);
    void add_exclude(const query& q);
    void set(std::string_view key, std::string wire);
    void add_sort(std::initializer_list<sort_key> keys);
    void append_sort(std::string_view wire);  // one more key, the last
    void add_highlight(const field_list& fields, const highlight_options& options);
    void add_highlight_options(const json& options);
    void add_aggregation(std::string_view name, const json& body);
    void slice(std::int64_t first, std::int64_t last);
    void add_params(string_pairs params);
    void set_source(const field_list& fields);
    bool has(std::string_view key) const noexcept;

    std::shared_ptr<client_state> state;
    std::vector<std::string> targets;  // empty: all indices
    string_pairs params;
    bool nothing = false;
    std::string unique_sort;
    std::string pit_id;  // bound to a point in time
    std::string pit_keep_alive;

    task<api_response> run(perform_options options) const;

private:
    void append_body(std::string& out) const;

    query query_;
    std::vector<std::pair<std::string, std::string>> parts_;  // other body keys, JSON text
    std::vector<std::pair<std::string, std::string>> aggregations_;
    json highlight_;
    std::optional<std::int64_t> from_;
    std::optional<std::int64_t> size_;
};

task<std::int64_t> count_hits(search_core core);
task<by_query_result> delete_by_query(search_core core, by_query_options options);
task<by_query_result> update_by_query(search_core core, std::optional<script> change, by_query_options options);
// Throws search_phase_error when shards failed or the search timed out.
void check_whole(const search_body& body, const response_meta& meta);

}  // namespace detail

template <class T = raw_document>
class search_request {
public:
    using document_type = T;

    search_request() = default;  // not bound to a client; for building bodies
    explicit search_request(const client& on, std::string target = {}) {
        core_.state = on.shared_state();
        if (!target.empty()) core_.targets.push_back(std::move(target));
    }

    // Conditions. Empty queries are ignored; repeated ones must all hold.
    [[nodiscard]] search_request query(this search_request self, const search::query& q) {
        return self.core_.add_query(q), std::move(self);
    }
    [[nodiscard]] search_request with_query(this search_request self, const search::query& q) {
        return self.core_.set_query(q), std::move(self);
    }
    [[nodiscard]] search_request filter(this search_request self, const search::query& q) {
        return self.core_.add_filter(q), std::move(self);
    }
    [[nodiscard]] search_request exclude(this search_request self, const search::query& q) {
        return self.core_.add_exclude(q), std::move(self);
    }
    // Applied after aggregations were counted.
    [[nodiscard]] search_request post_filter(this search_request self, const search::query& q) {
        if (!q.empty()) self.core_.set("post_filter", q.dump());
        return self;
    }

    template <class... Keys>
    [[nodiscard]] search_request sort(this search_request self, const Keys&... keys) {
        return self.core_.add_sort({sort_key(keys)...}), std::move(self);
    }
    // The field whose values are unique, so that `iterate` can use it as last sort key where the server has no tie-break of its own.
    [[nodiscard]] search_request unique_sort(this search_request self, const field_name& field) {
        self.core_.unique_sort = field.text();
        return self;
    }
    [[nodiscard]] search_request source(this search_request self, const field_list& fields) {
        return self.core_.set_source(fields), std::move(self);
    }
    [[nodiscard]] search_request source(this search_request self, bool wanted) {
        return self.core_.set("_source", wanted ? "true" : "false"), std::move(self);
    }
    [[nodiscard]] search_request source(this search_request self, const json& filter) {
        return self.core_.set("_source", filter.dump()), std::move(self);
    }

    [[nodiscard]] search_request highlight(this search_request self, const field_list& fields,
                                           const search::highlight_options& options = {}) {
        return self.core_.add_highlight(fields, options), std::move(self);
    }
    template <class Name>
        requires std::convertible_to<const Name&, field_name>
    [[nodiscard]] search_request highlight(this search_request self, const Name& field, const search::highlight_options& options = {}) {
        return self.core_.add_highlight(field_list{field_name(field)}, options), std::move(self);
    }
    // Options for all highlighted fields, such as pre_tags.
    [[nodiscard]] search_request highlight_options(this search_request self, const json& options) {
        return self.core_.add_highlight_options(options), std::move(self);
    }

    [[nodiscard]] search_request aggregate(this search_request self, std::string_view name, const search::aggregation& agg) {
        return self.core_.add_aggregation(name, agg.to_json()), std::move(self);
    }
    template <class Result>
    [[nodiscard]] search_request aggregate(this search_request self, const named_aggregation<Result>& agg) {
        return self.core_.add_aggregation(agg.name(), agg.to_json()), std::move(self);
    }

    // Hits [first, last) of the slice so far; `slice(n)` is the hit at n alone. Throws std::invalid_argument for negative bounds.
    [[nodiscard]] search_request slice(this search_request self, std::int64_t first, std::int64_t last) {
        return self.core_.slice(first, last), std::move(self);
    }
    [[nodiscard]] search_request slice(this search_request self, std::int64_t at) { return self.core_.slice(at, at + 1), std::move(self); }

    [[nodiscard]] search_request collapse(this search_request self, const field_name& field) {
        return self.core_.set("collapse", json::object({{"field", field.text()}}).dump()), std::move(self);
    }
    [[nodiscard]] search_request suggest(this search_request self, const json& body) {
        return self.core_.set("suggest", body.dump()), std::move(self);
    }
    [[nodiscard]] search_request knn(this search_request self, const json& body) {
        return self.core_.set("knn", body.dump()), std::move(self);
    }
    [[nodiscard]] search_request rank(this search_request self, const json& body) {
        return self.core_.set("rank", body.dump()), std::move(self);
    }
    [[nodiscard]] search_request rescore(this search_request self, const json& body) {
        return self.core_.set("rescore", body.dump()), std::move(self);
    }
    [[nodiscard]] search_request script_fields(this search_request self, const json& body) {
        return self.core_.set("script_fields", body.dump()), std::move(self);
    }
    [[nodiscard]] search_request min_score(this search_request self, double score) {
        return self.core_.set("min_score", json(score).dump()), std::move(self);
    }
    [[nodiscard]] search_request track_total_hits(this search_request self, bool exact) {
        return self.core_.set("track_total_hits", exact ? "true" : "false"), std::move(self);
    }
    [[nodiscard]] search_request track_total_hits(this search_request self, std::int64_t up_to) {
        return self.core_.set("track_total_hits", std::to_string(up_to)), std::move(self);
    }
    [[nodiscard]] search_request track_total_hits(this search_request self, int up_to) {
        return self.core_.set("track_total_hits", std::to_string(up_to)), std::move(self);
    }
    [[nodiscard]] search_request search_after(this search_request self, const std::vector<json>& values) {
        return self.core_.set("search_after", json(values).dump()), std::move(self);
    }
    // Any other key of the body, and parameters of the URL.
    [[nodiscard]] search_request extra(this search_request self, std::string_view key, const json& value) {
        return self.core_.set(key, value.dump()), std::move(self);
    }
    [[nodiscard]] search_request params(this search_request self, string_pairs values) {
        return self.core_.add_params(std::move(values)), std::move(self);
    }
    [[nodiscard]] search_request index(this search_request self, const std::vector<std::string>& more) {
        self.core_.targets.insert(self.core_.targets.end(), more.begin(), more.end());
        return self;
    }
    // Answers empty, without a request.
    [[nodiscard]] search_request none(this search_request self) {
        self.core_.nothing = true;
        return self;
    }
    // The request for the page after a response that was sorted. Throws illegal_operation without a sort or without hits.
    [[nodiscard]] search_request next_page(this search_request self, const search_response<T>& of) {
        self.core_.load(of.next_page_body());
        return self;
    }

    json to_json() const { return core_.to_json(); }
    std::string dump() const { return core_.dump(); }
    // Reads a body; unknown keys are kept. Bind it with `posts.search().load(body)`.
    static search_request from_json(const json& body) { return search_request().load(body); }
    [[nodiscard]] search_request load(this search_request self, const json& body) { return self.core_.load(body), std::move(self); }

    // Runs it. Throws the layer's errors; suspends; nothing is kept in the request.
    HEM_SEARCH_DETACHED task<search_response<T>> execute(execute_options options = {}) const { return run(core_, options); }
    HEM_SEARCH_DETACHED task<std::int64_t> count() const { return detail::count_hits(core_); }
    HEM_SEARCH_DETACHED task<by_query_result> delete_by_query(by_query_options options = {}) const {
        return detail::delete_by_query(core_, std::move(options));
    }
    HEM_SEARCH_DETACHED task<by_query_result> update_by_query(std::optional<script> change = {}, by_query_options options = {}) const {
        return detail::update_by_query(core_, std::move(change), std::move(options));
    }

    const detail::search_core& core() const noexcept { return core_; }
    detail::search_core& core() noexcept { return core_; }

private:
    static task<search_response<T>> run(detail::search_core core, execute_options options) {
        if (core.nothing) co_return search_response<T>();
        api_response answer = co_await core.run({.request_timeout = options.request_timeout});
        auto body = detail::read_search_body(std::move(answer.body), answer.meta);
        if (options.partial_results == partial_results::throw_error) detail::check_whole(*body, answer.meta);
        co_return search_response<T>(std::move(body), std::move(answer.meta), core.dump());
    }

    detail::search_core core_;
};

template <class T>
search_request<T> client::search(std::string index) const {
    return search_request<T>(*this, std::move(index));
}

}  // namespace hem::search
