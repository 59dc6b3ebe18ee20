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
    dying->loop->io.remove(*dying);
    --dying->loop->io.registered_;
    for (wait_node* node : {dying->reader, dying->writer}) {
        if (!node) continue;
        static_cast<wait_awaiter*>(node)->target_ = nullptr;
        --dying->loop->io.waiters_;
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
        --state_->loop->io.waiters_;
        state_->loop->grant(*std::exchange(*waiter, nullptr));
    }
}

void io_descriptor::on_hang_up(hang_up_hook f, void* data) noexcept {
    state_->hang_up = f;
    state_->hang_up_data = data;
    if (f && state_->hung_up) f(data, state_->reset);
}

io_descriptor::wait_awaiter io_descriptor::wait_readable() noexcept { return {*state_, false}; }
io_descriptor::wait_awaiter io_descriptor::wait_writable() noexcept { return {*state_, true}; }

const wait_ops io_descriptor::wait_awaiter::read_ops{"read", abort, nullptr};
const wait_ops io_descriptor::wait_awaiter::write_ops{"write", abort, nullptr};

io_descriptor::wait_awaiter::wait_awaiter(record& target, bool write) noexcept
    : wait_node(write ? write_ops : read_ops), target_(&target), write_(write) {}

bool io_descriptor::wait_awaiter::await_ready() {
    return begin_wait(*this) || ((write_ ? target_->writable : target_->readable) && complete_now(*this));
}

void io_descriptor::wait_awaiter::await_suspend(std::coroutine_handle<> handle) {
    if (!suspend_wait(*this, handle)) return;
    (write_ ? target_->writer : target_->reader) = this;
    ++target_->loop->io.waiters_;
}

void io_descriptor::wait_awaiter::await_resume() {
    end_wait(*this);
    if (!target_) throw closed_resource("the descriptor was closed while a task waited for it");
}

bool io_descriptor::wait_awaiter::abort(wait_node& node) noexcept {
    auto& self = static_cast<wait_awaiter&>(node);
    (self.write_ ? self.target_->writer : self.target_->reader) = nullptr;
    --self.target_->loop->io.waiters_;
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

void reactor::tell(kernel& loop, io_descriptor::record& descriptor, std::uint32_t flags) noexcept {
    if (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        descriptor.hung_up = true;
        descriptor.reset = descriptor.reset || (flags & (EPOLLHUP | EPOLLERR)) != 0;
        if (descriptor.hang_up) descriptor.hang_up(descriptor.hang_up_data, descriptor.reset);
    }
    auto wake = [&](bool& ready, wait_node*& waiter) {
        ready = true;
        if (!waiter) return;
        wait_node& node = *std::exchange(waiter, nullptr);
        --waiters_;
        loop.grant(node);
    };
    if (flags & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) wake(descriptor.readable, descriptor.reader);
    if (flags & (EPOLLOUT | EPOLLHUP | EPOLLERR)) wake(descriptor.writable, descriptor.writer);
}

}  // namespace hem::detail
