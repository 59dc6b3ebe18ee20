// A child task with its callable, arguments and outcome in one counted block. The loop holds one count until the child has ended, each
// handle another; callable, arguments and frame are destroyed when the child ends, whoever still looks at the outcome.
#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {

template <class T>
class counted {
public:
    explicit counted(T& object) noexcept : object_(&object) { object.add_reference(); }
    counted(const counted& other) noexcept : object_(other.object_) {
        if (object_) object_->add_reference();
    }
    counted(counted&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    counted& operator=(counted other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~counted() {
        if (object_) object_->drop_reference();
    }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }

private:
    T* object_;
};

// Told when a task has ended and its outcome stands. Runs in the loop, resumes nobody; may unlink itself and others.
struct end_tag;
struct end_watcher : list_link<end_tag> {
    explicit end_watcher(void (*callback)(end_watcher&) noexcept) noexcept : ended(callback) {}
    void (*ended)(end_watcher&) noexcept;
};

class spawned_base : public task_header {
public:
    void release() noexcept override {
        handle_scope.reset();  // lies in the scope around it, which a handle may outlive
        while (!watchers.empty()) {
            end_watcher& watcher = watchers.pop_front();
            watcher.ended(watcher);
        }
        drop_reference();
    }
    void add_reference() noexcept { ++references_; }
    void drop_reference() noexcept {
        if (--references_ == 0) destroy();
    }
    void cancel_from_handle(std::string reason, const std::source_location& where);
    virtual bool failed() const noexcept = 0;
    wait_list waiters;  // who awaits a handle
    intrusive_list<end_watcher, end_tag> watchers;

protected:
    ~spawned_base() = default;
    virtual void destroy() noexcept = 0;
    void wake_waiters() noexcept;
    [[noreturn]] void throw_not_done() const;

private:
    unsigned references_ = 1;
};

template <class T>
class spawned_task : public spawned_base {
public:
    const outcome<T>& result_or_throw() const {
        if (!finished) throw_not_done();
        return result;
    }
    bool failed() const noexcept final { return !result.has_value() && !result.is_cancelled(); }
    void set_cancelled() noexcept final { result.set_cancelled(); }
    void set_error(std::exception_ptr error) noexcept final { result.set_error(std::move(error)); }
    outcome<T> result;

protected:
    ~spawned_task() = default;
};

template <class F, class... Args>
struct call_result {
    using task_type = decltype(std::declval<F&>()(std::declval<Args&&>()...));
    static_assert(is_task<task_type>, "pass a function that returns a hem::task: a child is a coroutine, called with its own arguments");
    using type = typename task_type::value_type;
};

// The function takes the arguments as the child keeps them.
template <class F, class... Args>
concept callable_as_stored = requires(F& f, Args&&... args) { f(static_cast<Args&&>(args)...); };

// A child made by calling a stored function with stored arguments.
template <class F, class... Args>
class spawned_callable : public spawned_task<typename call_result<F, Args...>::type> {
public:
    using value_type = typename call_result<F, Args...>::type;

    template <class G, class... Given>
    explicit spawned_callable(G&& f, Given&&... args) : call_(std::in_place, std::forward<G>(f), std::forward<Given>(args)...) {}

    void start() override {
        try {
            invoke(std::index_sequence_for<Args...>());
        } catch (...) {
            this->result.set_error(std::current_exception());
            this->loop->just_finished = this;
            return;
        }
        auto handle = task_access::handle(child_);
        handle.promise().start();
        handle.resume();
    }
    std::exception_ptr finish() noexcept override {
        if (auto handle = task_access::handle(child_)) this->result = std::move(handle.promise().result);
        child_ = task<value_type>();
        call_.reset();
        this->wake_waiters();
        return this->result.error();
    }

protected:
    ~spawned_callable() = default;

private:
    struct stored {
        template <class G, class... Given>
        explicit stored(G&& f, Given&&... given) : callable(std::forward<G>(f)), args(std::forward<Given>(given)...) {}
        F callable;
        std::tuple<Args...> args;
    };
    template <std::size_t... I>
    void invoke(std::index_sequence<I...>) {
        child_ = call_->callable(static_cast<Args&&>(std::get<I>(call_->args))...);
    }

    std::optional<stored> call_;
    task<value_type> child_;
};

template <class F, class... Args>
class spawned_call final : public spawned_callable<F, Args...> {
public:
    using spawned_callable<F, Args...>::spawned_callable;

    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept { frame_pool::deallocate(memory, bytes); }

private:
    void destroy() noexcept override { delete this; }
};

template <class T>
class [[nodiscard("not awaited: write co_await")]] handle_awaiter : public wait_node {
public:
    explicit handle_awaiter(spawned_task<T>& target) noexcept : wait_node(ops), target_(target) {}
    bool await_ready() {
        if (begin_wait(*this)) return true;
        if (task == &target_) throw_self_wait();
        return target_.finished && complete_now(*this);
    }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
        if (suspend_wait(*this, handle)) target_.waiters.push_back(*this);
    }
    decltype(auto) await_resume() {
        end_wait(*this);
        return static_cast<const outcome<T>&>(target_.result).value();
    }

private:
    [[noreturn]] static void throw_self_wait();
    static bool abort(wait_node& node) noexcept {
        node.unlink();
        return true;
    }
    static wait_target target(const wait_node& node) noexcept {
        auto& awaited = static_cast<const handle_awaiter&>(node).target_;
        return {.name = awaited.name ? std::string_view(*awaited.name) : std::string_view(), .owner = &awaited, .object = &awaited};
    }
    static constexpr wait_ops ops{"task", abort, nullptr, target};
    spawned_task<T>& target_;
};

[[noreturn]] void throw_task_waits_for_itself();
template <class T>
void handle_awaiter<T>::throw_self_wait() {
    throw_task_waits_for_itself();
}

}  // namespace hem::detail
