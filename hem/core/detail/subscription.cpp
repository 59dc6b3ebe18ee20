#include "hem/core/detail/subscription.hpp"

#include "hem/core/errors.hpp"

namespace hem::detail {

void news_cursor::close(news_source& source) noexcept {
    closed = true;
    if (!waiting) return;
    news_awaiter& call = *std::exchange(waiting, nullptr);
    call.end_closed_ = true;
    call.waits_ = false;
    if (call.state == wait_node::status::parked) source.waiters.grant(call, &source);
}

bool news_awaiter::ready(bool there) {
    if (begin_wait(*this, source_.owner, source_.what, source_.name)) return true;
    if (at_.waiting) {
        throw busy_resource("task '" + at_.waiting->task->display_name() +
                            "' waits for the next item of this subscription already; subscribe once more");
    }
    end_closed_ = at_.closed;
    return (end_closed_ || there) && complete_now(*this);
}

void news_awaiter::await_suspend(std::coroutine_handle<> handle) {
    at_.waiting = this;
    waits_ = true;
    if (suspend_wait(*this, handle)) source_.waiters.park(*this);
}

void news_awaiter::settle() {
    if (std::exchange(waits_, false)) at_.waiting = nullptr;
    end_wait(*this);
    if (end_closed_) throw closed_resource("this subscription was closed");
}

bool news_awaiter::abort(wait_node& node) noexcept {
    static_cast<news_awaiter&>(node).source_.waiters.remove(node);
    return true;
}

wait_target news_awaiter::target(const wait_node& node) noexcept {
    const news_source& source = static_cast<const news_awaiter&>(node).source_;
    return {.name = source.name, .object = &source};
}

void throw_publisher_closed(const char* what, const std::string& name) {
    throw closed_resource("the " + with_name(what, name) + " was closed");
}

}  // namespace hem::detail
