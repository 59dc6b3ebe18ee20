// A call that one thread sends to the loop of another: it runs there as a task, and its outcome goes back to whoever waits, a blocked
// thread or a task of another loop. from_thread::run, portals and submit_to stand on it; they differ in where the task belongs
// (remote_place).
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "hem/core/context.hpp"
#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/spawned_task.hpp"

namespace hem::detail {

// Where the task belongs on its loop. Called on the loop only.
class remote_place {
public:
    // Gives the task its scope and queues it, or throws what the caller shall get.
    virtual void admit(kernel& loop, task_header& child) = 0;
    // The task has ended; frame and arguments are gone.
    virtual void child_ended(task_header& child) noexcept = 0;

protected:
    ~remote_place() = default;
};

// What caller and task share. Everything is thread-safe unless it says otherwise.
class remote_result_base : public std::enable_shared_from_this<remote_result_base> {
public:
    explicit remote_result_base(std::shared_ptr<inbox> target);
    remote_result_base(const remote_result_base&) = delete;
    remote_result_base& operator=(const remote_result_base&) = delete;

    // Blocks this thread until the task has ended. usage_error on a thread that runs a loop, unless it has ended already.
    void wait();
    // The same; false if it has not ended after `limit`.
    bool wait_within(duration limit);
    bool done() const noexcept { return done_.load(std::memory_order_acquire); }
    // Of the loop where it runs.
    std::uint32_t loop_number() const noexcept { return target_->loop(); }
    // Asks the task to end; at most one request is sent.
    void request_cancel(std::string reason) noexcept;
    // `told` is pushed to `home` when the task has ended; false if it has already.
    bool listen(std::shared_ptr<inbox> home, post_node& told) noexcept;

    // On the target loop.
    void begun(spawned_base& task) noexcept { task_ = &task; }
    void ended() noexcept;

protected:
    virtual ~remote_result_base();
    // The error, if nobody took it.
    void report_untaken(const std::exception_ptr& error) const noexcept;

private:
    struct meeting;
    struct cancel_node : post_node {
        std::shared_ptr<remote_result_base> result;
        std::string reason;
    };
    std::shared_ptr<inbox> target_;
    spawned_base* task_ = nullptr;
    std::unique_ptr<meeting> meeting_;
    std::atomic<bool> done_{false};
    std::atomic<bool> cancel_sent_{false};
    cancel_node cancel_;
};

template <class T>
class remote_result final : public remote_result_base {
public:
    using remote_result_base::remote_result_base;
    ~remote_result() override {
        if (!taken_ && result.error()) report_untaken(result.error());
    }
    // Once it is done: the value, or throws.
    T take() {
        taken_ = true;
        return std::move(result).value();
    }
    void forget() noexcept { taken_ = true; }
    outcome<T> result;

private:
    bool taken_ = false;
};

// The task on its loop, and the post that brings it there. Made on the sending thread.
class remote_launch : public post_node {
public:
    remote_launch(std::shared_ptr<remote_place> place, spawned_base& task, std::shared_ptr<remote_result_base> shared) noexcept;
    // Sends it with the sender's context. If the loop has ended the result is run_finished.
    void send(inbox& target) noexcept;

protected:
    ~remote_launch() = default;
    void tell_end() noexcept;
    virtual void refuse(std::exception_ptr error) noexcept = 0;

private:
    void launch() noexcept;
    void give_back(std::exception_ptr why) noexcept;
    std::shared_ptr<remote_place> place_;
    spawned_base* task_;
    std::shared_ptr<remote_result_base> shared_;
};

template <class F, class... Args>
class remote_task final : public spawned_callable<F, Args...>, public remote_launch {
    using base = spawned_callable<F, Args...>;

public:
    using value_type = typename base::value_type;

    template <class G, class... Given>
    remote_task(std::shared_ptr<remote_place> place, std::shared_ptr<remote_result<value_type>> shared, G&& f, Given&&... args)
        : base(std::forward<G>(f), std::forward<Given>(args)...), remote_launch(std::move(place), *this, shared), result_(shared.get()) {}

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::deallocate(memory, bytes); }

    void release() noexcept override {
        result_->result = std::move(this->result);
        tell_end();
        base::release();
    }

private:
    void refuse(std::exception_ptr error) noexcept override { result_->result.set_error(std::move(error)); }
    void destroy() noexcept override { delete this; }
    remote_result<value_type>* result_;
};

// What a call across threads gives: the value of a coroutine function, or that of a plain one.
template <class F, class... Args>
struct remote_value {
    using type = std::invoke_result_t<F&, Args&&...>;
    static constexpr bool plain = true;
};
template <class F, class... Args>
    requires is_task<std::invoke_result_t<F&, Args&&...>>
struct remote_value<F, Args...> {
    using type = typename std::invoke_result_t<F&, Args&&...>::value_type;
    static constexpr bool plain = false;
};
template <class F, class... Args>
using remote_value_t = typename remote_value<F, Args...>::type;

// A plain function as a coroutine function.
template <class F>
struct as_coroutine {
    F f;
    template <class... Args>
    auto operator()(Args... args) -> task<std::invoke_result_t<F&, Args&&...>> {
        co_return f(static_cast<Args&&>(args)...);
    }
};

// A place that outlives every call to it.
inline std::shared_ptr<remote_place> lasting_place(remote_place& place) noexcept { return {std::shared_ptr<void>(), &place}; }

// Sends `f(args...)` to the loop behind `target`. Never blocks; what the loop refuses is the result's error.
template <class F, class... Args>
auto send_call(const std::shared_ptr<inbox>& target, std::shared_ptr<remote_place> place, F f, Args... args) {
    auto shared = std::make_shared<remote_result<remote_value_t<F, Args...>>>(target);
    if constexpr (remote_value<F, Args...>::plain) {
        using fresh = remote_task<as_coroutine<F>, Args...>;
        (new fresh(std::move(place), shared, as_coroutine<F>{std::move(f)}, std::move(args)...))->send(*target);
    } else {
        using fresh = remote_task<F, Args...>;
        (new fresh(std::move(place), shared, std::move(f), std::move(args)...))->send(*target);
    }
    return shared;
}

}  // namespace hem::detail
