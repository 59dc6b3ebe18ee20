#include "hem/core/detail/reactor.hpp"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/errors.hpp"

namespace hem::detail {
namespace {

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::system_category(), what); }

}  // namespace

// ---- io_descriptor ----------------------------------------------------------------------------------------------------------------------

io_descriptor::io_descriptor(int fd) {
    kernel& loop = current_kernel();
    auto* fresh = new record;
    fresh->fd = fd;
    fresh->loop = &loop;
    try {
        loop.io.add(*fresh);
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

reactor::reactor(int wake_fd) : epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), wake_fd_(wake_fd) {
    if (epoll_fd_ < 0) throw_errno("cannot make the loop's epoll descriptor");
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) throw_errno("cannot watch the loop's event descriptor");
}

reactor::~reactor() { ::close(epoll_fd_); }

void reactor::add(io_descriptor::record& descriptor) {
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &descriptor}};
    if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, descriptor.fd, &event) != 0) throw_errno("cannot watch a descriptor");
}

void reactor::remove(io_descriptor::record& descriptor) noexcept { ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, descriptor.fd, nullptr); }

int reactor::poll(kernel& loop, duration timeout) {
    epoll_event events[256];
    int count;
    if (timeout <= duration::zero() || timeout == duration::max()) {
        count = ::epoll_wait(epoll_fd_, events, 256, timeout == duration::max() ? -1 : 0);
    } else {
        // Nanoseconds where the kernel has them (5.11), else milliseconds, rounded up so that no timer is early.
        static std::atomic<bool> has_pwait2{true};
        count = -1;
        if (has_pwait2.load(std::memory_order_relaxed)) {
            const timespec limit{.tv_sec = timeout.count() / 1'000'000'000, .tv_nsec = timeout.count() % 1'000'000'000};
            count = ::epoll_pwait2(epoll_fd_, events, 256, &limit, nullptr);
            if (count < 0 && errno == ENOSYS) has_pwait2.store(false, std::memory_order_relaxed);
        }
        if (!has_pwait2.load(std::memory_order_relaxed)) {
            const auto ms = std::min<std::int64_t>((timeout.count() + 999'999) / 1'000'000, std::int64_t{1} << 30);
            count = ::epoll_wait(epoll_fd_, events, 256, static_cast<int>(ms));
        }
    }
    // Tasks run after this loop, so no descriptor dies while its event is handled.
    for (int i = 0; i < count; ++i) {
        auto* descriptor = static_cast<io_descriptor::record*>(events[i].data.ptr);
        if (!descriptor) {
            std::uint64_t value;
            [[maybe_unused]] const auto got = ::read(wake_fd_, &value, sizeof value);
            continue;
        }
        const auto flags = events[i].events;
        if (flags & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
            descriptor->hung_up = true;
            descriptor->reset = descriptor->reset || (flags & (EPOLLHUP | EPOLLERR)) != 0;
            if (descriptor->hang_up) descriptor->hang_up(descriptor->hang_up_data, descriptor->reset);
        }
        auto wake = [&](bool& ready, wait_node*& waiter) {
            ready = true;
            if (!waiter) return;
            wait_node& node = *std::exchange(waiter, nullptr);
            --waiters_;
            loop.grant(node);
        };
        if (flags & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) wake(descriptor->readable, descriptor->reader);
        if (flags & (EPOLLOUT | EPOLLHUP | EPOLLERR)) wake(descriptor->writable, descriptor->writer);
    }
    return count < 0 ? 0 : count;
}

}  // namespace hem::detail
