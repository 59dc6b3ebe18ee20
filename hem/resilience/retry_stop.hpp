// When a retry gives up: `stop_after_attempt(3) | stop_after_delay(30s) | stop_when(shutting_down)`, or `&` where both must hold.
#pragma once

#include <array>
#include <climits>
#include <cstdint>

#include "hem/core/clock.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/event.hpp"

// A call with constants that cannot be right does not compile.
#if defined(__clang__)
#define HEM_REFUSE_CONSTANT(condition, text) __attribute__((diagnose_if(condition, text, "error")))
#else
#define HEM_REFUSE_CONSTANT(condition, text)
#endif

namespace hem {

class stop_condition {
public:
    // What is known after a failed attempt.
    struct moment {
        int attempt;       // that failed, from 1
        duration elapsed;  // since the first began
        duration wait;     // that another attempt would begin with
    };
    bool holds(const moment& at) const noexcept;
    // There are never more calls than that; INT_MAX if nothing says so.
    int attempts() const noexcept;
    // Null, or what also ends a wait that has begun.
    event* token() const noexcept;
    // What is wrong with it; null if nothing is.
    const char* problem() const noexcept;

    friend constexpr stop_condition stop_after_attempt(int attempts);
    friend constexpr stop_condition stop_after_delay(duration delay);
    friend constexpr stop_condition stop_when(event& token);
    friend constexpr stop_condition operator|(const stop_condition& a, const stop_condition& b) { return joined(a, b, kind::any); }
    friend constexpr stop_condition operator&(const stop_condition& a, const stop_condition& b) { return joined(a, b, kind::all); }

private:
    enum class kind : std::uint8_t { attempts, delay, token, any, all };
    struct step {
        stop_condition::kind kind = kind::attempts;
        std::int64_t limit = 0;
        event* token = nullptr;
    };
    static constexpr std::size_t capacity = 16;

    constexpr stop_condition() = default;
    static constexpr stop_condition of(step only) {
        stop_condition made;
        made.steps_[made.size_++] = only;
        return made;
    }
    static constexpr stop_condition joined(const stop_condition& a, const stop_condition& b, kind by) {
        if (a.size_ + b.size_ + 1 > capacity) throw usage_error("a stop condition of more than 8 parts");
        stop_condition made = a;
        for (std::size_t i = 0; i < b.size_; ++i) made.steps_[made.size_++] = b.steps_[i];
        made.steps_[made.size_++] = {.kind = by};
        return made;
    }
    std::array<step, capacity> steps_{};  // in postfix order
    std::size_t size_ = 0;
};

// At most so many calls, the first included.
constexpr stop_condition stop_after_attempt(int attempts)
    HEM_REFUSE_CONSTANT(attempts < 1, "stop_after_attempt must be at least 1: the first call counts") {
    return stop_condition::of({.kind = stop_condition::kind::attempts, .limit = attempts});
}
// No attempt begins later than that after the first began; a wait that would end later is not begun.
constexpr stop_condition stop_after_delay(duration delay)
    HEM_REFUSE_CONSTANT(delay < duration::zero(), "stop_after_delay must not be negative") {
    return stop_condition::of({.kind = stop_condition::kind::delay, .limit = delay.count()});
}
// None once the event is set, for example because the service shuts down; that also ends a wait that has begun. At most one in a condition;
// the event must outlive the policy.
constexpr stop_condition stop_when(event& token) { return stop_condition::of({.kind = stop_condition::kind::token, .token = &token}); }

}  // namespace hem
