// One value that changes; who watches sees the latest, not every step. For configuration, a health state, a count that is shown.
//
//     hem::watch<settings> current(load());
//     current.set(load());                                        // wakes everybody who waits for a change
//     auto view = current.subscribe();
//     while (auto next = co_await view.next()) apply(*next);      // ends when `current` is closed
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hem/core/detail/subscription.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct watch_statistics : wait_statistics {
    std::size_t subscribers = 0;
    std::uint64_t changes = 0;
};

namespace detail {

template <class T>
struct watch_state : news_source {
    watch_state(T&& initial, std::string name) : news_source("watch", std::move(name)), value(std::move(initial)) {}
    T value;
    std::uint64_t version = 0;
};

}  // namespace detail

template <class T>
class watch_subscription {
    struct cursor : detail::news_cursor {
        explicit cursor(std::shared_ptr<detail::watch_state<T>> shared) : state(std::move(shared)) {
            this->position = state->version;
            ++state->subscribers;
        }
        cursor(const cursor&) = delete;
        cursor& operator=(const cursor&) = delete;
        ~cursor() { unsubscribe(); }
        void unsubscribe() noexcept {
            if (this->closed) return;
            detail::news_cursor::close(*state);
            --state->subscribers;
        }
        std::shared_ptr<detail::watch_state<T>> state;
    };

public:
    class [[nodiscard("not awaited: write co_await")]] next_awaiter : public detail::news_awaiter {
    public:
        explicit next_awaiter(cursor& at) noexcept : news_awaiter(*at.state, at, ops), cursor_(at) {}
        bool await_ready() { return ready(cursor_.position != cursor_.state->version || cursor_.state->closed); }
        std::optional<T> await_resume() {
            settle();
            if (std::exchange(cursor_.position, cursor_.state->version) == cursor_.state->version) return std::nullopt;
            return cursor_.state->value;
        }

    private:
        static constexpr detail::wait_ops ops{"watch", abort, nullptr, target};
        cursor& cursor_;
    };
    // Waits for a value newer than the last one that was given here, at once if there is one; empty once the watch is closed and the last
    // value was seen. closed_resource if this subscription is closed, busy_resource if another task waits here. A cancel point.
    next_awaiter next() { return next_awaiter(check()); }
    // The value now, without marking it as seen.
    const T& get() const { return check().state->value; }
    // Again has no effect; the destructor does the same.
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
    friend class watch;
    explicit watch_subscription(std::shared_ptr<detail::watch_state<T>> state) : cursor_(std::make_unique<cursor>(std::move(state))) {}
    cursor& check() const {
        if (!cursor_) throw closed_resource("this subscription was moved from");
        return *cursor_;
    }
    std::unique_ptr<cursor> cursor_;
};

template <class T>
class watch {
    static_assert(std::is_copy_constructible_v<T>,
                  "whoever watches gets a copy of the value: it must be copyable, a shared_ptr<const T> is");

public:
    explicit watch(T initial, std::string name = {})
        : state_(std::make_shared<detail::watch_state<T>>(std::move(initial), std::move(name))) {}
    watch(const watch&) = delete;
    watch& operator=(const watch&) = delete;
    ~watch() { end(); }

    // Wakes everybody who waits for a change, also if the value is the same. Resumes nobody inside the call. closed_resource after close().
    void set(T value) {
        change();
        state_->value = std::move(value);
    }
    // The same with f(T&).
    template <class F>
    void update(F f) {
        change();
        f(state_->value);
    }
    const T& get() const noexcept { return state_->value; }

    class [[nodiscard("not awaited: write co_await")]] changed_awaiter : public detail::news_awaiter {
    public:
        explicit changed_awaiter(watch& target) noexcept : news_awaiter(*target.state_, here_, ops), state_(target.state_) {
            here_.position = state_->version;
        }
        changed_awaiter(changed_awaiter&& unused) noexcept
            : news_awaiter(*unused.state_, here_, ops), here_(unused.here_), state_(std::move(unused.state_)) {}
        bool await_ready() { return ready(here_.position != state_->version || state_->closed); }
        T await_resume() {
            settle();
            if (here_.position == state_->version) detail::throw_publisher_closed(state_->what, state_->name);
            return state_->value;
        }

    private:
        static constexpr detail::wait_ops ops{"watch", abort, nullptr, target};
        detail::news_cursor here_;
        std::shared_ptr<detail::watch_state<T>> state_;
    };
    // Waits for a value that is set after this call; gives the latest then. closed_resource if the watch is closed instead. A cancel point.
    changed_awaiter changed() noexcept { return changed_awaiter(*this); }
    // Sees every change from now on that is not overtaken by another.
    watch_subscription<T> subscribe() {
        state_->touch();
        return watch_subscription<T>(state_);
    }
    // Ends the subscriptions once they have seen the last value. Again has no effect; the destructor does the same.
    void close() {
        state_->touch();
        end();
    }
    watch_statistics statistics() const noexcept { return {state_->waiters.statistics(), state_->subscribers, state_->version}; }

private:
    void change() {
        state_->touch();
        if (state_->closed) detail::throw_publisher_closed(state_->what, state_->name);
        ++state_->version;
        state_->announce();
    }
    void end() noexcept {
        state_->closed = true;
        state_->announce();
    }
    std::shared_ptr<detail::watch_state<T>> state_;
};

}  // namespace hem
