// A request goes on after its handler has answered: its stream is read, its request-scope dependencies end, its background work runs. Each
// of these steps sees the context variables that the request had (trace, request id, bound log fields), and the task that runs it gets its
// own back.
#pragma once

#include <utility>

#include "hem/core/context.hpp"

namespace hem::web::detail {

class context_swap {
public:
    explicit context_swap(hem::detail::context_pointer& kept) noexcept : kept_(kept) { std::swap(hem::detail::current_context(), kept_); }
    context_swap(const context_swap&) = delete;
    ~context_swap() { std::swap(hem::detail::current_context(), kept_); }

private:
    hem::detail::context_pointer& kept_;
};

}  // namespace hem::web::detail
