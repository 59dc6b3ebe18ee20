// The answer to a search. It owns the body once; a hit's source is decoded when it is first looked at and kept.
//
//     for (const auto& hit : found.hits) fmt::print("{} {}\n", hit.meta.id, hit->title);
//     if (found.hits.total.relation == total_relation::gte) …      // "at least": never hidden
#pragma once

#include "hem/search/aggregation.hpp"
#include "hem/search/document.hpp"
#include "hem/search/document_codec.hpp"
#include "hem/search/errors.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

enum class total_relation { eq, gte };

struct total_hits {
    std::int64_t value = 0;
    total_relation relation = total_relation::eq;
};

struct shard_failure {
    int shard = 0;
    std::string index;
    std::string node;
    std::string type;
    std::string reason;
};

struct shards_info {
    int total = 0;
    int successful = 0;
    int skipped = 0;
    int failed = 0;
    std::vector<shard_failure> failures;
};

namespace detail {

struct raw_hit {
    document_meta meta;
    std::string_view source;  // bytes in the body; empty when there is none
};

// The body and what the first pass over it found. Never moves: hits keep views into it.
struct search_body {
    explicit search_body(std::string body);
    search_body(const search_body&) = delete;
    search_body& operator=(const search_body&) = delete;

    const std::string bytes;
    std::int64_t took = 0;
    bool timed_out = false;
    bool terminated_early = false;
    shards_info shards;
    std::optional<total_hits> total;
    std::optional<double> max_score;
    std::string scroll_id;
    std::string pit_id;
    std::vector<raw_hit> hits;
    std::string_view aggregations;
    std::string_view suggest;
};

// Reads the object that holds `hits` of a search, of a scroll, of inner_hits.
std::shared_ptr<search_body> read_search_body(std::string body, const response_meta& meta);

// The value at a dotted path inside a source; null when a step is missing.
json value_at(std::string_view source, std::string_view path);
json parse_source(std::string_view source, const std::string& id);
const std::string& empty_text() noexcept;
json next_page(const std::string& request, const document_meta* last);

}  // namespace detail

// One hit. A value: it may be kept longer than the response.
template <class T>
class hit {
public:
    hit(std::shared_ptr<const detail::search_body> owner, document_meta about, std::string_view source)
        : meta(std::move(about)), owner_(std::move(owner)), source_(source) {}

    document_meta meta;

    // Decoded on first use. Throws decode_error with the document's id and the member's path.
    const T& source() const {
        if (!decoded_) decoded_.emplace(to<T>());
        return *decoded_;
    }
    const T* operator->() const { return &source(); }
    const T& operator*() const { return source(); }

    // Decoded as another type, not kept.
    template <class U>
    U to() const {
        return detail::decode_document<U>(source_, meta.id);
    }
    // One value of the source, by dotted path.
    template <class U>
    U field(std::string_view path) const {
        return detail::decode_value<U>(detail::value_at(source_, path).dump(), meta.id, path);
    }
    json raw() const { return detail::parse_source(source_, meta.id); }
    std::string_view raw_source() const noexcept { return source_; }  // as long as the hit lives

    document<T> to_document() const { return {source(), meta}; }
    operator document<T>() const { return to_document(); }

private:
    std::shared_ptr<const detail::search_body> owner_;
    std::string_view source_;
    mutable std::optional<T> decoded_;
};

// The page of hits: a random-access range.
template <class T>
class hit_list {
public:
    using value_type = hit<T>;
    using const_iterator = typename std::vector<hit<T>>::const_iterator;

    total_hits total;  // value 0 when totals were switched off
    std::optional<double> max_score;

    std::size_t size() const noexcept { return hits_.size(); }
    bool empty() const noexcept { return hits_.empty(); }
    const hit<T>& operator[](std::size_t index) const noexcept { return hits_[index]; }
    const hit<T>& at(std::size_t index) const { return hits_.at(index); }
    const hit<T>& front() const noexcept { return hits_.front(); }
    const hit<T>& back() const noexcept { return hits_.back(); }
    const_iterator begin() const noexcept { return hits_.begin(); }
    const_iterator end() const noexcept { return hits_.end(); }

    // For whoever takes hits away one by one.
    std::vector<hit<T>> take() && noexcept { return std::move(hits_); }
    void reserve(std::size_t count) { hits_.reserve(count); }
    void push_back(hit<T> value) { hits_.push_back(std::move(value)); }

private:
    std::vector<hit<T>> hits_;
};

template <class T = raw_document>
class search_response {
public:
    search_response() = default;  // an empty answer: no hits, successful
    search_response(std::shared_ptr<detail::search_body> body, response_meta about, std::string request)
        : meta(std::move(about)), body_(std::move(body)), request_(std::move(request)) {
        took = body_->took;
        timed_out = body_->timed_out;
        shards = body_->shards;
        if (body_->total) hits.total = *body_->total;
        hits.max_score = body_->max_score;
        hits.reserve(body_->hits.size());
        for (detail::raw_hit& each : body_->hits) hits.push_back({body_, std::move(each.meta), each.source});
        if (!body_->aggregations.empty())
            aggregations = aggregation_results(std::make_shared<const json>(json::parse(body_->aggregations, {.max_depth = 1000})));
    }

    hit_list<T> hits;
    aggregation_results aggregations;
    std::int64_t took = 0;  // milliseconds, as the server measured them
    bool timed_out = false;
    shards_info shards;
    response_meta meta;

    // Neither timed out nor failed on any shard.
    bool success() const noexcept { return !timed_out && shards.failed == 0; }

    template <class Result>
    Result aggregation(std::string_view name) const {
        return aggregations.get<Result>(name);
    }
    template <class Result>
    Result operator[](const named_aggregation<Result>& handle) const {
        return aggregations[handle];
    }

    const std::string& scroll_id() const noexcept { return body_ ? body_->scroll_id : detail::empty_text(); }
    const std::string& pit_id() const noexcept { return body_ ? body_->pit_id : detail::empty_text(); }
    std::string_view body() const noexcept { return body_ ? std::string_view(body_->bytes) : std::string_view(); }
    json raw() const { return body_ ? json::parse(body_->bytes, {.max_depth = 1000}) : json(); }
    json suggest() const { return body_ && !body_->suggest.empty() ? json::parse(body_->suggest, {.max_depth = 1000}) : json(); }

    // Body of the request that reads on after the last hit; see search_request::next_page. Needs a sort and at least one hit, else
    // throws illegal_operation.
    json next_page_body() const { return detail::next_page(request_, hits.empty() ? nullptr : &hits.back().meta); }

private:
    std::shared_ptr<detail::search_body> body_;
    std::string request_;  // its body
};

}  // namespace hem::search
