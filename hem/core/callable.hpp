// callable<task<R>(A...)>: a type-erased function that returns a task. std::function cannot carry one: clang's lifetime attributes, which
// catch dangling arguments, refuse tasks inside libstdc++'s wrappers. Move-only; small trivially copyable callables are stored in place.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "hem/core/task.hpp"

namespace hem {

template <class Signature>
class callable;

template <class R, class... Args>
class callable<task<R>(Args...)> {
    static constexpr std::size_t inline_bytes = 3 * sizeof(void*);
    template <class F>
    static constexpr bool fits = sizeof(F) <= inline_bytes && alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

public:
    callable() noexcept = default;
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, callable> &&
                 std::is_same_v<decltype(std::declval<std::decay_t<F>&>()(std::declval<Args>()...)), task<R>>)
    callable(F&& f) {  // NOLINT(google-explicit-constructor): a callable stands wherever a function is expected
        using stored = std::decay_t<F>;
        if constexpr (fits<stored>) {
            std::construct_at(reinterpret_cast<stored*>(storage_), std::forward<F>(f));
            operations_ = &inline_operations<stored>;
        } else {
            std::construct_at(reinterpret_cast<stored**>(storage_), std::make_unique<stored>(std::forward<F>(f)).release());
            operations_ = &heap_operations<stored>;
        }
    }
    callable(callable&& other) noexcept : operations_(std::exchange(other.operations_, nullptr)) {
        if (operations_) operations_->move(storage_, other.storage_);
    }
    callable& operator=(callable&& other) noexcept {
        if (this != &other) {
            reset();
            operations_ = std::exchange(other.operations_, nullptr);
            if (operations_) operations_->move(storage_, other.storage_);
        }
        return *this;
    }
    ~callable() { reset(); }

    explicit operator bool() const noexcept { return operations_ != nullptr; }
    // Calls it; it must hold something. The callable must outlive the task.
    HEM_CORO_WRAPPER task<R> operator()(Args... args) const {
        return operations_->call(const_cast<std::byte*>(storage_), static_cast<Args&&>(args)...);
    }

private:
    struct operations {
        task<R> (*call)(std::byte*, Args&&...);
        void (*move)(std::byte* to, std::byte* from) noexcept;
        void (*destroy)(std::byte*) noexcept;
    };
    template <class F>
    HEM_CORO_WRAPPER static task<R> call_inline(std::byte* memory, Args&&... args) {
        return (*std::launder(reinterpret_cast<F*>(memory)))(static_cast<Args&&>(args)...);
    }
    template <class F>
    HEM_CORO_WRAPPER static task<R> call_heap(std::byte* memory, Args&&... args) {
        return (**std::launder(reinterpret_cast<F**>(memory)))(static_cast<Args&&>(args)...);
    }
    template <class F>
    static constexpr operations inline_operations{
        call_inline<F>,
        [](std::byte* to, std::byte* from) noexcept {
            F& source = *std::launder(reinterpret_cast<F*>(from));
            std::construct_at(reinterpret_cast<F*>(to), std::move(source));
            std::destroy_at(&source);
        },
        [](std::byte* memory) noexcept { std::destroy_at(std::launder(reinterpret_cast<F*>(memory))); }};
    template <class F>
    static constexpr operations heap_operations{call_heap<F>,
                                                [](std::byte* to, std::byte* from) noexcept {
                                                    std::construct_at(reinterpret_cast<F**>(to),
                                                                      *std::launder(reinterpret_cast<F**>(from)));
                                                },
                                                [](std::byte* memory) noexcept { delete *std::launder(reinterpret_cast<F**>(memory)); }};

    void reset() noexcept {
        if (operations_) std::exchange(operations_, nullptr)->destroy(storage_);
    }

    alignas(void*) std::byte storage_[inline_bytes] = {};
    const operations* operations_ = nullptr;
};

}  // namespace hem
