#include "hem/core/loop.hpp"

#include <algorithm>

#include "hem/core/detail/interrupts.hpp"
#include "hem/core/detail/pool_core.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace detail {

timed_call::timed_call(kernel& loop) noexcept : timer(on_due), loop_(&loop) {
    post_node::run = [](post_node* node) {
        auto& call = *static_cast<timed_call*>(node);
        struct done {
            timed_call& call;
            ~done() { call.let_go(); }
        } when_left{call};
        if (!call.cancelled_) call.call();
    };
    post_node::destroy = [](post_node* node) noexcept { static_cast<timed_call*>(node)->let_go(); };
}

void timed_call::begin(time_point deadline) noexcept { loop_->timers.add(*this, deadline); }

void timed_call::cancel() noexcept {
    cancelled_ = true;
    if (!armed()) return;
    loop_->timers.remove(*this);
    let_go();
}

// Through the queue of posts, whose errors end the run; a cancel before its turn is still heard.
void timed_call::on_due(timer& t) noexcept {
    auto& due = static_cast<timed_call&>(t);
    due.loop_->post(&due);
}

guest_room& loop_access::guests(loop& of) noexcept { return of.guests_; }

signal_callback::signal_callback(int of) noexcept {
    number = of;
    arrived = [](signal_subscription& s, unsigned) noexcept {
        auto& self = static_cast<signal_callback&>(s);
        if (std::exchange(self.posted_, true)) return;
        // Through the queue of posts, whose errors end the run; one that is removed before its turn is not called.
        auto run_it = [callback = self.shared_from_this()] {
            callback->posted_ = false;
            if (callback->installed) callback->call();
        };
        self.loop->post(new post_call<decltype(run_it)>(std::move(run_it)));
    };
}

signal_callback::~signal_callback() { remove(); }

}  // namespace detail

void loop::add_signal_callback(std::shared_ptr<detail::signal_callback> callback) {
    callback->install(kernel_);
    remove_signal_handler(callback->number);
    signal_callbacks_.push_back(std::move(callback));
}

bool loop::remove_signal_handler(int number) {
    const auto found =
        std::find_if(signal_callbacks_.begin(), signal_callbacks_.end(), [number](const auto& one) { return one->number == number; });
    if (found == signal_callbacks_.end()) return false;
    (*found)->remove();
    signal_callbacks_.erase(found);
    return true;
}

loop& loop::current() { return *detail::current_kernel().owner; }

loop::loop(const detail::kernel_options& options) : kernel_(options) { kernel_.owner = this; }

loop::~loop() {
    // What an abandoned function still asks of this loop is refused from here on, so that the pool's end cannot wait for it.
    kernel_.close_inbox();
    if (kernel_.default_pool) {
        kernel_.default_pool->begin_stop();
        if (!kernel_.default_pool->join_within(kernel_.shutdown_timeout)) {
            detail::send_report({.kind = report_kind::pool_stuck,
                                 .text = "the loop ended while its workers still ran" + kernel_.default_pool->give_up(),
                                 .task = {}});
        }
    }
    report_what_is_left();
    // Callbacks that never became due.
    while (auto* left = kernel_.timers.any()) {
        kernel_.timers.remove(*left);
        static_cast<detail::timed_call*>(left)->let_go();
    }
}

// The census at the end of a run. No task can be left; descriptors that are would outlive the loop they belong to.
void loop::report_what_is_left() const {
    std::string left;
    if (kernel_.live_tasks != 0) left += std::to_string(kernel_.live_tasks) + " tasks";
    if (const auto descriptors = kernel_.io.registered(); descriptors != 0) {
        left += (left.empty() ? "" : " and ") + std::to_string(descriptors) + (descriptors == 1 ? " open descriptor" : " open descriptors");
    }
    if (left.empty()) return;
    detail::send_report({.kind = report_kind::leak, .text = "the loop ended with " + left + " of its own left", .task = {}});
}

loop_statistics loop::statistics() const noexcept {
    return {.ticks = kernel_.ticks,
            .resumes = kernel_.total_resumes,
            .wakeups = kernel_.wakeups,
            .tasks = kernel_.live_tasks,
            .timers = kernel_.timers.size(),
            .io_waiters = kernel_.io.waiters(),
            .outside_work = kernel_.outside_work,
            .stalls = kernel_.stalls,
            .longest_stall = kernel_.longest_stall,
            .lag = kernel_.lag,
            .longest_lag = kernel_.longest_lag};
}

void loop::measure(bool every_resume) noexcept {
    if (every_resume) {
        kernel_.looking |= detail::kernel::look_timing;
    } else {
        kernel_.looking &= static_cast<unsigned char>(~detail::kernel::look_timing);
    }
}

}  // namespace hem
