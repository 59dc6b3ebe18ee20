// A queue with two kinds of ends that are handed to whoever uses them. It ends by itself: when the last sender has closed, receivers take
// what is left and then get nothing; when the last receiver has closed, sending is an error. Ends close when they are destroyed.
//
//     auto [sender, receiver] = hem::channel<row>(100);
//     group.create_task(read_rows, sender.clone());           // each task has an end of its own
//     group.create_task(read_rows, std::move(sender));
//     while (auto row = co_await receiver.next()) { ... }     // ends when both readers have ended
//
// Cancellation loses and leaves nothing, as with a queue.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hem/core/errors.hpp"
#include "hem/core/queue.hpp"
#include "hem/core/task.hpp"

namespace hem {

struct channel_statistics {
    std::size_t size;
    std::size_t capacity;
    std::size_t senders;  // open ends
    std::size_t receivers;
    std::size_t waiting_senders;  // tasks
    std::size_t waiting_receivers;
    std::size_t peak;  // most items at one time
    std::uint64_t grants;
};

namespace detail {

struct channel_call_tag;
struct channel_access;

// A call of one end that waits, so that closing the end reaches it.
struct channel_call : list_link<channel_call_tag> {
    explicit channel_call(wait_node& waiting) noexcept : node(waiting) {}
    wait_node& node;
    bool end_closed = false;
};

// What a handle has of its own.
class channel_end {
public:
    bool closed() const noexcept { return closed_; }
    void add(channel_call& call) noexcept { calls_.push_back(call); }
    // The calls that wait get closed_resource; what they had been promised goes to others.
    void close(parking_lot& lot) noexcept;

private:
    intrusive_list<channel_call, channel_call_tag> calls_;
    bool closed_ = false;
};

template <class T>
struct channel_state {
    template <class Capacity>
    channel_state(Capacity capacity, std::string name) : items(capacity, std::move(name)) {}

    channel_statistics statistics() {
        const auto figures = items.statistics();
        return {figures.size, figures.capacity, senders, receivers, figures.putters, figures.getters, figures.peak, figures.grants};
    }
    queue<T> items;
    std::size_t senders = 1;
    std::size_t receivers = 1;
};

[[noreturn]] void throw_end_closed(const char* what);
[[noreturn]] void throw_no_receiver();

}  // namespace detail

template <class T>
class sender {
    using put_awaiter = typename detail::basic_queue<T, detail::fifo_store<T>>::put_awaiter;

public:
    sender(sender&&) noexcept = default;
    sender& operator=(sender&& other) noexcept {
        close();
        state_ = std::move(other.state_);
        end_ = std::move(other.end_);
        return *this;
    }
    ~sender() { close(); }

    class [[nodiscard("not awaited: write co_await")]] send_awaiter : public put_awaiter {
    public:
        send_awaiter(sender& from, T&& item)
            : put_awaiter(from.state().items, std::move(item), ops), call_(*this), state_(*from.state_), end_(*from.end_) {}
        send_awaiter(send_awaiter&& unused) noexcept
            : put_awaiter(std::move(unused)), call_(*this), state_(unused.state_), end_(unused.end_) {}
        bool await_ready() {
            if (!end_.closed() && state_.receivers != 0) [[likely]]
                return put_awaiter::await_ready();
            call_.end_closed = end_.closed();
            begin_wait(*this);
            return true;
        }
        void await_suspend(std::coroutine_handle<> handle) {
            end_.add(call_);
            put_awaiter::await_suspend(handle);
        }
        void await_resume() {
            if (call_.linked()) call_.unlink();
            end_wait(*this);
            if (call_.end_closed) [[unlikely]]
                detail::throw_end_closed("sender");
            if (!this->placed() && state_.receivers == 0) [[unlikely]]
                detail::throw_no_receiver();
            put_awaiter::await_resume();
        }

    private:
        static constexpr detail::wait_ops ops{"channel.send", put_awaiter::abort, put_awaiter::revoke, put_awaiter::target};
        detail::channel_call call_;
        detail::channel_state<T>& state_;
        detail::channel_end& end_;
    };
    // Waits for room. broken_resource if no receiver is left, closed_resource if this end is closed. A cancel point; cancelled, nothing was
    // sent.
    send_awaiter send(T item) { return send_awaiter(*this, std::move(item)); }
    // False where send would wait.
    bool try_send(T item) {
        auto& target = state();
        if (end_->closed()) detail::throw_end_closed("sender");
        if (target.receivers == 0) detail::throw_no_receiver();
        return target.items.try_put(std::move(item));
    }
    // Another end of the same channel, closed on its own.
    sender clone() {
        auto& shared = state();
        if (end_->closed()) detail::throw_end_closed("sender");
        ++shared.senders;
        return sender(state_);
    }
    // Closes this end; again has no effect. Resumes nobody inside the call.
    void close() noexcept {
        if (!state_ || end_->closed()) return;
        end_->close(state_->items.core().putters);
        if (--state_->senders == 0) state_->items.core().close(false);
    }
    channel_statistics statistics() const { return state_->statistics(); }

private:
    friend struct detail::channel_access;
    explicit sender(std::shared_ptr<detail::channel_state<T>> state)
        : state_(std::move(state)), end_(std::make_unique<detail::channel_end>()) {}
    detail::channel_state<T>& state() {
        if (!state_) detail::throw_end_closed("sender");
        return *state_;
    }
    std::shared_ptr<detail::channel_state<T>> state_;
    std::unique_ptr<detail::channel_end> end_;
};

template <class T>
class receiver {
    using next_base = typename detail::basic_queue<T, detail::fifo_store<T>>::next_awaiter;

public:
    receiver(receiver&&) noexcept = default;
    receiver& operator=(receiver&& other) noexcept {
        close();
        state_ = std::move(other.state_);
        end_ = std::move(other.end_);
        return *this;
    }
    ~receiver() { close(); }

    class [[nodiscard("not awaited: write co_await")]] next_awaiter : public next_base {
    public:
        explicit next_awaiter(receiver& from) : next_base(from.state().items, ops), call_(*this), end_(*from.end_) {}
        next_awaiter(next_awaiter&& unused) noexcept : next_base(std::move(unused)), call_(*this), end_(unused.end_) {}
        bool await_ready() {
            if (!end_.closed()) [[likely]]
                return next_base::await_ready();
            call_.end_closed = true;
            begin_wait(*this);
            return true;
        }
        void await_suspend(std::coroutine_handle<> handle) {
            end_.add(call_);
            next_base::await_suspend(handle);
        }
        std::optional<T> await_resume() {
            if (call_.linked()) call_.unlink();
            end_wait(*this);
            if (call_.end_closed) [[unlikely]]
                detail::throw_end_closed("receiver");
            return next_base::await_resume();
        }

    private:
        static constexpr detail::wait_ops ops{"channel.next", next_base::abort, next_base::revoke, next_base::target};
        detail::channel_call call_;
        detail::channel_end& end_;
    };
    // Waits for an item; empty once the last sender has closed and nothing is left. closed_resource if this end is closed. A cancel point;
    // cancelled, nothing was taken.
    next_awaiter next() { return next_awaiter(*this); }
    // Empty where next would wait, and at the end.
    std::optional<T> try_next() {
        auto& source = state();
        if (end_->closed()) detail::throw_end_closed("receiver");
        return source.items.try_get();
    }
    // Another end of the same channel: each item goes to one of them.
    receiver clone() {
        auto& shared = state();
        if (end_->closed()) detail::throw_end_closed("receiver");
        ++shared.receivers;
        return receiver(state_);
    }
    // Closes this end; again has no effect. Items that no receiver is left for are dropped. Resumes nobody inside the call.
    void close() noexcept {
        if (!state_ || end_->closed()) return;
        end_->close(state_->items.core().getters);
        if (--state_->receivers == 0) state_->items.discard();
    }
    // The same, for `with`.
    task<> aclose() {
        close();
        co_return;
    }
    channel_statistics statistics() const { return state_->statistics(); }

private:
    friend struct detail::channel_access;
    explicit receiver(std::shared_ptr<detail::channel_state<T>> state)
        : state_(std::move(state)), end_(std::make_unique<detail::channel_end>()) {}
    detail::channel_state<T>& state() {
        if (!state_) detail::throw_end_closed("receiver");
        return *state_;
    }
    std::shared_ptr<detail::channel_state<T>> state_;
    std::unique_ptr<detail::channel_end> end_;
};

namespace detail {
struct channel_access {
    template <class T, class Capacity>
    static std::pair<sender<T>, receiver<T>> make(Capacity capacity, std::string name) {
        auto state = std::make_shared<channel_state<T>>(capacity, std::move(name));
        return {sender<T>(state), receiver<T>(state)};
    }
};
}  // namespace detail

// The two ends of a new channel. Capacity 0: each send waits until its item is taken.
template <class T>
std::pair<sender<T>, receiver<T>> channel(std::size_t capacity, std::string name = {}) {
    return detail::channel_access::make<T>(capacity, std::move(name));
}
template <class T>
std::pair<sender<T>, receiver<T>> channel(concurrency unbounded_capacity, std::string name = {}) {
    return detail::channel_access::make<T>(unbounded_capacity, std::move(name));
}

}  // namespace hem
