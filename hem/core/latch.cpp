#include "hem/core/latch.hpp"

#include "hem/core/errors.hpp"

namespace hem {

latch::latch(std::ptrdiff_t count, std::string name) : count_(static_cast<std::size_t>(count)), name_(std::move(name)) {
    if (count < 0) throw std::invalid_argument("a latch starts at zero or above, not at " + std::to_string(count));
}

void latch::count_down(std::ptrdiff_t by) {
    owner_.touch("latch", name_);
    if (by < 0) throw std::invalid_argument("a latch counts down, not by " + std::to_string(by));
    const auto step = static_cast<std::size_t>(by);
    if (step > count_) {
        throw usage_error(detail::with_name("latch", name_) + " is counted down by " + std::to_string(by) + " with " +
                          std::to_string(count_) + " left: it counts down once");
    }
    count_ -= step;
    if (count_ == 0) waiters_.grant_all(this);
}

bool latch::wait_awaiter::await_ready() {
    return begin_wait(*this, target_.owner_, "latch", target_.name_) || (target_.done() && complete_now(*this));
}

bool latch::wait_awaiter::abort(detail::wait_node& node) noexcept {
    static_cast<wait_awaiter&>(node).target_.waiters_.remove(node);
    return true;
}

detail::wait_target latch::wait_awaiter::target(const detail::wait_node& node) noexcept {
    const latch& waited_for = static_cast<const wait_awaiter&>(node).target_;
    return {.name = waited_for.name_, .object = &waited_for};
}

const detail::wait_ops latch::wait_awaiter::ops{"latch", abort, nullptr, target};

}  // namespace hem
