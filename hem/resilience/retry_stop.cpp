#include "hem/resilience/retry_stop.hpp"

#include <algorithm>

namespace hem {

bool stop_condition::holds(const moment& at) const noexcept {
    bool stack[capacity];
    std::size_t top = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        const step& each = steps_[i];
        switch (each.kind) {
        case kind::attempts: stack[top++] = at.attempt >= each.limit; break;
        case kind::delay: {
            const duration limit(each.limit);
            stack[top++] = at.elapsed >= limit || at.wait >= limit - at.elapsed;
            break;
        }
        case kind::token: stack[top++] = each.token->is_set(); break;
        case kind::any: --top, stack[top - 1] = stack[top - 1] || stack[top]; break;
        case kind::all: --top, stack[top - 1] = stack[top - 1] && stack[top]; break;
        }
    }
    return stack[0];
}

int stop_condition::attempts() const noexcept {
    int stack[capacity];
    std::size_t top = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        switch (steps_[i].kind) {
        case kind::attempts: stack[top++] = static_cast<int>(steps_[i].limit); break;
        case kind::delay:
        case kind::token: stack[top++] = INT_MAX; break;
        case kind::any: --top, stack[top - 1] = std::min(stack[top - 1], stack[top]); break;
        case kind::all: --top, stack[top - 1] = std::max(stack[top - 1], stack[top]); break;
        }
    }
    return stack[0];
}

event* stop_condition::token() const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
        if (steps_[i].kind == kind::token) return steps_[i].token;
    }
    return nullptr;
}

const char* stop_condition::problem() const noexcept {
    int tokens = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        const step& each = steps_[i];
        if (each.kind == kind::attempts && each.limit < 1) return "stop_after_attempt must be at least 1";
        if (each.kind == kind::delay && each.limit < 0) return "stop_after_delay must not be negative";
        if (each.kind == kind::token && ++tokens > 1) return "only one stop_when per condition: set one event from both places";
    }
    return nullptr;
}

}  // namespace hem
