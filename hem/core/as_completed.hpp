// Results in the order in which they come. A source for `with`, `for_each` and `collect`: nothing runs before it is opened, and when they
// return or throw every child has ended.
//
//     co_await hem::for_each(hem::as_completed(std::move(requests), {.limit = 10}), [](hem::completion<page> done) {
//         if (done.outcome.has_value()) show(done.index, done.outcome.value());      // a failed child is an item, too
//     });
//
// Leaving early, by `false`, by an error or by a cancellation, cancels and joins what still runs.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "hem/core/completion.hpp"
#include "hem/core/detail/completion_queue.hpp"
#include "hem/core/gather.hpp"
#include "hem/core/with.hpp"

namespace hem {

template <class T>
class completion_stream;

// What as_completed gives: inert until it is opened.
template <class T>
class [[nodiscard("nothing runs until it is iterated: use with, for_each or collect")]] completions {
public:
    using value_type = completion<T>;
    using stream_type = completion_stream<T>;

    completions(std::vector<detail::watched_child<T>> children, std::size_t limit) : children_(std::move(children)), limit_(limit) {}

private:
    friend class completion_stream<T>;
    std::vector<detail::watched_child<T>> children_;
    std::size_t limit_;
};

// What `with` gives its body for it. Several tasks may take from it; each item goes to one.
template <class T>
class completion_stream {
    struct next_awaiter : detail::completion_queue::take_awaiter {
        using take_awaiter::take_awaiter;
        std::optional<completion<T>> await_resume() {
            auto* const node = take();
            if (!node) return std::nullopt;
            return completion<T>{node->index, std::move(static_cast<detail::watched_child<T>*>(node)->result).handed_out()};
        }
    };

public:
    explicit completion_stream(completions<T> source) : children_(std::move(source.children_)) {
        for (auto& child : children_) queue_.add(child);
        limit_ = source.limit_;
    }
    completion_stream(const completion_stream&) = delete;
    completion_stream& operator=(const completion_stream&) = delete;

    // Waits for the next child to end; empty after the last one. A cancel point; cancelled, it took nothing.
    next_awaiter next() noexcept { return next_awaiter(queue_); }

private:
    template <class U, class F>
    friend auto with(completions<U> source, F body) -> task<detail::await_result_t<decltype(body(std::declval<completion_stream<U>&>()))>>;

    std::vector<detail::watched_child<T>> children_;
    detail::completion_queue queue_;
    std::size_t limit_;
};

// body(stream), with stream.next().
template <class T, class F>
auto with(completions<T> source, F body) -> task<detail::await_result_t<decltype(body(std::declval<completion_stream<T>&>()))>> {
    using R = detail::await_result_t<decltype(body(std::declval<completion_stream<T>&>()))>;
    completion_stream<T> stream(std::move(source));
    stream.queue_.open(stream.limit_);
    outcome<R> result;
    try {
        if constexpr (std::is_void_v<R>) {
            co_await body(stream);
            result.set_value();
        } else {
            result.set_value(co_await body(stream));
        }
    } catch (...) {
        result.set_error(std::current_exception());
    }
    stream.queue_.call_off();
    co_await stream.queue_.wait_for_children();
    stream.queue_.conclude(!result.has_value());
    co_return std::move(result).value();
}

// A range of awaitables, at most `limit` alive at once, or hem::unbounded.
template <detail::awaitable_range Range>
auto as_completed(Range awaitables, concurrency limit) {
    using T = detail::range_result_t<Range>;
    return completions<T>(detail::collect_children<detail::watched_child<T>>(std::move(awaitables)), limit.limit);
}
template <detail::awaitable_range Range>
void as_completed(Range) = delete("as_completed over a range needs a limit: as_completed(tasks, {.limit = n}), or hem::unbounded");

// Several awaitables of one type of result, all at once.
template <detail::awaitable First, detail::awaitable... Rest>
auto as_completed(First first, Rest... rest) {
    using T = detail::await_result_t<First>;
    static_assert((std::is_same_v<T, detail::await_result_t<Rest>> && ...),
                  "as_completed streams one type of result: await different types with gather");
    std::vector<detail::watched_child<T>> children;
    children.reserve(1 + sizeof...(Rest));
    children.emplace_back(detail::as_task(std::move(first)));
    (children.emplace_back(detail::as_task(std::move(rest))), ...);
    return completions<T>(std::move(children), unbounded.limit);
}

}  // namespace hem
