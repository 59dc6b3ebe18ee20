// How something ended: with a value, with an error, or cancelled. What the `_settled` forms return, and what a finished task keeps.
//
// An error that a `_settled` form, `settled` or `as_completed` handed out and that nobody looked at is reported when its outcome is
// destroyed. Every question is a look: has_value(), is_cancelled(), error(), value(), value_or(). A copy takes over nothing: whoever copies
// has looked.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "hem/core/detail/cold_call.hpp"

namespace hem {

namespace detail {
[[noreturn]] void throw_task_cancelled();
void report_unread(const std::exception_ptr& error) noexcept;
struct unit {};
}  // namespace detail

template <class T = void>
class [[nodiscard("this outcome may hold an error: call value() or check has_value()")]] outcome {
    using stored =
        std::conditional_t<std::is_void_v<T>, detail::unit, std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;
    enum class kind : unsigned char { empty, value, error, cancelled };

public:
    using value_type = T;

    outcome() noexcept : kind_(kind::empty) {}
    outcome(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>)
        : kind_(other.kind_), owed_(std::exchange(other.owed_, false)) {
        if (kind_ == kind::value) std::construct_at(&value_, std::move(other.value_));
        if (kind_ == kind::error) std::construct_at(&error_, std::move(other.error_));
    }
    outcome(const outcome& other)
        requires std::is_copy_constructible_v<stored>
        : kind_(other.kind_) {
        other.owed_ = false;
        if (kind_ == kind::value) std::construct_at(&value_, other.value_);
        if (kind_ == kind::error) std::construct_at(&error_, other.error_);
    }
    outcome& operator=(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<stored>) {
        if (this != &other) {
            reset();
            std::construct_at(this, std::move(other));
        }
        return *this;
    }
    ~outcome() { reset(); }

    // True for a value.
    bool has_value() const noexcept { return seen() == kind::value; }
    bool is_cancelled() const noexcept { return seen() == kind::cancelled; }
    // The error, null if there is none. Looking at it costs no throw.
    std::exception_ptr error() const noexcept { return seen() == kind::error ? error_ : nullptr; }

    // The value; throws the error that is inside, task_cancelled if it was cancelled.
    decltype(auto) value() & { return get(*this); }
    decltype(auto) value() const& { return get(*this); }
    decltype(auto) value() && { return get(std::move(*this)); }
    template <class U>
        requires(!std::is_void_v<T>)
    T value_or(U&& fallback) const& {
        return has_value() ? get(*this) : static_cast<T>(std::forward<U>(fallback));
    }
    template <class U>
        requires(!std::is_void_v<T>)
    T value_or(U&& fallback) && {
        return has_value() ? get(std::move(*this)) : static_cast<T>(std::forward<U>(fallback));
    }

    // ---- for the runtime
    template <class... Args>
    void set_value(Args&&... args) {
        reset();
        std::construct_at(&value_, std::forward<Args>(args)...);
        kind_ = kind::value;
    }
    // The same when nothing was set before.
    template <class... Args>
    void set_first_value(Args&&... args) {
        std::construct_at(&value_, std::forward<Args>(args)...);
        kind_ = kind::value;
    }
    void set_error(std::exception_ptr error) noexcept {
        reset();
        std::construct_at(&error_, std::move(error));
        kind_ = kind::error;
    }
    void set_cancelled() noexcept {
        reset();
        kind_ = kind::cancelled;
    }
    bool empty() const noexcept { return kind_ == kind::empty; }
    // From here on somebody owes the error, if it holds one, a look.
    outcome&& handed_out() && noexcept {
        owed_ = true;
        return std::move(*this);
    }

private:
    kind seen() const noexcept {
        owed_ = false;
        return kind_;
    }
    template <class Self>
    static decltype(auto) get(Self&& self) {
        if (self.kind_ != kind::value) [[unlikely]] {
            self.owed_ = false;
            if (self.kind_ == kind::error) std::rethrow_exception(self.error_);
            detail::throw_task_cancelled();
        }
        if constexpr (std::is_void_v<T>) {
            return;
        } else if constexpr (std::is_reference_v<T>) {
            return static_cast<T>(*self.value_);
        } else {
            return (std::forward<Self>(self).value_);
        }
    }
    void reset() noexcept {
        if (kind_ == kind::value) std::destroy_at(&value_);
        if (kind_ == kind::error) [[unlikely]]
            drop_error(error_, owed_);
        kind_ = kind::empty;
    }
    HEM_COLD_CALL static void drop_error(std::exception_ptr& error, bool owed) noexcept {
        if (owed) detail::report_unread(error);
        std::destroy_at(&error);
    }

    union {
        stored value_;
        std::exception_ptr error_;
    };
    kind kind_;
    mutable bool owed_ = false;  // its error, if it holds one, was handed out and nobody has looked yet
};

}  // namespace hem
