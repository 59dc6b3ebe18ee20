#include "hem/core/submit_to.hpp"

namespace hem::detail {
namespace {

// Stateless: the loop that takes the call finds its own room.
class room_of_the_loop final : public remote_place {
public:
    void admit(kernel& loop, task_header& child) override { loop_access::guests(*loop.owner).admit(loop, child); }
    void child_ended(task_header& child) noexcept override { loop_access::guests(*child.loop->owner).child_ended(child); }
};

}  // namespace

remote_place& room_for_guests() noexcept {
    static room_of_the_loop room;
    return room;
}

const wait_ops remote_wait::ops{"submit_to", abort, keep, target};

remote_wait::remote_wait(remote_result_base& result) noexcept
    : wait_node(ops), result_(result), where_("loop " + std::to_string(result.loop_number())) {
    run = [](post_node* self) {
        auto& wait = *static_cast<remote_wait*>(self);
        --wait.task->loop->outside_work;
        wait.task->loop->grant(wait);
    };
    destroy = [](post_node*) noexcept {};
}

// The call is on its way, so this is no cancel point any more.
bool remote_wait::await_ready() {
    task = &current_task_header();
    return false;
}

void remote_wait::await_suspend(std::coroutine_handle<> handle) {
    suspend_wait(*this, handle);
    kernel& loop = *task->loop;
    ++loop.outside_work;  // the virtual clock waits for other threads
    if (result_.listen(loop.remote, *this)) return;
    --loop.outside_work;
    loop.grant(*this);
}

// The task there is no business of this thread.
wait_target remote_wait::target(const wait_node& node) noexcept {
    const auto& self = static_cast<const remote_wait&>(node);
    return {.name = self.where_, .object = &self.result_};
}

bool remote_wait::abort(wait_node& node) noexcept {
    auto& self = static_cast<remote_wait&>(node);
    self.asked_ = true;
    self.result_.request_cancel("the task that waits for it was cancelled");
    return false;
}

void throw_if_cancelled() {
    task_header& task = current_task_header();
    if (task.scope->cancelled()) throw_cancelled(task);
}

}  // namespace hem::detail
