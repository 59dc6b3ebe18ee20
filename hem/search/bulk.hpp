// Many writes in few requests. Actions are pulled from a range, an async_generator or a queue only when there is room, packed into chunks,
// and sent; items that the server turned away with 429 are sent again as a smaller chunk.
//
//     auto summary = co_await search::bulk(client, documents, {.index = "blog_posts", .chunk_size = 100});
//     if (summary.failed > 0) …                                     // collected; raising is the option
#pragma once

#include "hem/core/async_generator.hpp"
#include "hem/core/queue.hpp"
#include "hem/core/task.hpp"
#include "hem/core/with.hpp"
#include "hem/search/client.hpp"
#include "hem/search/document_codec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

enum class bulk_op { index, create, update, remove };

// One write. The source is JSON text that is sent as it is, neither parsed nor copied once more.
struct bulk_action {
    bulk_op op = bulk_op::index;
    std::string index;  // empty: that of the options
    std::string id;     // empty: the server's choice (index and create)
    std::string routing;
    std::string source;  // of update: `{"doc":{…}}`
    std::optional<std::int64_t> if_seq_no;
    std::optional<std::int64_t> if_primary_term;
    int retry_on_conflict = 0;

    static bulk_action put(std::string source, std::string id = {});
    static bulk_action create(std::string source, std::string id = {});
    static bulk_action update(std::string id, const json& changed_fields);
    static bulk_action remove(std::string id);
    // elasticsearch-py's form: `_op_type`, `_index`, `_id`, `_source`, …, with or without `_`; without `_source` the other members are it.
    static bulk_action from_json(const json& value);
};

struct bulk_outcome {
    std::size_t position = 0;  // in the input
    bulk_op op = bulk_op::index;
    std::string id;
    int status = 0;
    std::string result;
    json error;  // null when it succeeded
    bool ok() const noexcept { return error.is_null() && status < 400; }
};

struct [[nodiscard("a bulk may have failed in part: look at failed and failures")]] bulk_summary {
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    std::vector<bulk_outcome> failures;  // at most max_failures
};

struct bulk_options {
    std::string index;  // default of actions; part of the path
    std::size_t chunk_size = 500;
    std::size_t max_chunk_bytes = std::size_t{10} << 20;  // lines and newlines; an action above it is sent alone
    std::size_t concurrency = 1;                          // chunks in flight; above 1 the order of writes to one id may change
    int max_retries = 3;
    duration backoff = std::chrono::milliseconds(500);  // doubles, full jitter; Retry-After is a lower bound
    duration max_backoff = std::chrono::seconds(30);
    std::vector<int> retry_on_status = {429};
    bool raise_on_error = false;  // bulk_error after the chunk's retries; nothing later is sent
    bool assign_ids = false;      // ids of the client's making and `create`, so that a repeat is harmless
    std::vector<int> ignore_status;
    std::size_t max_failures = 10'000;
    std::string refresh;
    std::string routing;
    std::string pipeline;
};

class bulk_error : public std::runtime_error, public error {
public:
    explicit bulk_error(std::vector<bulk_outcome> failures);
    const std::vector<bulk_outcome>& failures() const noexcept { return failures_; }

private:
    std::vector<bulk_outcome> failures_;
};
static_assert(std::is_convertible_v<bulk_error*, std::exception*>);

namespace detail {

class bulk_source {
public:
    virtual ~bulk_source() = default;
    virtual task<std::optional<bulk_action>> next() = 0;
};

inline bulk_action to_action(bulk_action action) { return action; }
inline bulk_action to_action(const json& value) { return bulk_action::from_json(value); }
template <class T>
bulk_action to_action(const document<T>& doc) {
    bulk_action action;
    action.index = doc.meta.index;
    action.id = doc.meta.id;
    action.routing = doc.meta.routing;
    action.if_seq_no = doc.meta.seq_no;
    action.if_primary_term = doc.meta.primary_term;
    encode_document(action.source, doc.value());
    return action;
}
template <class T>
    requires(hem::model<T>)
bulk_action to_action(const T& value) {
    bulk_action action;
    encode_document(action.source, value);
    return action;
}

template <class Range>
class range_bulk_source final : public bulk_source {
public:
    explicit range_bulk_source(Range& items) : at_(items.begin()), end_(items.end()) {}
    task<std::optional<bulk_action>> next() override {
        if (at_ == end_) co_return std::nullopt;
        bulk_action action = to_action(*at_);
        ++at_;
        co_return action;
    }

private:
    decltype(std::declval<Range&>().begin()) at_;
    decltype(std::declval<Range&>().end()) end_;
};

template <class Item>
class stream_bulk_source final : public bulk_source {
public:
    explicit stream_bulk_source(generator_stream<Item>& stream) : stream_(stream) {}
    task<std::optional<bulk_action>> next() override {
        std::optional<Item> item = co_await stream_.next();
        if (!item) co_return std::nullopt;
        co_return to_action(std::move(*item));
    }

private:
    generator_stream<Item>& stream_;
};

// Ends when the queue is closed and empty.
template <class Item>
class queue_bulk_source final : public bulk_source {
public:
    explicit queue_bulk_source(queue<Item>& items) : items_(items) {}
    task<std::optional<bulk_action>> next() override {
        std::optional<bulk_action> action;
        try {
            action.emplace(to_action(co_await items_.get()));
        } catch (const queue_closed&) {
            co_return std::nullopt;
        }
        items_.task_done();
        co_return action;
    }

private:
    queue<Item>& items_;
};

task<bulk_summary> run_bulk(client on, bulk_source& source, bulk_options options);
async_generator<bulk_outcome> run_streaming_bulk(client on, std::shared_ptr<bulk_source> source, bulk_options options);

}  // namespace detail

// Writes everything that `actions` gives: T, document<T>, bulk_action or json. The range is moved in. Throws the layer's errors when a
// whole request fails, bulk_error with raise_on_error; single failures are in the summary. Cancelled, it sends nothing more; what was in
// flight may or may not have been written.
template <class Range>
    requires requires(Range& items) {
        items.begin();
        items.end();
    }
task<bulk_summary> bulk(client on, Range actions, bulk_options options = {}) {
    detail::range_bulk_source<Range> source(actions);
    co_return co_await detail::run_bulk(on, source, std::move(options));
}
template <class Item>
task<bulk_summary> bulk(client on, async_generator<Item> actions, bulk_options options = {}) {
    co_return co_await with(std::move(actions), [&](generator_stream<Item>& stream) -> task<bulk_summary> {
        detail::stream_bulk_source<Item> source(stream);
        co_return co_await detail::run_bulk(on, source, std::move(options));
    });
}
// Takes from the queue until it is closed.
template <class Item>
task<bulk_summary> bulk(client on, queue<Item>& actions, bulk_options options = {}) {
    detail::queue_bulk_source<Item> source(actions);
    co_return co_await detail::run_bulk(on, source, std::move(options));
}

// The outcomes as they come, one chunk at a time: input order within an attempt; a retried item comes later with its own position.
template <class Range>
    requires requires(Range& items) {
        items.begin();
        items.end();
    }
HEM_SEARCH_DETACHED async_generator<bulk_outcome> streaming_bulk(client on, Range actions, bulk_options options = {}) {
    struct owner final : detail::bulk_source {
        explicit owner(Range items) : items(std::move(items)), inner(this->items) {}
        HEM_CORO_WRAPPER task<std::optional<bulk_action>> next() override { return inner.next(); }
        Range items;
        detail::range_bulk_source<Range> inner;
    };
    return detail::run_streaming_bulk(std::move(on), std::make_shared<owner>(std::move(actions)), std::move(options));
}

}  // namespace hem::search
