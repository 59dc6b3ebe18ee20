#include "hem/core/context.hpp"

#include "hem/core/detail/kernel.hpp"

namespace hem::detail {
namespace {
thread_local context_pointer thread_context;
}

context_pointer& current_context() noexcept {
    if (running.loop && running.loop->current) return running.loop->current->context;
    return thread_context;
}

}  // namespace hem::detail
