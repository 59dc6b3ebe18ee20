// Scopes that were cancelled and not yet left: tasks that still run in them a second later are reported, each second. Cleanup behind
// a shield is not meant: its grace time bounds it. The loop asks `due` once per tick; nothing is armed, so a virtual clock is not moved.
#pragma once

#include <vector>

#include "hem/core/clock.hpp"

namespace hem::detail {

class scope_state;
struct task_header;

class cancel_watch {
public:
    static constexpr duration patience = std::chrono::seconds(1);

    void add(scope_state& scope, time_point now) noexcept;
    void remove(scope_state& scope) noexcept;
    // When to look next; time_point::max() while nothing is watched.
    time_point due() const noexcept { return due_; }
    void look(time_point now) noexcept;

private:
    struct entry {
        scope_state* scope;
        time_point since;
        time_point next;
    };
    static void report(const entry& cancelled, time_point now);
    std::vector<entry> entries_;  // a scope knows its index
    time_point due_ = time_point::max();
};

}  // namespace hem::detail
