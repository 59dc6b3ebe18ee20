#include "hem/core/detail/scope_state.hpp"

#include "hem/core/detail/kernel.hpp"
#include "hem/core/detail/task_header.hpp"
#include "hem/core/report.hpp"

namespace hem {

std::string to_string(const cancel_reason& reason) {
    std::string text;
    switch (reason.kind) {
    case cancel_kind::requested: text = "requested"; break;
    case cancel_kind::deadline: text = "deadline"; break;
    case cancel_kind::sibling_failed: text = "sibling failed"; break;
    case cancel_kind::interrupt: text = "interrupt"; break;
    case cancel_kind::shutdown: text = "shutdown"; break;
    }
    if (!reason.task.empty()) text += " (" + reason.task + ")";
    if (!reason.text.empty()) text += ": " + reason.text;
    return text;
}

namespace detail {

struct cancelled_access {
    static cancelled make(std::shared_ptr<const cancel_reason> reason) { return cancelled(std::move(reason)); }
};

void throw_cancelled(task_header& task) {
    if (scope_state* source = task.scope->source()) {
        // From outside of the task, or from a scope that it entered: either must not end with a value as if nothing had been.
        bool outside = false;
        for (scope_state* at = task.birth_scope; at && !outside; at = at->parent()) outside = at == source;
        if (outside) {
            task.cancel_met = true;
        } else {
            source->note_thrown();
        }
    }
    throw cancelled_access::make(task.scope->reason());
}

void throw_cancelled_because(std::shared_ptr<const cancel_reason> reason) { throw cancelled_access::make(std::move(reason)); }
namespace {

// For when there is no memory to keep what was said: shared without a count.
std::shared_ptr<const cancel_reason> bare_reason(cancel_kind kind) noexcept {
    static const cancel_reason bare[] = {{.kind = cancel_kind::requested, .text = {}, .task = {}},
                                         {.kind = cancel_kind::deadline, .text = {}, .task = {}},
                                         {.kind = cancel_kind::sibling_failed, .text = {}, .task = {}},
                                         {.kind = cancel_kind::interrupt, .text = {}, .task = {}},
                                         {.kind = cancel_kind::shutdown, .text = {}, .task = {}}};
    return {std::shared_ptr<void>(), &bare[static_cast<std::size_t>(kind)]};
}

}  // namespace

scope_state::~scope_state() {
    forget();
    if (linked()) unlink();
}

void scope_state::forget() noexcept {
    if (watch_index_ != unwatched) running.loop->cancellations.remove(*this);
}

scope_state* scope_state::source() noexcept {
    scope_state* found = nullptr;
    for (scope_state* at = this; at; at = at->parent_) {
        if (at->own_cancelled_) found = at;
        if (at->shielding_) break;
    }
    return found;
}

std::shared_ptr<const cancel_reason> scope_state::reason() const {
    std::shared_ptr<const cancel_reason> found;
    for (const scope_state* at = this; at; at = at->parent_) {
        if (at->own_cancelled_) found = at->reason_;
        if (at->shielding_) break;
    }
    return found ? found : bare_reason(cancel_kind::requested);
}

void scope_state::cancel(cancel_reason reason) noexcept {
    if (own_cancelled_ || left_) return;
    own_cancelled_ = true;
    if (reason.text.empty() && reason.task.empty() && reason.location.line() == 0) {
        reason_ = bare_reason(reason.kind);
    } else {
        try {
            reason_ = std::make_shared<const cancel_reason>(std::move(reason));
        } catch (const std::bad_alloc&) {
            reason_ = bare_reason(reason.kind);
        }
    }
    if (!effective_) propagate();
    if (running.loop && (parent_ || !tasks_.empty() || !children_.empty())) running.loop->cancellations.add(*this, running.loop->now());
}

void scope_state::mark() noexcept {
    effective_ = true;
    for (task_header& task : tasks_) task.loop->interrupt(task);
    if (watcher_) [[unlikely]]
        watcher_->scope_cancelled();
}

void scope_state::propagate() noexcept {
    visit([this](scope_state& at) {
        if (&at == this) {
            mark();
            return true;
        }
        if (at.shielding_) {
            static_cast<timed_scope&>(at).start_grace();
            return false;
        }
        if (at.effective_) return false;
        at.mark();
        return true;
    });
}

void scope_state::adopt_parent(scope_state* parent) noexcept {
    parent_ = parent;
    if (!parent) return;
    parent->children_.push_back(*this);
    if (parent->effective_) {
        if (shielding_) {
            static_cast<timed_scope*>(this)->start_grace();
        } else {
            effective_ = true;
        }
    }
    if (own_cancelled_) effective_ = true;
}

void scope_state::enter(task_header& task) noexcept {
    entered_ = true;
    adopt_parent(task.scope);
    task.scope->tasks_.erase(task);
    tasks_.push_back(task);
    task.scope = this;
    if (own_cancelled_) task.loop->cancellations.add(*this, task.loop->now());
}

void scope_state::leave(task_header& task) noexcept {
    left_ = true;
    forget();
    if (task.scope == this) [[likely]] {
        tasks_.erase(task);
        task.scope = parent_;
        parent_->tasks_.push_back(task);
    } else {
        // A context that yielded inside this scope is torn down under a shield that was opened later: the shield takes this one's place.
        scope_state* inner = task.scope;
        while (inner->parent_ != this) inner = inner->parent_;
        static_cast<list_link<scope_sibling_tag>&>(*inner).unlink();
        inner->parent_ = parent_;
        parent_->children_.push_back(*inner);
    }
    static_cast<list_link<scope_sibling_tag>&>(*this).unlink();
}

void scope_state::insert_around(task_header& task) noexcept {
    scope_state* outside = task.birth_scope;
    adopt_parent(outside);
    if (task.scope == outside) {
        outside->tasks_.erase(task);
        tasks_.push_back(task);
        task.scope = this;
    } else {
        scope_state* outermost = task.scope;
        while (outermost->parent_ != outside) outermost = outermost->parent_;
        static_cast<list_link<scope_sibling_tag>&>(*outermost).unlink();
        outermost->parent_ = this;
        children_.push_back(*outermost);
    }
    task.birth_scope = this;
}

void scope_state::add_task(task_header& task) noexcept {
    tasks_.push_back(task);
    task.scope = this;
}

void scope_state::remove_task(task_header& task) noexcept {
    tasks_.erase(task);
    task.scope = nullptr;
}

// ---- timed_scope ------------------------------------------------------------------------------------------------------------------------

timed_scope::timed_scope() noexcept : deadline_timer_(on_deadline, *this), grace_timer_(on_grace, *this) { timed_ = true; }

timed_scope::~timed_scope() {
    if (deadline_timer_.armed()) kernel_->timers.remove(deadline_timer_);
    if (grace_timer_.armed()) kernel_->timers.remove(grace_timer_);
    if (list_link<shield_tag>::linked()) list_link<shield_tag>::unlink();
}

void timed_scope::arm(time_point deadline) noexcept {
    if (deadline_timer_.armed()) kernel_->timers.remove(deadline_timer_);
    if (deadline != time_point::max()) kernel_->timers.add(deadline_timer_, deadline);
}

void timed_scope::set_deadline(time_point deadline) noexcept {
    deadline_ = deadline;
    if (entered_ && !left_ && !own_cancelled_) arm(deadline);
}

void timed_scope::set_shield(duration grace) noexcept {
    shielding_ = true;
    grace_ = grace;
}

void timed_scope::enter(task_header& task) noexcept {
    kernel_ = task.loop;
    if (kernel_->graces_over) shielding_ = false;
    scope_state::enter(task);
    if (deadline_ != time_point::max() && !own_cancelled_) arm(deadline_);
}

void timed_scope::leave(task_header& task) noexcept {
    scope_state::leave(task);
    if (deadline_timer_.armed()) kernel_->timers.remove(deadline_timer_);
    if (grace_timer_.armed()) kernel_->timers.remove(grace_timer_);
    if (list_link<shield_tag>::linked()) list_link<shield_tag>::unlink();
}

void timed_scope::start_grace() noexcept {
    if (grace_timer_.armed()) return;
    kernel_->graces.push_back(*this);
    kernel_->timers.add(grace_timer_, saturating_add(kernel_->now(), grace_));
}

void timed_scope::drop_shield(bool expired) noexcept {
    if (!shielding_) return;
    shielding_ = false;
    if (grace_timer_.armed()) kernel_->timers.remove(grace_timer_);
    if (list_link<shield_tag>::linked()) list_link<shield_tag>::unlink();
    if (expired && !tasks_.empty()) {
        send_report_if_possible([this] {
            const auto name = tasks_.front().display_name();
            return report{.kind = report_kind::grace_expired,
                          .text = "cleanup of task '" + name + "' took longer than its grace time and is cut short",
                          .task = name};
        });
    }
    if (parent_ && parent_->effective_ && !effective_) propagate();
}

void timed_scope::on_deadline(timer& t) noexcept {
    timed_scope& scope = static_cast<member_timer&>(t).scope;
    scope.expired_ = true;
    scope.cancel({.kind = cancel_kind::deadline, .text = {}, .task = {}});
}

void timed_scope::on_grace(timer& t) noexcept { static_cast<member_timer&>(t).scope.drop_shield(true); }

}  // namespace detail
}  // namespace hem
