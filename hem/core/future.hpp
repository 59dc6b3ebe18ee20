// A one-shot result that somebody else sets; any number of tasks may await it. Setting resumes nobody inside the call.
#pragma once

#include <exception>
#include <utility>

#include "hem/core/detail/parking_lot.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/outcome.hpp"

namespace hem {

template <class T = void>
class future {
public:
    future() noexcept = default;
    future(const future&) = delete;
    future& operator=(const future&) = delete;

    // usage_error if it is set already; the try_ forms return false instead.
    template <class... Args>
    void set_result(Args&&... args) {
        if (!try_set_result(std::forward<Args>(args)...)) throw usage_error("this future has its result already");
    }
    void set_exception(std::exception_ptr error) {
        if (!try_set_exception(std::move(error))) throw usage_error("this future has its result already");
    }
    template <class... Args>
    bool try_set_result(Args&&... args) {
        if (done()) return false;
        result_.set_value(std::forward<Args>(args)...);
        waiters_.grant_all(this);
        return true;
    }
    bool try_set_exception(std::exception_ptr error) noexcept {
        if (done()) return false;
        result_.set_error(std::move(error));
        waiters_.grant_all(this);
        return true;
    }
    // Awaiters get task_cancelled.
    bool cancel() noexcept {
        if (done()) return false;
        result_.set_cancelled();
        waiters_.grant_all(this);
        return true;
    }
    bool done() const noexcept { return !result_.empty(); }

    class [[nodiscard("not awaited: write co_await")]] awaiter : public detail::wait_node {
    public:
        explicit awaiter(future& target) noexcept : wait_node(ops), target_(target) {}
        bool await_ready() { return begin_wait(*this) || (target_.done() && complete_now(*this)); }
        void await_suspend(std::coroutine_handle<> handle) {
            if (suspend_wait(*this, handle)) target_.waiters_.park(*this);
        }
        decltype(auto) await_resume() {
            end_wait(*this);
            return std::as_const(target_.result_).value();
        }

    private:
        static bool abort(detail::wait_node& node) noexcept {
            static_cast<awaiter&>(node).target_.waiters_.remove(node);
            return true;
        }
        static constexpr detail::wait_ops ops{"future", abort, nullptr};
        future& target_;
    };
    // Gives `const T&`, or throws what was set. A cancel point that leaves the future and its other awaiters alone.
    awaiter operator co_await() noexcept { return awaiter(*this); }

private:
    outcome<T> result_;
    detail::parking_lot waiters_;
};

}  // namespace hem
