// Context variables: values that travel with a task, like Python's contextvars. A child gets a copy of its creator's context when it is
// created; later changes on either side stay there. A task that is awaited directly shares its caller's.
//
//     inline hem::context_var<std::string> request_id{"request_id", "-"};
//     auto bound = request_id.bind("42");      // until the guard's end, in this task and what it starts
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include "hem/core/detail/context_node.hpp"
#include "hem/core/detail/frame_pool.hpp"

namespace hem {

class task_group;

namespace detail {
// The context of what runs now: the current task's, or the thread's own outside of a task (workers run with their caller's).
context_pointer& current_context() noexcept;
}  // namespace detail

// A snapshot of all variables. Copying costs O(1).
class context {
public:
    // The calling task's variables as they are now.
    static context copy_current() { return context(detail::current_context()); }

    // Runs `f()`, a plain function, with this context in place of the current one; its changes stay in this object.
    template <class F>
    decltype(auto) run(F&& f) {
        swap_guard guard(*this);
        return std::forward<F>(f)();
    }

private:
    friend class task_group;
    explicit context(detail::context_pointer pointer) noexcept : pointer_(std::move(pointer)) {}
    struct swap_guard {
        explicit swap_guard(context& c) noexcept : changed(c) { std::swap(detail::current_context(), changed.pointer_); }
        ~swap_guard() { std::swap(detail::current_context(), changed.pointer_); }
        context& changed;
    };
    detail::context_pointer pointer_;
};

// A variable; make it with static storage. Its name is for logs and debuggers.
template <class T>
class context_var {
    struct node : detail::context_node {
        template <std::invocable F>
        node(const void* variable, F&& make) : value(std::forward<F>(make)()) {
            key = variable;
            next = nullptr;
            destroy = [](detail::context_node* self) noexcept { delete static_cast<node*>(self); };
            clone = copy;
        }
        // A function of its own: a lambda here would be another one in each constructor that it makes.
        static detail::context_node* copy(const detail::context_node* self) {
            return new node(self->key, [self]() -> const T& { return static_cast<const node*>(self)->value; });
        }
        // Bound and left again with every request or attempt: recycled like frames.
        static void* operator new(std::size_t bytes) { return detail::frame_pool::allocate(bytes); }
        static void operator delete(void* memory, std::size_t bytes) noexcept { detail::frame_pool::deallocate(memory, bytes); }
        T value;
    };
    static_assert(alignof(T) <= alignof(std::max_align_t), "hem: a context variable's value must not be over-aligned");

public:
    explicit context_var(const char* name, T fallback = T()) : name_(name), fallback_(std::move(fallback)) {}
    context_var(const context_var&) = delete;

    // The value in the current context, else the default. Valid until the variable is set again in this context.
    const T& get() const noexcept {
        const auto* found = detail::current_context().find(this);
        return found ? static_cast<const node*>(found)->value : fallback_;
    }
    void set(T value) {
        auto& context = detail::current_context();
        auto* head = context.get();
        if (head && head->key == this && head->references.load(std::memory_order_acquire) == 1) {
            static_cast<node*>(head)->value = std::move(value);
            return;
        }
        push([&]() -> T&& { return std::move(value); });
    }

    // Sets the value until the guard ends, then puts the context back as it was.
    class [[nodiscard("the binding ends at once: keep the guard in a variable")]] binding {
    public:
        binding(context_var& variable, T value) : saved_(detail::current_context()) { variable.set(std::move(value)); }
        // The value that `make()` gives, made where it stays.
        template <std::invocable F>
        binding(context_var& variable, F&& make) : saved_(detail::current_context()) {
            variable.push(std::forward<F>(make));
        }
        binding(const binding&) = delete;
        ~binding() { detail::current_context() = std::move(saved_); }

    private:
        detail::context_pointer saved_;
    };
    binding bind(T value) { return binding(*this, std::move(value)); }

    const char* name() const noexcept { return name_; }

private:
    template <class F>
    void push(F&& make) {
        detail::current_context().push(new node(this, std::forward<F>(make)));
    }

    const char* name_;
    T fallback_;
};

}  // namespace hem
