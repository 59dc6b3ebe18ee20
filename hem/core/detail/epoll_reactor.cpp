#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/loop_host.hpp"

namespace hem::detail {
namespace {

[[noreturn]] void throw_errno(const char* what) { throw std::system_error(errno, std::system_category(), what); }

class epoll_reactor final : public reactor {
public:
    explicit epoll_reactor(int wake_fd) : reactor(wake_fd), epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)), host_(hosted_loop::current()) {
        if (host_) ++waiters_;  // its handlers are input that is always waited for
        if (epoll_fd_ < 0) throw_errno("cannot make the loop's epoll descriptor");
        epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
        if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd, &event) != 0) throw_errno("cannot watch the loop's event descriptor");
    }
    ~epoll_reactor() override { ::close(epoll_fd_); }

    void add(io_descriptor::record& descriptor) override {
        epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &descriptor}};
        if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, descriptor.fd, &event) != 0) throw_errno("cannot watch a descriptor");
    }
    void remove(io_descriptor::record& descriptor) noexcept override { ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, descriptor.fd, nullptr); }
    const char* name() const noexcept override { return "epoll"; }

    int poll(kernel& loop, duration timeout) override {
        epoll_event events[256];
        if (host_) {
            host_->wait(epoll_fd_, timeout);
            timeout = duration::zero();
        }
        const int count = wait(events, 256, timeout);
        // Tasks run after this loop, so no descriptor dies while its event is handled.
        for (int i = 0; i < count; ++i) {
            if (auto* descriptor = static_cast<io_descriptor::record*>(events[i].data.ptr)) {
                tell(loop, *descriptor, events[i].events);
            } else {
                take_wake_up();
            }
        }
        return std::max(count, 0);
    }

private:
    int wait(epoll_event* events, int most, duration timeout) noexcept {
        if (timeout <= duration::zero()) return ::epoll_wait(epoll_fd_, events, most, 0);
        if (timeout == duration::max()) return ::epoll_wait(epoll_fd_, events, most, -1);
        // Nanoseconds where the kernel has them (5.11), else milliseconds, rounded up so that no timer is early.
        static std::atomic<bool> has_pwait2{true};
        if (has_pwait2.load(std::memory_order_relaxed)) {
            const timespec limit{.tv_sec = timeout.count() / 1'000'000'000, .tv_nsec = timeout.count() % 1'000'000'000};
            const int count = ::epoll_pwait2(epoll_fd_, events, most, &limit, nullptr);
            if (count >= 0 || errno != ENOSYS) return count;
            has_pwait2.store(false, std::memory_order_relaxed);
        }
        const auto ms = std::min<std::int64_t>((timeout.count() + 999'999) / 1'000'000, std::int64_t{1} << 30);
        return ::epoll_wait(epoll_fd_, events, most, static_cast<int>(ms));
    }

    int epoll_fd_;
    loop_host* host_;
};

thread_local loop_host* host_of_next_loop = nullptr;

}  // namespace

hosted_loop::hosted_loop(loop_host& host) noexcept { host_of_next_loop = &host; }
hosted_loop::~hosted_loop() { host_of_next_loop = nullptr; }
loop_host* hosted_loop::current() noexcept { return host_of_next_loop; }

std::unique_ptr<reactor> make_epoll_reactor(int wake_fd) { return std::make_unique<epoll_reactor>(wake_fd); }

}  // namespace hem::detail
