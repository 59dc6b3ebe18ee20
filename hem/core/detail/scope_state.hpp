// The kernel's side of a cancel scope: a tree of scopes, each with the tasks that are in it now. Cancelling a scope marks everything below
// it that no shield hides and interrupts what waits there; asking whether a scope is cancelled is one load.
#pragma once

#include <memory>
#include <source_location>
#include <string_view>

#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/detail/intrusive_list.hpp"
#include "hem/core/detail/timer.hpp"

namespace hem::detail {

struct task_header;
struct kernel;
struct scope_task_tag;
struct scope_sibling_tag;
struct shield_tag;

class timed_scope;
// Told, in a later tick, that its scope was cancelled: what current_stop_token() hangs on a scope.
struct scope_watcher {
    virtual void scope_cancelled() noexcept = 0;  // inside cancel(): runs no other code
    virtual ~scope_watcher() = default;
};

class scope_state : public list_link<scope_sibling_tag> {
public:
    scope_state() noexcept = default;
    ~scope_state();
    // No task will be in it any more: nobody has to watch it.
    void forget() noexcept;
    // The `cancelled` that is being thrown into `task` comes from here.
    void note_thrown() noexcept { thrown_ = true; }
    bool thrown() const noexcept { return thrown_; }
    // The scope whose cancellation a `cancelled` thrown in here stands for; null if there is none.
    scope_state* source() noexcept;
    // Nobody is in it, and no scope.
    bool empty() const noexcept { return tasks_.empty() && children_.empty(); }
    // Calls `f(scope)` for this scope and those inside, outer ones first; f says whether to go in.
    template <class F>
    void visit(F f);
    template <class F>
    void for_each_task(F f) {
        for (task_header& task : tasks_) f(task);
    }
    scope_state(const scope_state&) = delete;
    scope_state& operator=(const scope_state&) = delete;

    // Marks this scope cancelled; later calls keep the first reason. Interrupts what waits inside, runs nothing.
    void cancel(cancel_reason reason) noexcept;

    bool cancelled() const noexcept { return effective_; }          // by itself or from outside
    bool cancel_called() const noexcept { return own_cancelled_; }  // by its own cancel or deadline
    bool entered() const noexcept { return entered_; }
    bool left() const noexcept { return left_; }
    scope_state* parent() const noexcept { return parent_; }
    time_point deadline() const noexcept { return deadline_; }
    bool hides_outer() const noexcept { return shielding_; }
    timed_scope* timed() noexcept;  // null if it cannot have a deadline
    // The reason that a `cancelled` thrown in here carries: that of the outermost visible cancelled scope.
    std::shared_ptr<const cancel_reason> reason() const;
    // True if a `cancelled` that arrives at this scope's edge is its own and goes no further.
    bool absorbs() const noexcept { return own_cancelled_ && (shielding_ || !parent_ || !parent_->effective_); }

    // At most one, null without.
    const std::shared_ptr<scope_watcher>& watcher() const noexcept { return watcher_; }
    void watch(std::shared_ptr<scope_watcher> watcher) noexcept { watcher_ = std::move(watcher); }

    // Makes this the current scope of `task` until leave(); scopes nest per task.
    void enter(task_header& task) noexcept;
    void leave(task_header& task) noexcept;
    // For scopes that no task enters (the loop's root) and for those put between a task and its surroundings.
    void adopt_parent(scope_state* parent) noexcept;
    // Puts this scope around everything that `task` has entered since it began.
    void insert_around(task_header& task) noexcept;

    void add_task(task_header& task) noexcept;
    void remove_task(task_header& task) noexcept;

private:
    friend struct kernel;
    friend class timed_scope;
    friend class cancel_watch;
    void propagate() noexcept;
    void mark() noexcept;

    scope_state* parent_ = nullptr;
    intrusive_list<scope_state, scope_sibling_tag> children_;
    intrusive_list<task_header, scope_task_tag> tasks_;
    std::shared_ptr<const cancel_reason> reason_;
    std::shared_ptr<scope_watcher> watcher_;
    time_point deadline_ = time_point::max();
    bool own_cancelled_ = false;
    bool effective_ = false;
    bool shielding_ = false;
    bool entered_ = false;
    bool left_ = false;
    bool timed_ = false;  // is a timed_scope
    bool thrown_ = false;
    static constexpr std::uint32_t unwatched = UINT32_MAX;
    std::uint32_t watch_index_ = unwatched;  // in the loop's cancel_watch
};

// Depth first without recursion: nesting may be thousands deep.
template <class F>
void scope_state::visit(F f) {
    auto first_child = [](scope_state* s) { return s->children_.empty() ? nullptr : &s->children_.front(); };
    auto next_sibling = [](scope_state* s) -> scope_state* {
        return s == &s->parent_->children_.back() ? nullptr
                                                  : static_cast<scope_state*>(static_cast<list_link<scope_sibling_tag>*>(s)->next);
    };
    scope_state* at = this;
    scope_state* next = f(*at) ? first_child(at) : nullptr;
    for (;;) {
        if (next) {
            at = next;
            next = f(*at) ? first_child(at) : nullptr;
            if (next) continue;
        }
        while (at != this && !(next = next_sibling(at))) at = at->parent_;
        if (at == this) return;
    }
}

// A scope with a deadline, a shield with its grace time, or both.
class timed_scope : public scope_state, public list_link<shield_tag> {
public:
    timed_scope() noexcept;
    ~timed_scope();

    // Moves the deadline; in the past it strikes when the loop looks next. Before entry it is only noted.
    void set_deadline(time_point deadline) noexcept;
    // Outer cancellation stays outside until `grace` after it came (or after entry, if it was there before).
    void set_shield(duration grace) noexcept;
    void drop_shield(bool expired) noexcept;
    bool expired() const noexcept { return expired_; }
    // A `cancelled` ended at this scope.
    bool caught() const noexcept { return caught_; }
    void note_caught() noexcept { caught_ = true; }
    std::string_view name = {};  // shown in trees; owned by whoever owns the scope

    void enter(task_header& task) noexcept;
    void leave(task_header& task) noexcept;

private:
    friend class scope_state;
    friend struct kernel;
    void arm(time_point deadline) noexcept;
    void start_grace() noexcept;
    static void on_deadline(timer& t) noexcept;
    static void on_grace(timer& t) noexcept;

    struct member_timer : timer {
        member_timer(callback fire, timed_scope& owner) noexcept : timer(fire), scope(owner) {}
        timed_scope& scope;
    };
    member_timer deadline_timer_;
    member_timer grace_timer_;
    duration grace_{};
    kernel* kernel_ = nullptr;
    bool expired_ = false;
    bool caught_ = false;
};

inline timed_scope* scope_state::timed() noexcept { return timed_ ? static_cast<timed_scope*>(this) : nullptr; }

}  // namespace hem::detail
