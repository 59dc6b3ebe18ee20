// A one-shot result that somebody else sets; any number of tasks may await it. Setting resumes nobody inside the call.
//
//     hem::future<int> answer;
//     answer.set_result(42);               // in one task
//     int n = co_await answer;             // in others: `const int&`, valid while the future lives
//
// It must outlive its awaiters: those that a future leaves behind get broken_resource. An error that nobody looked at is reported when the
// future is destroyed.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/outcome.hpp"

namespace hem {
namespace detail {

// Everything of a future but its result.
class future_core {
public:
    explicit future_core(std::string name) : name_(std::move(name)) {}
    future_core(const future_core&) = delete;
    future_core& operator=(const future_core&) = delete;

    // For the destructor: awaiters get broken_resource; an error that nobody saw is reported.
    void abandon(const std::exception_ptr& error) noexcept;
    void touch() { owner_.touch("future", name_); }
    [[noreturn]] void throw_set_twice() const;
    // The result is there: every awaiter may go on.
    void settle() noexcept;
    wait_statistics statistics() const noexcept { return waiters_.statistics(); }

    class awaiter : public wait_node {
    public:
        explicit awaiter(future_core& target) noexcept : wait_node(ops), core_(&target) {}
        void await_suspend(std::coroutine_handle<> handle);

    protected:
        bool ready(bool done) { return begin_wait(*this, core_->owner_, "future", core_->name_) || (done && complete_now(*this)); }
        void finish();  // throws if it was cancelled or the future is gone

    private:
        friend class future_core;
        static bool abort(wait_node& node) noexcept;
        static bool revoke(wait_node& node) noexcept;
        static wait_target target(const wait_node& node) noexcept;
        static const wait_ops ops;
        future_core* core_;  // null once the future is gone
    };

private:
    parking_lot waiters_;
    wait_list settled_;  // granted, not yet resumed
    loop_owner owner_;
    std::string name_;
    bool looked_at_ = false;
};

}  // namespace detail

template <class T = void>
class future {
public:
    future() : core_(std::string()) {}
    explicit future(std::string name) : core_(std::move(name)) {}
    future(const future&) = delete;
    future& operator=(const future&) = delete;
    ~future() { core_.abandon(result_.error()); }

    // usage_error if it is set already; the try_ forms return false instead.
    template <class... Args>
    void set_result(Args&&... args) {
        if (!try_set_result(std::forward<Args>(args)...)) core_.throw_set_twice();
    }
    void set_exception(std::exception_ptr error) {
        if (!try_set_exception(std::move(error))) core_.throw_set_twice();
    }
    template <class... Args>
    bool try_set_result(Args&&... args) {
        core_.touch();
        if (done()) return false;
        result_.set_value(std::forward<Args>(args)...);
        core_.settle();
        return true;
    }
    bool try_set_exception(std::exception_ptr error) {
        core_.touch();
        if (done()) return false;
        result_.set_error(std::move(error));
        core_.settle();
        return true;
    }
    // Awaiters get task_cancelled. False if it was set before.
    bool cancel() {
        core_.touch();
        if (done()) return false;
        result_.set_cancelled();
        core_.settle();
        return true;
    }
    bool done() const noexcept { return !result_.empty(); }

    class [[nodiscard("not awaited: write co_await")]] awaiter : public detail::future_core::awaiter {
    public:
        explicit awaiter(future& target) noexcept : detail::future_core::awaiter(target.core_), target_(target) {}
        bool await_ready() { return ready(target_.done()); }
        decltype(auto) await_resume() {
            finish();
            return std::as_const(target_.result_).value();
        }

    private:
        future& target_;
    };
    // Gives `const T&`, or throws what was set. A cancel point that leaves the future and its other awaiters alone.
    awaiter operator co_await() noexcept { return awaiter(*this); }
    // The same to hand on: timeout(1s, answer.wait()).
    awaiter wait() noexcept { return awaiter(*this); }

    using statistics_type = wait_statistics;
    statistics_type statistics() const noexcept { return core_.statistics(); }

private:
    outcome<T> result_;
    detail::future_core core_;
};

}  // namespace hem
