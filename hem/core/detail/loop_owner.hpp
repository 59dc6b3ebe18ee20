// Which loop a primitive belongs to: the one that uses it first. Another loop or thread that touches it gets usage_error naming
// both. When that loop has ended, the next one that uses the primitive takes it over.
#pragma once

#include <cstdint>
#include <string>

#include "hem/core/detail/kernel.hpp"

namespace hem::detail {

class loop_owner {
public:
    // For awaiting uses, on the loop `now`. `what` and `name` are for the message: "queue", "jobs".
    void check(const kernel& now, const char* what, const std::string& name) {
        if (serial_ != now.id.serial()) [[unlikely]]
            bind(&now, what, name);
    }
    // For uses that do not wait. Outside of any loop they are allowed while no living loop owns the primitive.
    void touch(const char* what, const std::string& name) {
        const kernel* now = running.loop;
        if ((now ? now->id.serial() : 0) != serial_) [[unlikely]]
            bind(now, what, name);
    }

    bool is(const kernel& loop) const noexcept { return serial_ == loop.id.serial(); }

private:
    void bind(const kernel* now, const char* what, const std::string& name);
    std::uint64_t serial_ = 0;  // 0: not used yet
    std::uint32_t id_ = 0;
};

// begin_wait for an operation of a loop-bound object.
inline bool begin_wait(wait_node& node, loop_owner& owner, const char* what, const std::string& name) {
    task_header& task = current_task_header();
    owner.check(*task.loop, what, name);
    return begin_wait(node);
}

// The short way to begin an operation that can complete at once: true if it may, and one completion is spent. False if it has to go the
// long way, through begin_wait: another loop's object, a cancelled scope, no budget left. Nothing has happened then.
inline bool may_complete_at_once(const loop_owner& owner) noexcept {
    kernel* loop = running.loop;
    if (!loop || !loop->current || !owner.is(*loop) || loop->current->scope->cancelled() || loop->budget <= 1) [[unlikely]]
        return false;
    --loop->budget;
    return true;
}

// "lock 'accounts'", or "lock" without a name.
std::string with_name(const char* what, const std::string& name);

}  // namespace hem::detail
