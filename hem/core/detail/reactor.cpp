#include "hem/core/detail/reactor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/loop_host.hpp"

namespace hem::detail {
// ---- io_descriptor ----------------------------------------------------------------------------------------------------------------------

io_descriptor::io_descriptor(int fd) {
    kernel& loop = current_kernel();
    auto* fresh = new record;
    fresh->fd = fd;
    fresh->loop = &loop;
    try {
        loop.io.add(*fresh);
        ++loop.io.registered_;
    } catch (...) {
        ::close(fd);
        delete fresh;
        throw;
    }
    state_ = fresh;
}

io_descriptor io_descriptor::simulated() {
    io_descriptor result;
    result.state_ = new record;
    result.state_->loop = &current_kernel();
    return result;
}

io_descriptor::io_descriptor(io_descriptor&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

io_descriptor& io_descriptor::operator=(io_descriptor&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
}

int io_descriptor::release() noexcept {
    record* dying = std::exchange(state_, nullptr);
    if (!dying) return -1;
    if (dying->fd >= 0) {
        dying->loop->io.remove(*dying);
        --dying->loop->io.registered_;
    }
    if (dying->happened) --dying->loop->io.hooks_;
    for (wait_node* node : {dying->reader, dying->writer}) {
        if (!node) continue;
        static_cast<wait_awaiter*>(node)->target_ = nullptr;
        dying->loop->io.count_waiter(*dying, -1);
        dying->loop->grant(*node);
    }
    const int fd = dying->fd;
    delete dying;
    return fd;
}

void io_descriptor::close() noexcept {
    if (const int fd = release(); fd >= 0) ::close(fd);
}

void io_descriptor::interrupt() noexcept {
    for (wait_node** waiter : {&state_->reader, &state_->writer}) {
        if (!*waiter) continue;
        state_->loop->io.count_waiter(*state_, -1);
        state_->loop->grant(*std::exchange(*waiter, nullptr));
    }
}

void io_descriptor::signal(record& descriptor, readiness what) noexcept {
    const bool new_room = what.writable && !descriptor.writable && !descriptor.writer;
    if (what.readable) descriptor.readable = true;
    if (what.writable) descriptor.writable = true;
    if (what.hung_up) [[unlikely]] {
        descriptor.hung_up = true;
        descriptor.reset = descriptor.reset || what.reset;
    }
    const bool input = what.readable && !descriptor.reader;
    if (descriptor.happened && (what.hung_up || new_room || input)) [[unlikely]] {
        descriptor.happened(descriptor.happened_data,
                            {.input = input, .room = new_room, .hang_up = what.hung_up, .reset = what.hung_up && descriptor.reset});
    }
    const auto wake = [&](wait_node*& waiter) {
        if (!waiter) return;
        descriptor.loop->io.count_waiter(descriptor, -1);
        descriptor.loop->grant(*std::exchange(waiter, nullptr));
    };
    if (what.readable) wake(descriptor.reader);
    if (what.writable) wake(descriptor.writer);
}

void io_descriptor::watch(watcher f, void* data) noexcept {
    auto& hooks = state_->loop->io.hooks_;
    hooks += (f != nullptr);
    hooks -= (state_->happened != nullptr);
    state_->happened = f;
    state_->happened_data = data;
    if (f && state_->hung_up) f(data, {.hang_up = true, .reset = state_->reset});
}

io_descriptor::wait_awaiter io_descriptor::wait_readable() noexcept { return {*state_, false}; }
io_descriptor::wait_awaiter io_descriptor::wait_writable() noexcept { return {*state_, true}; }

const wait_ops io_descriptor::wait_awaiter::read_ops{"read", abort, nullptr, target};
const wait_ops io_descriptor::wait_awaiter::write_ops{"write", abort, nullptr, target};

wait_target io_descriptor::wait_awaiter::target(const wait_node& node) noexcept {
    const record* descriptor = static_cast<const wait_awaiter&>(node).target_;
    return {.object = descriptor, .descriptor = descriptor ? descriptor->fd : -1};
}

io_descriptor::wait_awaiter::wait_awaiter(record& target, bool write) noexcept
    : wait_node(write ? write_ops : read_ops), target_(&target), write_(write) {}

bool io_descriptor::wait_awaiter::await_ready() {
    return begin_wait(*this) || ((write_ ? target_->writable : target_->readable) && complete_now(*this));
}

void io_descriptor::wait_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (!suspend_wait(*this, handle)) return;
    (write_ ? target_->writer : target_->reader) = this;
    target_->loop->io.count_waiter(*target_, 1);
}

void io_descriptor::wait_awaiter::await_resume() {
    end_wait(*this);
    if (!target_) throw closed_resource("the descriptor was closed while a task waited for it");
}

bool io_descriptor::wait_awaiter::abort(wait_node& node) noexcept {
    auto& self = static_cast<wait_awaiter&>(node);
    (self.write_ ? self.target_->writer : self.target_->reader) = nullptr;
    self.target_->loop->io.count_waiter(*self.target_, -1);
    return true;
}

// ---- reactor ----------------------------------------------------------------------------------------------------------------------------

std::unique_ptr<reactor> reactor::make(reactor_choice choice, int wake_fd) {
    if (hosted_loop::current()) choice = reactor_choice::epoll;  // a host waits for one descriptor
    return choice == reactor_choice::io_uring ? make_uring_reactor(wake_fd) : make_epoll_reactor(wake_fd);
}

void reactor::take_wake_up() noexcept {
    std::uint64_t value;
    [[maybe_unused]] const auto got = ::read(wake_fd_, &value, sizeof value);
}

void reactor::tell(kernel&, io_descriptor::record& descriptor, std::uint32_t flags) noexcept {
    const bool failed = (flags & (EPOLLHUP | EPOLLERR)) != 0;
    const bool hung_up = failed || (flags & EPOLLRDHUP) != 0;
    io_descriptor::signal(descriptor, {.readable = hung_up || (flags & EPOLLIN) != 0,
                                       .writable = failed || (flags & EPOLLOUT) != 0,
                                       .hung_up = hung_up,
                                       .reset = failed});
}

}  // namespace hem::detail
