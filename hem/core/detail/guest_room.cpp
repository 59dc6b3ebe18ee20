#include "hem/core/detail/guest_room.hpp"

#include "hem/core/errors.hpp"

namespace hem::detail {

void guest_room::open(kernel& loop) {
    scope_.emplace();
    scope_->adopt_parent(&loop.root());
    open_ = true;
}

void guest_room::close() noexcept {
    open_ = false;
    scope_->cancel({.kind = cancel_kind::shutdown, .text = "the loop's main task has ended", .task = {}});
}

void guest_room::admit(kernel& loop, task_header& child) {
    if (!open_) throw run_finished("the main task of the loop that should run this has ended");
    loop.adopt(child, nullptr, *scope_);
    loop.make_ready(child);
    ++size_;
}

void guest_room::child_ended(task_header&) noexcept { --size_; }

}  // namespace hem::detail
