#include "hem/core/run.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "hem/core/detail/interrupts.hpp"
#include "hem/core/detail/watchdog.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem {

#ifdef HEM_CHECKS
const bool detail::checks_by_default = true;
#else
const bool detail::checks_by_default = false;
#endif

namespace {

std::uint64_t choose_seed(const run_options& options) {
    if (options.seed != 0 || options.clock == clock_kind::virtual_time) return options.seed;
    if (detail::running.loop) return detail::running.loop->random();  // made inside a run: its seed decides here, too
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = static_cast<std::uint64_t>(::getpid());
    return seed;
}

detail::reactor_choice choose_reactor(reactor_kind kind) {
    if (kind == reactor_kind::automatic) {
        const char* given = std::getenv("HEM_REACTOR");
        const std::string_view name = given ? given : "";
        if (name.empty() || name == "epoll") return detail::reactor_choice::epoll;
        if (name == "io_uring") return detail::reactor_choice::io_uring;
        throw std::invalid_argument("HEM_REACTOR is '" + std::string(name) + "': write epoll (the default) or io_uring");
    }
    return kind == reactor_kind::io_uring ? detail::reactor_choice::io_uring : detail::reactor_choice::epoll;
}

// The thread's running loop for the length of one run.
struct running_guard {
    explicit running_guard(detail::kernel& loop) { detail::running.loop = &loop; }
    ~running_guard() { detail::running.loop = nullptr; }
};

}  // namespace

loop* runner::make_loop(const run_options& options) {
    return new loop({.virtual_clock = options.clock == clock_kind::virtual_time,
                     .shuffle = options.shuffle,
                     .autojump = true,
                     .seed = choose_seed(options),
                     .default_grace = options.default_grace,
                     .reactor = choose_reactor(options.reactor),
                     .workers = options.workers,
                     .shutdown_timeout = options.shutdown_timeout,
                     .checks = options.checks,
                     .instrumented = options.instrument});
}

runner::runner(run_options options) : options_(std::move(options)), loop_(make_loop(options_)), handle_(*loop_) {
    loop_->kernel_.name = options_.name;
    loop_->kernel_.inbox_holders = loop_->kernel_.remote.use_count();
}

runner::~runner() { close(); }

void runner::close() { loop_.reset(); }

void runner::check_may_run() const {
    if (!loop_) throw usage_error("this runner was closed");
    if (const auto* outer = detail::running.loop) {
        throw usage_error("run() inside the running loop of '" +
                          (outer->main_task ? outer->main_task->display_name() : std::string("main")) + "': co_await the task instead");
    }
}

void runner::cancel(std::string reason) {
    // What comes when no run is under way stays in the inbox until the next one.
    handle_.call_soon_threadsafe([this, reason = std::move(reason)] {
        auto& kernel = loop_->kernel_;
        if (!kernel.main_task || kernel.main_task->finished) return;
        kernel.main_task->own_scope().cancel({.kind = cancel_kind::requested, .text = reason, .task = {}});
    });
}

void runner::run_main(detail::spawned_base& main) {
    detail::kernel& kernel = loop_->kernel_;
    running_guard guard(kernel);
    main.name = std::make_unique<std::string>(options_.name);
    main.context = base_context_;
    main.add_reference();  // `release` at the task's end drops the loop's count; this one keeps context and outcome readable
    kernel.callback_error = nullptr;
    kernel.adopt(main, nullptr, kernel.root());
    kernel.main_task = &main;
    kernel.make_ready(main);
    kernel.graces_over = false;
    loop_->guests_.open(kernel);
    bool was_interrupted = false;
    bool interrupt_decides = false;
    {
        std::optional<detail::watchdog> watchdog;
        if (!kernel.virtual_clock && options_.watchdog.threshold > duration::zero()) watchdog.emplace(kernel, options_.watchdog);
        detail::interrupt_guard interrupts(kernel, options_.handle_interrupt);
        kernel.run_until_finished(main);
        loop_->guests_.close();
        while (loop_->guests_.size() != 0) kernel.tick();
        kernel.drain_posts_once();
        loop_->signal_callbacks_.clear();
        was_interrupted = interrupts.interrupted();
        interrupt_decides = was_interrupted && !interrupts.came_too_late() && !main.failed();
    }
    kernel.main_task = nullptr;
    base_context_ = std::move(main.context);
    loop_->guests_.tear_down();
    kernel.reset_root_scope();
    main.drop_reference();
    if (was_interrupted && !interrupt_decides) {
        detail::send_report({.kind = report_kind::interrupt_ignored,
                             .text = "SIGINT came, but an error or another cancellation of '" + options_.name + "' ended the run",
                             .task = options_.name});
    }
    if (kernel.callback_error) {
        try {
            std::rethrow_exception(std::exchange(kernel.callback_error, nullptr));
        } catch (const deadlock_error&) {
            throw;
        } catch (const std::exception& e) {
            std::throw_with_nested(internal_error(std::string("a callback on the loop threw: ") + e.what()));
        } catch (...) {
            std::throw_with_nested(internal_error("a callback on the loop threw something that is no std::exception"));
        }
    }
    if (interrupt_decides) throw interrupted();
}

}  // namespace hem
