#include "hem/core/signals.hpp"

#include <string.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "hem/core/detail/interrupts.hpp"
#include "hem/core/errors.hpp"

namespace hem {

struct signal_stream::state {
    struct member : detail::signal_subscription {
        state* owner = nullptr;
        bool pending = false;
    };
    std::vector<std::unique_ptr<member>> members;
    std::string names;     // "SIGHUP SIGTERM"
    std::size_t turn = 0;  // different numbers are taken in turn
    detail::wait_node* waiter = nullptr;

    ~state() {
        for (auto& one : members) one->remove(one->pending);
    }
    bool any() const {
        for (const auto& one : members) {
            if (one->pending) return true;
        }
        return false;
    }
    int take() {
        for (std::size_t i = 0; i < members.size(); ++i) {
            auto& one = *members[(turn + i) % members.size()];
            if (!one.pending) continue;
            one.pending = false;
            turn = (turn + i + 1) % members.size();
            return one.number;
        }
        return 0;
    }
};

signal_stream::signal_stream(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
signal_stream::signal_stream(signal_stream&&) noexcept = default;
signal_stream::~signal_stream() = default;

signal_stream signals(std::initializer_list<int> numbers) {
    if (numbers.size() == 0) throw std::invalid_argument("signals() needs at least one signal number");
    auto state = std::make_unique<signal_stream::state>();
    auto& loop = detail::current_kernel();
    for (const int number : numbers) {
        if (std::any_of(state->members.begin(), state->members.end(), [&](const auto& known) { return known->number == number; })) continue;
        auto one = std::make_unique<signal_stream::state::member>();
        one->number = number;
        one->owner = state.get();
        one->arrived = [](detail::signal_subscription& s, unsigned) noexcept {
            auto& self = static_cast<signal_stream::state::member&>(s);
            self.pending = true;
            if (auto* waiter = std::exchange(self.owner->waiter, nullptr)) waiter->task->loop->grant(*waiter);
        };
        one->install(loop);
        const char* name = ::sigabbrev_np(number);
        state->names += (state->names.empty() ? "SIG" : " SIG") + (name ? std::string(name) : std::to_string(number));
        state->members.push_back(std::move(one));
    }
    return signal_stream(std::move(state));
}

task<> signal_stream::aclose() {
    state_.reset();
    co_return;
}

const detail::wait_ops signal_stream::next_awaiter::ops{"signal", abort, nullptr, target};

bool signal_stream::next_awaiter::await_ready() {
    if (begin_wait(*this)) return true;
    if (!stream_.state_) return true;
    if (stream_.state_->waiter) throw busy_resource("another task waits for this signal stream");
    return stream_.state_->any() && complete_now(*this);
}

void signal_stream::next_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (suspend_wait(*this, handle)) stream_.state_->waiter = this;
}

std::optional<int> signal_stream::next_awaiter::await_resume() {
    end_wait(*this);
    if (!stream_.state_) return std::nullopt;
    return stream_.state_->take();
}

detail::wait_target signal_stream::next_awaiter::target(const detail::wait_node& node) noexcept {
    const auto* of = static_cast<const next_awaiter&>(node).stream_.state_.get();
    return {.name = of->names, .object = of};
}

bool signal_stream::next_awaiter::abort(detail::wait_node& node) noexcept {
    static_cast<next_awaiter&>(node).stream_.state_->waiter = nullptr;
    return true;
}

}  // namespace hem
