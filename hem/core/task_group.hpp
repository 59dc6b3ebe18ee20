// Task groups: children that run side by side inside a scope that waits for them. The only way to start a task.
//
//     co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
//         auto a = group.create_task(fetch, url);          // callable and arguments move into the child
//         group.create_task(consumer, std::ref(queue));    // a reference is written std::ref
//         use(co_await a);
//     });                                                  // returns when body and children have ended
//
// The first failure cancels body and siblings, waits for them, and leaves as itself; later ones are reported. What children share lives
// outside the group, because the body's locals die before the children end.
#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

#include "hem/core/context.hpp"
#include "hem/core/current.hpp"
#include "hem/core/detail/group_core.hpp"
#include "hem/core/detail/spawned_task.hpp"
#include "hem/core/is_spawn_safe.hpp"
#include "hem/core/task.hpp"
#include "hem/core/task_status.hpp"

namespace hem {

enum class errors : unsigned char { first, all };

struct task_group_options {
    errors errors = errors::first;  // all: every failure, as an exception_group, even a single one
    std::string name;
    std::size_t warn_above = 10'000;  // report at so many live children, once; 0: never
};

struct create_task_options {
    std::string name;
    std::optional<hem::context> context;                           // instead of a copy of the creator's
    bool eager_start = false;                                      // run it to its first suspension at once
    std::source_location where = std::source_location::current();  // for task lists
};

namespace detail {
struct handle_access;
}

// A shared view of a child. Dropping it neither stops nor loses the child; to watch is not to own.
template <class T>
class task_handle {
public:
    using value_type = T;

    // co_await handle: waits for the child's end and gives `const T&`, valid while this handle lives. Throws the child's error (in its
    // group, too), task_cancelled if it was cancelled. A cancel point that leaves the child alone.
    detail::handle_awaiter<T> operator co_await() const { return detail::handle_awaiter<T>(*state_); }

    bool done() const noexcept { return state_->finished; }
    // How it ended; usage_error before that.
    const hem::outcome<T>& outcome() const { return state_->result_or_throw(); }
    // Ends that child only; its group goes on.
    void cancel(std::string reason = {}, std::source_location where = std::source_location::current()) const {
        state_->cancel_from_handle(std::move(reason), where);
    }
    std::string name() const { return state_->display_name(); }
    std::uint64_t id() const noexcept { return state_->id; }

private:
    friend class task_group;
    friend struct detail::handle_access;
    explicit task_handle(detail::spawned_task<T>& state) noexcept : state_(state) {}
    detail::counted<detail::spawned_task<T>> state_;
};

namespace detail {
struct handle_access {
    template <class T>
    static spawned_base& task(const task_handle<T>& handle) noexcept {
        return *handle.state_;
    }
};
}  // namespace detail

class task_group;

// Runs `body(group)`, waits for every child, returns the body's value. No cancel point while it waits: the children were interrupted
// already.
template <class F>
auto with_task_group(task_group_options options, F body, std::source_location where = std::source_location::current())
    -> task<detail::await_result_t<decltype(body(std::declval<task_group&>()))>>;

class task_group {
public:
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    // Stores `f` and `args`, registers and queues the child; it starts in a later tick, in a copy of the creator's context. No checkpoint.
    // Throws group_closed, after destroying callable and arguments, if the group failed, was cancelled or has ended.
    // (One overload per number of arguments: the place of the call, a default argument, cannot follow a pack. From four arguments on the
    // place is known if options are given.)
    template <class F>
        requires(!std::is_convertible_v<F, create_task_options>)
    auto create_task(F&& f, std::source_location where = std::source_location::current()) {
        return spawn(nullptr, where, std::forward<F>(f));
    }
    template <class F, class A>
        requires(!std::is_convertible_v<F, create_task_options>)
    auto create_task(F&& f, A&& a, std::source_location where = std::source_location::current()) {
        return spawn(nullptr, where, std::forward<F>(f), std::forward<A>(a));
    }
    template <class F, class A, class B>
        requires(!std::is_convertible_v<F, create_task_options>)
    auto create_task(F&& f, A&& a, B&& b, std::source_location where = std::source_location::current()) {
        return spawn(nullptr, where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b));
    }
    template <class F, class A, class B, class C>
        requires(!std::is_convertible_v<F, create_task_options>)
    auto create_task(F&& f, A&& a, B&& b, C&& c, std::source_location where = std::source_location::current()) {
        return spawn(nullptr, where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
    }
    template <class F, class A, class B, class C, class D, class... More>
        requires(!std::is_convertible_v<F, create_task_options> && !std::is_same_v<std::remove_cvref_t<D>, std::source_location>)
    auto create_task(F&& f, A&& a, B&& b, C&& c, D&& d, More&&... more) {
        return spawn(nullptr, std::source_location(), std::forward<F>(f), std::forward<A>(a), std::forward<B>(b), std::forward<C>(c),
                     std::forward<D>(d), std::forward<More>(more)...);
    }
    template <class F, class... Args>
    auto create_task(create_task_options options, F&& f, Args&&... args) {
        return spawn(&options, options.where, std::forward<F>(f), std::forward<Args>(args)...);
    }
    template <class T>
    void create_task(task<T>) =
        delete("pass the function and its arguments: create_task(fetch, url); arguments of a ready-made task may dangle");

    // Spawns `f(status, args...)`, `f` with a first parameter task_status<V>&, waits until it calls status.started(v), and gives v. An
    // error before that leaves start() alone and the group lives on; a child that ends without the call is usage_error. Until then a
    // cancellation of the caller cancels the child, and start() lasts until it has ended; afterwards the child is the group's. A
    // checkpoint. Throws group_closed like create_task.
    template <class F, class... Args>
    HEM_CORO_WRAPPER auto start(F&& f, Args&&... args) {
        using value = typename detail::started_value<std::decay_t<F>>::type;
        return start<value>(std::forward<F>(f), std::forward<Args>(args)...);
    }
    // Where V cannot be told from `f`, as with a generic lambda.
    template <class V, class F, class... Args>
    HEM_CORO_WRAPPER auto start(F&& f, Args&&... args) {
        return start_child<V, std::decay_t<F>, detail::stored_argument_t<Args&&>...>(*this, std::forward<F>(f),
                                                                                     std::forward<Args>(args)...);
    }

    // The group's scope: a deadline of it, like cancel(), ends body and children silently.
    scope_view scope() noexcept { return scope_view(core_.scope); }
    // Ends body and children silently; with_task_group then returns normally.
    void cancel(std::string reason = {}, std::source_location where = std::source_location::current());
    // For the body: waits until no child is left while the group stays open. A cancel point.
    auto join() noexcept { return core_.join(); }
    // Live children.
    std::size_t size() const noexcept { return core_.live(); }
    // High-water mark of live children.
    std::size_t peak() const noexcept { return core_.peak(); }

private:
    template <class F>
    friend auto with_task_group(task_group_options options, F body, std::source_location where)
        -> task<detail::await_result_t<decltype(body(std::declval<task_group&>()))>>;

    template <class V, class F, class... Args>
    static task<V> start_child(task_group& group, F f, Args... args) {
        auto& caller = detail::current_task_header();
        if (caller.scope->cancelled()) detail::throw_cancelled(caller);
        detail::start_state<V> state;
        // Moved, so that a refusal destroys them before it leaves.
        std::tuple<F, Args...> call(std::move(f), std::move(args)...);
        auto child = std::apply(
            [&](F& callable, Args&... each) {
                return group.create_task(detail::start_access::run<V, F, Args...>, std::ref(state), std::move(callable),
                                         std::move(each)...);
            },
            call);
        state.watch(detail::handle_access::task(child));
        co_await state;
        if (state.result.empty()) child.outcome().value();
        if (state.result.is_cancelled()) detail::throw_start_cancelled();
        co_return std::move(state.result).value();
    }

    task_group(task_group_options options, const std::source_location& where);
    [[noreturn]] void refuse() const;
    void launch(detail::task_header& child, create_task_options* options, const std::source_location& where);

    template <class F, class... Args>
    auto spawn(create_task_options* options, const std::source_location& where, F&& f, Args&&... args) {
        static_assert(!detail::is_task<std::decay_t<F>>,
                      "pass the function and its arguments: create_task(fetch, url); arguments of a ready-made task may dangle");
        static_assert((is_spawn_safe<detail::stored_argument_t<Args&&>> && ...),
                      "an argument is a view or raw pointer that may dangle in the child: move the value in, or pass std::ref of something "
                      "that outlives the group");
        constexpr bool callable =
            detail::is_task<std::decay_t<F>> || detail::callable_as_stored<std::decay_t<F>, detail::stored_argument_t<Args&&>...>;
        static_assert(callable, "the function does not take these arguments as the child keeps them: pass std::ref(x) for a reference "
                                "parameter, everything else by value");
        if constexpr (callable) {
            using call = detail::spawned_call<std::decay_t<F>, detail::stored_argument_t<Args&&>...>;
            if (!core_.accepts()) [[unlikely]]
                refuse();
            auto* child = new call(std::forward<F>(f), std::forward<Args>(args)...);
            task_handle<typename call::value_type> handle(*child);
            launch(*child, options, where);
            return handle;
        }
    }

    detail::group_core core_;
    std::string name_;
};

template <class F>
auto with_task_group(task_group_options options, F body, std::source_location where)
    -> task<detail::await_result_t<decltype(body(std::declval<task_group&>()))>> {
    using T = detail::await_result_t<decltype(body(std::declval<task_group&>()))>;
    task_group group(std::move(options), where);
    bool done = false;
    if constexpr (std::is_void_v<T>) {
        try {
            co_await body(group);
            done = true;
        } catch (...) {
            group.core_.body_failed(std::current_exception());
        }
        co_await group.core_.wait_for_children();
        group.core_.conclude(done);
    } else {
        std::optional<T> value;
        try {
            value.emplace(co_await body(group));
            done = true;
        } catch (...) {
            group.core_.body_failed(std::current_exception());
        }
        co_await group.core_.wait_for_children();
        if (!group.core_.conclude(done)) detail::throw_task_cancelled();
        co_return *std::move(value);
    }
}
template <class F>
    requires(!std::is_convertible_v<F, task_group_options>)
HEM_CORO_WRAPPER auto with_task_group(F body, std::source_location where = std::source_location::current()) {
    return with_task_group(task_group_options{}, std::move(body), where);
}

template <class F, class... Args>
void create_task(F&&, Args&&...) = delete("tasks belong to a scope: use with_task_group");

}  // namespace hem
