#include "hem/core/async_exit_stack.hpp"

#include "hem/core/report.hpp"

namespace hem {

struct async_exit_stack::handler_entry final : entry {
    explicit handler_entry(callable<task<bool>(std::exception_ptr)> given) : handler(std::move(given)) { may_replace = true; }
    task<bool> close(std::exception_ptr error) override { co_return co_await handler(std::move(error)); }
    callable<task<bool>(std::exception_ptr)> handler;
};

async_exit_stack::~async_exit_stack() {
    if (entries_.empty() || std::uncaught_exceptions() > 0) return;
    detail::send_report({.kind = report_kind::unclosed_resource,
                         .text = "an async_exit_stack with " + std::to_string(entries_.size()) +
                                 " open entries was destroyed: use it through with, or await aclose()",
                         .task = {}});
}

void async_exit_stack::push(callable<task<bool>(std::exception_ptr)> handler) {
    push_entry(std::make_unique<handler_entry>(std::move(handler)));
}

task<std::exception_ptr> async_exit_stack::unwind(std::exception_ptr error) {
    while (!entries_.empty()) {
        const auto last = std::move(entries_.back());
        entries_.pop_back();
        std::exception_ptr thrown;
        try {
            if (co_await shield(last->close(error))) error = nullptr;
        } catch (...) {
            thrown = std::current_exception();
        }
        if (!thrown || thrown == error) continue;
        if (error && !last->may_replace) {
            detail::report_cleanup_error(thrown);
        } else {
            error = std::move(thrown);
        }
    }
    co_return error;
}

task<> async_exit_stack::aclose() {
    if (auto error = co_await unwind(nullptr)) std::rethrow_exception(std::move(error));
}

}  // namespace hem
