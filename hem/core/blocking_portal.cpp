#include "hem/core/blocking_portal.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "hem/core/errors.hpp"
#include "hem/core/event.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace detail {

portal_core::portal_core() : target_(current_kernel().remote) {}

void portal_core::open(group_core& group) {
    if (current_kernel().remote != target_) throw usage_error("a blocking_portal is opened on the loop that it was made on");
    if (group_) throw usage_error("this blocking_portal is open already");
    group_ = &group;
    ++current_kernel().callbacks_pending;
}

void portal_core::close() noexcept {
    group_ = nullptr;
    --running.loop->callbacks_pending;
}

void portal_core::admit(kernel&, task_header& child) {
    if (!group_ || !group_->accepts()) throw closed_resource("this blocking_portal is not open");
    group_->spawn(child);
}

void throw_portal_timeout(duration limit) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", std::chrono::duration<double>(limit).count());
    throw timeout_error(std::string("a call through a portal had not ended after ") + text + " s; it goes on");
}

}  // namespace detail

blocking_portal::blocking_portal() : core_(std::make_shared<detail::portal_core>()) {}

struct portal_thread::state {
    std::thread thread;
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<blocking_portal> portal;
    std::optional<loop_handle> loop;
    std::shared_ptr<event> stop;
    std::exception_ptr error;
    bool ended = false;

    task<> serve() {
        co_await with(blocking_portal(), [this](blocking_portal& open) -> task<> {
            auto leave = std::make_shared<event>();
            {
                const std::lock_guard guard(mutex);
                portal = open;
                loop = loop::current().handle();
                stop = leave;
            }
            changed.notify_all();
            co_await leave->wait();
        });
    }
    void run_loop(run_options options) noexcept {
        try {
            run(std::move(options), [this]() -> task<> { co_await serve(); });
        } catch (...) {
            error = std::current_exception();
        }
        const std::lock_guard guard(mutex);
        ended = true;
        changed.notify_all();
    }
    void end() {
        if (!thread.joinable()) return;
        if (loop) loop->call_soon_threadsafe([leave = stop] { leave->set(); });
        thread.join();
    }
};

portal_thread::portal_thread(std::unique_ptr<state> started) noexcept : state_(std::move(started)) {}
portal_thread::portal_thread(portal_thread&&) noexcept = default;

portal_thread::~portal_thread() {
    if (!state_) return;
    state_->end();
    if (!state_->error) return;
    detail::send_report({.kind = report_kind::suppressed_error,
                         .text = "the loop of a portal ended with " + detail::describe(state_->error) + ", and nobody called close()",
                         .task = {}});
}

const blocking_portal& portal_thread::portal() const noexcept { return *state_->portal; }

loop_handle portal_thread::handle() const noexcept { return *state_->loop; }

void portal_thread::close() {
    state_->end();
    if (state_->error) std::rethrow_exception(std::exchange(state_->error, nullptr));
}

portal_thread start_blocking_portal(run_options options) {
    if (options.name == "main") options.name = "portal";
    auto started = std::make_unique<portal_thread::state>();
    auto& state = *started;
    state.thread = std::thread([&state, options = std::move(options)] { state.run_loop(options); });
    {
        std::unique_lock guard(state.mutex);
        state.changed.wait(guard, [&] { return state.portal || state.ended; });
    }
    portal_thread result(std::move(started));
    if (!result.state_->portal) result.close();
    return result;
}

}  // namespace hem
