// A number of resources that is known at run time only: each is entered as it comes, and all are closed in reverse order when the stack's
// `with` is left, whatever happened.
//
//     co_await hem::with(hem::async_exit_stack(), [&](hem::async_exit_stack& stack) -> hem::task<> {
//         for (const auto& url : urls) links.push_back(&co_await stack.enter(connected(url)));
//         stack.callback(note_end, std::string("done"));
//         ...
//     });
//
// A handler sees the error on its way and may suppress it; entries below it then see none. Every entry is shielded for the run's
// default grace time. If the body failed, a cleanup's error is reported; otherwise it leaves.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "hem/core/callable.hpp"
#include "hem/core/with.hpp"

namespace hem {

class async_exit_stack {
public:
    async_exit_stack() noexcept = default;
    async_exit_stack(async_exit_stack&&) noexcept = default;
    async_exit_stack& operator=(async_exit_stack&&) = delete;
    // A stack with entries that were never closed is reported: nothing can be awaited here.
    ~async_exit_stack();

    // Takes a resource over, awaits the task that opens one, or enters an async_context; gives a reference that lives until the stack is
    // closed. If opening fails nothing is registered.
    template <async_closable R>
    task<R&> enter(R resource) {
        auto& kept = push_entry(std::make_unique<owned<R>>());
        co_return kept.resource.emplace(std::move(resource));
    }
    template <async_closable R>
    task<R&> enter(task<R> opening) {
        auto made = std::make_unique<owned<R>>();
        made->resource.emplace(co_await std::move(opening));
        co_return *push_entry(std::move(made)).resource;
    }
    template <class T>
    task<std::add_lvalue_reference_t<T>> enter(async_context<T> context) {
        auto made = std::make_unique<entered<T>>(std::move(context));
        reserve();
        [[maybe_unused]] auto* value = co_await detail::context_access::enter(made->context);
        push_entry(std::move(made));
        if constexpr (!std::is_void_v<T>) co_return *value;
    }

    // `handler(error)` gives a task<bool>: true suppresses the error (null if there is none).
    void push(callable<task<bool>(std::exception_ptr)> handler);
    // `f(args...)` gives a task; it does not see the error.
    template <class F, class... Args>
    void callback(F f, Args... args) {
        push([f = std::move(f), ... args = std::move(args)](std::exception_ptr) mutable -> task<bool> {
            co_await f(std::move(args)...);
            co_return false;
        });
    }

    // Moves every entry to a new stack, which then has to be closed.
    async_exit_stack pop_all() noexcept { return std::move(*this); }
    // Closes everything, last in first out; throws what a cleanup threw. May be repeated.
    task<> aclose();
    bool empty() const noexcept { return entries_.empty(); }

    // Closes everything on behalf of an error on its way (null for none); gives the error that is left.
    task<std::exception_ptr> unwind(std::exception_ptr error);

private:
    struct entry {
        virtual ~entry() = default;
        virtual task<bool> close(std::exception_ptr error) = 0;
        bool may_replace = false;  // what it throws takes the place of the error on its way
    };
    template <class R>
    struct owned final : entry {
        task<bool> close(std::exception_ptr) override {
            if (resource) co_await resource->aclose();
            co_return false;
        }
        std::optional<R> resource;
    };
    template <class T>
    struct entered final : entry {
        explicit entered(async_context<T> given) : context(std::move(given)) { this->may_replace = true; }
        task<bool> close(std::exception_ptr error) override { co_return co_await detail::context_access::leave(context, std::move(error)); }
        async_context<T> context;
    };
    struct handler_entry;

    void reserve() { entries_.reserve(entries_.size() + 1); }
    template <class E>
    E& push_entry(std::unique_ptr<E> made) {
        E& kept = *made;
        entries_.push_back(std::move(made));
        return kept;
    }

    std::vector<std::unique_ptr<entry>> entries_;
};

// The stack's own form: handlers see the body's error and may suppress it. A suppressed error of a body that owed a value is usage_error.
template <class F>
auto with(async_exit_stack stack, F body) -> task<detail::await_result_t<decltype(body(stack))>> {
    using R = detail::await_result_t<decltype(body(stack))>;
    outcome<R> result = co_await detail::run_body(body(stack));
    if (auto error = co_await stack.unwind(result.error())) std::rethrow_exception(std::move(error));
    if constexpr (!std::is_void_v<R>) {
        if (!result.has_value()) throw usage_error("a handler of an exit stack suppressed the error of a body that owed a value");
        co_return std::move(result).value();
    }
}

}  // namespace hem
