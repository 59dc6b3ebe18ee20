#include "hem/core/run.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "hem/core/detail/interrupts.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"

namespace hem {
namespace {

std::uint64_t choose_seed(const run_options& options) {
    if (options.seed != 0 || options.clock == clock_kind::virtual_time) return options.seed;
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

runner::runner(run_options options) : options_(std::move(options)) {
    loop_.reset(new loop({.virtual_clock = options_.clock == clock_kind::virtual_time,
                          .shuffle = options_.shuffle,
                          .autojump = true,
                          .seed = choose_seed(options_),
                          .default_grace = options_.default_grace,
                          .reactor = choose_reactor(options_.reactor)}));
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
    loop_->handle().call_soon_threadsafe([this, reason = std::move(reason)] {
        auto& kernel = loop_->kernel_;
        if (!kernel.main_task) return;
        cancelled_ = true;
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
    bool was_interrupted = false;
    {
        detail::interrupt_guard interrupts(kernel, options_.handle_interrupt);
        kernel.run_until_finished(main);
        kernel.drain_posts_once();
        was_interrupted = interrupts.interrupted();
    }
    kernel.main_task = nullptr;
    base_context_ = std::move(main.context);
    kernel.reset_root_scope();
    const bool main_failed = main.failed();
    main.drop_reference();
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
    if (was_interrupted) {
        if (!main_failed) throw interrupted();
        detail::send_report({.kind = report_kind::interrupt_ignored,
                             .text = "SIGINT came, but an error of '" + options_.name + "' ended the run",
                             .task = options_.name});
    }
}

}  // namespace hem
