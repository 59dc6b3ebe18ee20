#include "hem/core/detail/contest.hpp"

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

const wait_ops contest::over_awaiter::ops{"contest", nullptr, nullptr, target};

void throw_no_candidates(const char* what) {
    throw std::invalid_argument(std::string(what) + " of nothing would wait for ever: give it at least one");
}

contest::contest(contest_rule rule, const char* what) noexcept : timer(on_due), group_(child_errors::isolate), what_(what), rule_(rule) {}

contest::~contest() {
    if (armed()) owner_->loop->timers.remove(*this);
}

void contest::add(watched_node& candidate) noexcept {
    candidate.listener = this;
    candidate.index = count_++;
    waiting_.push_back(candidate);
}

void contest::open() {
    if (waiting_.empty()) throw_no_candidates(what_);
    owner_ = &current_task_header();
    group_.enter();
}

void contest::start_all() {
    open();
    while (!waiting_.empty()) start_next();
}

void contest::start_staggered(duration delay) {
    delay_ = delay;
    staggered_ = true;
    open();
    start_next();
}

void contest::start_next() noexcept {
    watched_node& next = waiting_.pop_front();
    // The owner's context, not that of the child whose end brought us here.
    next.header().context = owner_->context;
    group_.spawn(next.header());
    if (!staggered_) return;
    kernel& loop = *owner_->loop;
    if (armed()) loop.timers.remove(*this);
    if (!waiting_.empty()) loop.timers.add(*this, saturating_add(loop.now(), delay_));
}

void contest::on_due(timer& t) noexcept {
    auto& self = static_cast<contest&>(t);
    if (self.may_start()) self.start_next();
}

void contest::child_ended(watched_node& child) noexcept {
    using ending = watched_node::ending;
    if (!winner_ && (child.ended == ending::value || (child.ended == ending::error && rule_ == contest_rule::first_end))) {
        winner_ = &child;
        if (armed()) owner_->loop->timers.remove(*this);
        cancel_reason reason;
        try {
            reason.text = std::string("another candidate won the ") + what_;
        } catch (const std::bad_alloc&) {
            // Cancelled without a word.
        }
        group_.scope.cancel(std::move(reason));
    } else if (child.ended == ending::error) {
        failed_.push_back(child);
        if (staggered_ && may_start()) start_next();
    }
    if (group_.live() == 0 && waiter_) owner_->loop->grant(*std::exchange(waiter_, nullptr));
}

void contest::over_awaiter::await_suspend(std::coroutine_handle<> handle) noexcept {
    task = target_.owner_;
    suspend_wait(*this, handle);
    target_.waiter_ = this;
}

// The end of one candidate may do, so nobody has to act.
wait_target contest::over_awaiter::target(const wait_node& node) noexcept {
    const contest& waited = static_cast<const over_awaiter&>(node).target_;
    return {.name = waited.what_, .object = &waited};
}

std::size_t contest::conclude(bool hands_on_errors) {
    while (!waiting_.empty()) waiting_.pop_front().call_off();
    const bool all_failed = !winner_ && !group_.interrupted();
    std::vector<std::exception_ptr> errors;
    while (!failed_.empty()) {
        watched_node& loser = failed_.pop_front();
        if (all_failed) {
            errors.push_back(std::move(loser.error));
        } else if (!hands_on_errors) {
            send_report(
                {.kind = report_kind::suppressed_error,
                 .text = "task '" + loser.header().display_name() + "' failed with " + describe(loser.error) + " and lost the " + what_,
                 .task = loser.header().display_name()});
        }
    }
    if (winner_ && winner_->error) group_.body_failed(std::move(winner_->error));
    group_.conclude(true);
    if (!winner_) {
        const auto count = errors.size();
        throw exception_group(std::to_string(count) + (count == 1 ? " error" : " errors") + ": no candidate of the " + what_ +
                                  " gave a value",
                              std::move(errors));
    }
    return winner_->index;
}

}  // namespace hem::detail
