// The reactor on io_uring: one multishot poll per descriptor, which is edge-triggered as epoll's, and file operations as requests of their
// own. Needs Linux 5.19. A poll holds a reference to its file, so a descriptor is taken out before it is closed; what the kernel still says
// of it afterwards meets a watch without a target.
#include <errno.h>
#include <liburing.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "hem/core/detail/file_operation.hpp"
#include "hem/core/detail/kernel.hpp"

namespace hem::detail {
namespace {

struct watch_tag;

struct watch : list_link<watch_tag> {
    io_descriptor::record* target = nullptr;
    bool armed = false;
};

class uring_reactor final : public reactor {
public:
    explicit uring_reactor(int wake_fd) : reactor(wake_fd) {
        io_uring_params params{};
        params.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE;
        params.cq_entries = 4096;
        if (const int status = ::io_uring_queue_init_params(256, &ring_, &params); status < 0) {
            throw std::system_error(-status, std::system_category(),
                                    "io_uring is not available here (it needs Linux 5.19 and may be forbidden in a container): use epoll");
        }
        arm_wake_up();
    }
    ~uring_reactor() override {
        ::io_uring_queue_exit(&ring_);
        while (!watches_.empty()) delete &watches_.pop_front();
    }
    const char* name() const noexcept override { return "io_uring"; }

    void add(io_descriptor::record& descriptor) override {
        auto fresh = std::make_unique<watch>();
        fresh->target = &descriptor;
        arm(*fresh);
        descriptor.watch = fresh.get();
        watches_.push_back(*fresh.release());
    }
    void remove(io_descriptor::record& descriptor) noexcept override {
        auto& dying = *static_cast<watch*>(descriptor.watch);
        dying.target = nullptr;
        if (!dying.armed) {
            forget(dying);
            return;
        }
        io_uring_sqe* entry = next_entry();
        // Not poll_remove: that gives up while an event of the poll is on its way, and the poll would keep the file open.
        ::io_uring_prep_cancel64(entry, tagged(&dying, of_watch), 0);
        ::io_uring_sqe_set_data64(entry, of_nothing);
        ::io_uring_submit(&ring_);
    }

    bool takes_files() const noexcept override { return true; }
    void start(file_operation& operation) override {
        const file_request& request = operation.request;
        io_uring_sqe* entry = next_entry();
        switch (request.what) {
        case file_request::kind::open: ::io_uring_prep_openat(entry, AT_FDCWD, request.path, request.flags, request.mode); break;
        case file_request::kind::read:
            ::io_uring_prep_read(entry, request.fd, request.data, limited(request.bytes), static_cast<std::uint64_t>(request.offset));
            break;
        case file_request::kind::write:
            ::io_uring_prep_write(entry, request.fd, request.data, limited(request.bytes), static_cast<std::uint64_t>(request.offset));
            break;
        case file_request::kind::sync: ::io_uring_prep_fsync(entry, request.fd, 0); break;
        }
        ::io_uring_sqe_set_data64(entry, tagged(&operation, of_file));
        ++waiters_;
    }
    void ask_to_end(file_operation& operation) noexcept override {
        io_uring_sqe* entry = next_entry();
        ::io_uring_prep_cancel64(entry, tagged(&operation, of_file), 0);
        ::io_uring_sqe_set_data64(entry, of_nothing);
    }

    int poll(kernel& loop, duration timeout) override {
        io_uring_cqe* first = nullptr;
        if (timeout <= duration::zero()) {
            ::io_uring_submit(&ring_);
            ::io_uring_peek_cqe(&ring_, &first);  // enters the kernel if it holds completions back
        } else if (timeout == duration::max()) {
            ::io_uring_submit_and_wait(&ring_, 1);
        } else {
            __kernel_timespec limit{.tv_sec = timeout.count() / 1'000'000'000, .tv_nsec = timeout.count() % 1'000'000'000};
            ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &limit, nullptr);
        }
        int count = 0;
        // Tasks run after this loop, so no descriptor dies while its event is handled.
        while (::io_uring_peek_cqe(&ring_, &first) == 0 && first) {
            const io_uring_cqe event = *first;
            ::io_uring_cqe_seen(&ring_, first);
            handle(loop, event);
            ++count;
        }
        return count;
    }

private:
    // What a completion belongs to, in the lowest bits of its data.
    enum tag : std::uint64_t { of_nothing = 0, of_watch = 1, of_file = 2, of_wake_up = 3, tag_mask = 3 };
    static std::uint64_t tagged(const void* object, tag t) noexcept { return reinterpret_cast<std::uintptr_t>(object) | t; }
    static unsigned limited(std::size_t bytes) noexcept { return static_cast<unsigned>(std::min(bytes, std::size_t{1} << 30)); }

    io_uring_sqe* next_entry() noexcept {
        io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
        while (!entry) {
            ::io_uring_submit(&ring_);
            entry = ::io_uring_get_sqe(&ring_);
        }
        return entry;
    }
    void arm(watch& w) noexcept {
        io_uring_sqe* entry = next_entry();
        ::io_uring_prep_poll_multishot(entry, w.target->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
        ::io_uring_sqe_set_data64(entry, tagged(&w, of_watch));
        w.armed = true;
    }
    void arm_wake_up() noexcept {
        io_uring_sqe* entry = next_entry();
        ::io_uring_prep_poll_multishot(entry, wake_fd_, EPOLLIN);
        ::io_uring_sqe_set_data64(entry, of_wake_up);
    }
    void forget(watch& w) noexcept {
        watches_.erase(w);
        delete &w;
    }
    void handle(kernel& loop, const io_uring_cqe& event) noexcept {
        void* object = reinterpret_cast<void*>(event.user_data & ~std::uint64_t{tag_mask});
        const bool more = (event.flags & IORING_CQE_F_MORE) != 0;
        switch (event.user_data & tag_mask) {
        case of_wake_up:
            take_wake_up();
            if (!more) arm_wake_up();
            return;
        case of_file:
            --waiters_;
            static_cast<file_operation*>(object)->finish(event.res);
            return;
        case of_watch: {
            auto& w = *static_cast<watch*>(object);
            w.armed = more;
            if (!w.target) {
                if (!more) forget(w);
                return;
            }
            if (event.res < 0) {
                tell(loop, *w.target, EPOLLERR);
                return;
            }
            if (!more) arm(w);
            tell(loop, *w.target, static_cast<std::uint32_t>(event.res));
            return;
        }
        default: return;
        }
    }

    io_uring ring_{};
    intrusive_list<watch, watch_tag> watches_;
};

}  // namespace

std::unique_ptr<reactor> make_uring_reactor(int wake_fd) { return std::make_unique<uring_reactor>(wake_fd); }

}  // namespace hem::detail
