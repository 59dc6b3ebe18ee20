#include "hem/core/context.hpp"

#include "hem/core/detail/kernel.hpp"

namespace hem::detail {
namespace {
thread_local context_pointer thread_context;
}

void context_pointer::push(context_node* fresh) {
    fresh->next = detach();
    fresh->depth = fresh->next ? fresh->next->depth + 1 : 1;
    node_ = fresh;
    if (fresh->depth <= compact_above) return;
    context_pointer compact;
    for (const context_node* at = node_; at; at = at->next) {
        if (compact.find(at->key)) continue;
        context_node* copy = at->clone(at);
        copy->next = compact.detach();
        copy->depth = copy->next ? copy->next->depth + 1 : 1;
        compact.node_ = copy;
    }
    // More variables than the limit: nothing to gain until their number has doubled.
    if (compact.node_->depth < fresh->depth) *this = std::move(compact);
}

context_pointer& current_context() noexcept {
    if (running.loop && running.loop->current) return running.loop->current->context;
    return thread_context;
}

}  // namespace hem::detail
