#include "hem/core/async_generator.hpp"

#include "hem/core/async_context.hpp"
#include "hem/core/with.hpp"

namespace hem::detail {

void generator_promise_base::check_yield() const {
    if (current_task_header().scope != step_scope) {
        throw usage_error(
            "a generator yields inside a cancel scope, timeout or task group that it opened: the consumer's code would run inside it; "
            "yield outside of the scope, or use async_context");
    }
}

void throw_generator_busy() { throw busy_resource("another task is inside a step of this generator"); }

void throw_context_yields(int count) {
    throw usage_error(count == 0 ? "an async_context ended without a yield: it yields exactly once"
                                 : "an async_context yielded twice: it yields exactly once");
}

void report_cleanup_error(const std::exception_ptr& error) {
    send_report({.kind = report_kind::suppressed_error,
                 .text = "a cleanup failed with " + describe(error) + " after its body had failed",
                 .task = current_task_header().display_name()});
}

}  // namespace hem::detail
