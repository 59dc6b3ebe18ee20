// Every subscriber sees every item that is published after it subscribed. Publishing never waits: the last `capacity` items are kept, and a
// subscriber that is further behind gets `lagged` once, with the number of items that it missed, then goes on with the oldest that is kept.
//
//     hem::broadcast<price> prices(64);
//     auto mine = prices.subscribe();
//     prices.publish(price{...});
//     while (auto next = co_await mine.next()) { ... }      // ends when `prices` is closed and everything was seen
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hem/core/detail/subscription.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"

namespace hem {

// A subscriber was too slow: items were overwritten before it saw them.
class lagged : public std::runtime_error {
public:
    explicit lagged(std::uint64_t missed)
        : std::runtime_error("the subscriber was too slow and missed " + std::to_string(missed) + (missed == 1 ? " item" : " items")),
          missed_(missed) {}
    std::uint64_t missed() const noexcept { return missed_; }

private:
    std::uint64_t missed_;
};

struct broadcast_statistics : wait_statistics {
    std::size_t subscribers = 0;
    std::size_t size = 0;  // items kept
    std::uint64_t published = 0;
    std::uint64_t dropped = 0;  // overwritten before every subscriber had seen them
};

namespace detail {

template <class T>
struct broadcast_state : news_source {
    struct slot {
        T item;
        std::size_t unseen;  // subscribers that have not seen it
    };
    broadcast_state(std::size_t capacity, std::string name) : news_source("broadcast", std::move(name)), ring(capacity) {}

    std::optional<slot>& at(std::uint64_t number) noexcept { return ring[number % ring.size()]; }
    void push(T&& item) {
        if (next - first == ring.size()) {
            at(first++).reset();
            ++dropped;
        }
        at(next).emplace(std::move(item), subscribers);
        ++next;
    }
    // For one subscriber; the last one has the item itself.
    T take(std::uint64_t number) {
        slot& found = *at(number);
        if (found.unseen > 1) {
            T copy = found.item;
            --found.unseen;
            return copy;
        }
        T last = std::move(found.item);
        found.unseen = 0;
        trim();
        return last;
    }
    void forget(std::uint64_t from) noexcept {
        for (std::uint64_t i = from < first ? first : from; i != next; ++i) --at(i)->unseen;
        trim();
    }
    void trim() noexcept {
        while (first != next && at(first)->unseen == 0) at(first++).reset();
    }

    std::vector<std::optional<slot>> ring;
    std::uint64_t first = 0;  // number of the oldest item kept
    std::uint64_t next = 0;   // number of the next one
    std::uint64_t dropped = 0;
};

std::size_t checked_broadcast_capacity(std::size_t capacity);

}  // namespace detail

template <class T>
class subscription {
    struct cursor : detail::news_cursor {
        explicit cursor(std::shared_ptr<detail::broadcast_state<T>> shared) : state(std::move(shared)) {
            this->position = state->next;
            ++state->subscribers;
        }
        cursor(const cursor&) = delete;
        cursor& operator=(const cursor&) = delete;
        ~cursor() { unsubscribe(); }
        void unsubscribe() noexcept {
            if (this->closed) return;
            detail::news_cursor::close(*state);
            state->forget(this->position);
            --state->subscribers;
        }
        std::shared_ptr<detail::broadcast_state<T>> state;
    };

public:
    class [[nodiscard("not awaited: write co_await")]] next_awaiter : public detail::news_awaiter {
    public:
        explicit next_awaiter(cursor& at) noexcept : news_awaiter(*at.state, at, ops), cursor_(at) {}
        bool await_ready() { return ready(cursor_.position != cursor_.state->next || cursor_.state->closed); }
        std::optional<T> await_resume() {
            settle();
            return take(cursor_);
        }

    private:
        static constexpr detail::wait_ops ops{"subscription", abort, nullptr, target};
        cursor& cursor_;
    };
    // Waits for the next item; empty once the broadcast is closed and everything was seen. Throws lagged; closed_resource if this
    // subscription is closed, busy_resource if another task waits here. A cancel point; cancelled, it took nothing.
    next_awaiter next() { return next_awaiter(check()); }
    // Empty where next would wait, and at the end.
    std::optional<T> try_next() {
        cursor& at = check();
        at.state->touch();
        if (at.closed) throw closed_resource("this subscription was closed");
        return take(at);
    }
    // Sees nothing any more; again has no effect. The destructor does the same.
    void close() noexcept {
        if (cursor_) cursor_->unsubscribe();
    }
    // The same, for `with`.
    task<> aclose() {
        close();
        co_return;
    }

private:
    template <class U>
    friend class broadcast;
    explicit subscription(std::shared_ptr<detail::broadcast_state<T>> state) : cursor_(std::make_unique<cursor>(std::move(state))) {}
    cursor& check() const {
        if (!cursor_) throw closed_resource("this subscription was moved from");
        return *cursor_;
    }
    static std::optional<T> take(cursor& at) {
        auto& state = *at.state;
        if (at.position < state.first) throw lagged(state.first - std::exchange(at.position, state.first));
        if (at.position == state.next) return std::nullopt;
        return state.take(at.position++);
    }
    std::unique_ptr<cursor> cursor_;
};

template <class T>
class broadcast {
    static_assert(std::is_copy_constructible_v<T>,
                  "every subscriber gets a copy of the item: it must be copyable, a shared_ptr<const T> is");

public:
    // Keeps the last `capacity` items for subscribers that are behind. std::invalid_argument for 0.
    explicit broadcast(std::size_t capacity, std::string name = {})
        : state_(std::make_shared<detail::broadcast_state<T>>(detail::checked_broadcast_capacity(capacity), std::move(name))) {}
    broadcast(const broadcast&) = delete;
    broadcast& operator=(const broadcast&) = delete;
    ~broadcast() { end(); }

    // Gives the number of subscribers that it will reach. Never waits, resumes nobody inside the call. closed_resource after close().
    std::size_t publish(T item) {
        state_->touch();
        if (state_->closed) detail::throw_publisher_closed(state_->what, state_->name);
        ++published_;
        if (state_->subscribers == 0) return 0;
        state_->push(std::move(item));
        state_->announce();
        return state_->subscribers;
    }
    // Sees what is published from now on.
    subscription<T> subscribe() {
        state_->touch();
        return subscription<T>(state_);
    }
    // Subscribers take what is left, then their next() is empty. Again has no effect; the destructor does the same.
    void close() {
        state_->touch();
        end();
    }
    broadcast_statistics statistics() const noexcept {
        return {state_->waiters.statistics(), state_->subscribers, static_cast<std::size_t>(state_->next - state_->first), published_,
                state_->dropped};
    }

private:
    void end() noexcept {
        state_->closed = true;
        state_->announce();
    }
    std::shared_ptr<detail::broadcast_state<T>> state_;
    std::uint64_t published_ = 0;
};

}  // namespace hem
