#include "hem/core/detail/remote_call.hpp"

#include <condition_variable>
#include <mutex>

#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

// Where the two sides meet: a thread waits at `changed`, a task has left what to push to its loop.
struct remote_result_base::meeting {
    std::mutex mutex;
    std::condition_variable changed;
    std::shared_ptr<inbox> home;
    post_node* told = nullptr;
};

remote_result_base::remote_result_base(std::shared_ptr<inbox> target) : target_(std::move(target)), meeting_(new meeting) {
    cancel_.run = [](post_node* self) {
        auto& node = *static_cast<cancel_node*>(self);
        const auto keep = std::move(node.result);
        if (keep->task_) keep->task_->cancel_from_handle(std::move(node.reason), {});
    };
    cancel_.destroy = [](post_node* self) noexcept { static_cast<cancel_node*>(self)->result = nullptr; };
}

remote_result_base::~remote_result_base() = default;

void remote_result_base::wait() { (void)wait_within(duration::max()); }

bool remote_result_base::wait_within(duration limit) {
    if (done()) return true;
    if (running.loop) {
        throw usage_error("waiting for a call to another loop would block the loop of this thread: use co_await submit_to(..) here");
    }
    std::unique_lock guard(meeting_->mutex);
    if (limit != duration::max()) return meeting_->changed.wait_for(guard, limit, [this] { return done(); });
    meeting_->changed.wait(guard, [this] { return done(); });
    return true;
}

void remote_result_base::request_cancel(std::string reason) noexcept {
    if (done() || cancel_sent_.exchange(true, std::memory_order_acq_rel)) return;
    cancel_.reason = std::move(reason);
    cancel_.result = shared_from_this();
    if (!target_->push(&cancel_)) cancel_.result = nullptr;
}

bool remote_result_base::listen(std::shared_ptr<inbox> home, post_node& told) noexcept {
    const std::lock_guard guard(meeting_->mutex);
    if (done()) return false;
    meeting_->home = std::move(home);
    meeting_->told = &told;
    return true;
}

void remote_result_base::ended() noexcept {
    task_ = nullptr;
    std::shared_ptr<inbox> home;
    post_node* told = nullptr;
    {
        const std::lock_guard guard(meeting_->mutex);
        done_.store(true, std::memory_order_release);
        home = std::move(meeting_->home);
        told = meeting_->told;
    }
    meeting_->changed.notify_all();
    if (told) home->push(told);
}

void remote_result_base::report_untaken(const std::exception_ptr& error) const noexcept {
    send_report({.kind = report_kind::suppressed_error,
                 .text = "a call to another loop failed with " + describe(error) + ", and nobody asked for its result",
                 .task = {}});
}

remote_launch::remote_launch(std::shared_ptr<remote_place> place, spawned_base& task, std::shared_ptr<remote_result_base> shared) noexcept
    : place_(std::move(place)), task_(&task), shared_(std::move(shared)) {
    run = [](post_node* self) { static_cast<remote_launch*>(self)->launch(); };
    destroy = [](post_node* self) noexcept {
        static_cast<remote_launch*>(self)->give_back(std::make_exception_ptr(run_finished("the loop ended before it took this call")));
    };
}

void remote_launch::send(inbox& target) noexcept {
    task_->context = current_context();
    if (!target.push(this)) give_back(std::make_exception_ptr(run_finished("the loop that should run this call has ended")));
}

void remote_launch::launch() noexcept {
    try {
        place_->admit(*running.loop, *task_);
    } catch (...) {
        give_back(std::current_exception());
        return;
    }
    shared_->begun(*task_);
}

void remote_launch::give_back(std::exception_ptr why) noexcept {
    refuse(std::move(why));
    const auto shared = std::move(shared_);
    task_->drop_reference();
    shared->ended();
}

void remote_launch::tell_end() noexcept {
    place_->child_ended(*task_);
    task_->context = context_pointer();
    const auto shared = std::move(shared_);
    shared->ended();
}

}  // namespace hem::detail
