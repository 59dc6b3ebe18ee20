// Readiness of descriptors, edge-triggered: a descriptor is registered once and remembers what it was told, so that a read after a short
// read and a write after a full write cost no extra system call. Two reactors tell it, by epoll or by io_uring; the second runs file
// operations, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>

#include "hem/core/clock.hpp"
#include "hem/core/detail/wait_node.hpp"

namespace hem::detail {

struct kernel;

// What a watcher is told.
struct io_happening {
    bool input = false;    // bytes came
    bool room = false;     // it takes bytes again, after a call that would have blocked
    bool hang_up = false;  // the peer shut down its side, or the connection failed
    bool reset = false;    // the connection failed
};

// A descriptor of the running loop. Owns it: closes it on destruction. At most one waiter per direction.
class io_descriptor {
public:
    io_descriptor() noexcept = default;
    // Takes `fd` over; it must be non-blocking. Registers with the running loop; throws std::system_error and closes if that fails.
    explicit io_descriptor(int fd);
    io_descriptor(io_descriptor&& other) noexcept;
    io_descriptor& operator=(io_descriptor&& other) noexcept;
    ~io_descriptor() { close(); }

    // Of no kernel object: its readiness is what `signal` says. For simulated networks; the virtual clock does not wait for it.
    static io_descriptor simulated();

    int fd() const noexcept { return state_ ? state_->fd : -1; }
    explicit operator bool() const noexcept { return state_ != nullptr; }
    // Closes at once; a task that waits on it gets closed_resource. Does nothing when closed.
    void close() noexcept;
    // Gives the descriptor up without closing it.
    int release() noexcept;

    struct record;

    // Awaitable: suspends until the direction may make progress. Cancel point. A wait that finds the direction ready does not suspend.
    // After a call returned EAGAIN, clear_readable/clear_writable says so; after a short read of a stream, too.
    class wait_awaiter;
    wait_awaiter wait_readable() noexcept;
    wait_awaiter wait_writable() noexcept;
    bool readable() const noexcept { return state_->readable; }
    bool writable() const noexcept { return state_->writable; }
    void clear_readable() noexcept {
        if (!state_->hung_up) state_->readable = false;
    }
    void clear_writable() noexcept {
        if (!state_->hung_up) state_->writable = false;
    }
    // After a call said EAGAIN: true whatever hung up.
    void force_clear_readable() noexcept { state_->readable = false; }
    void force_clear_writable() noexcept { state_->writable = false; }
    // The peer shut its side down or the connection failed: reading tells which.
    bool hung_up() const noexcept { return state_->hung_up; }
    // Lets whoever waits go on as if the descriptor were ready.
    void interrupt() noexcept;
    // Calls `f(data, what)` in the loop, outside of any task, for what happens while no task waits for it, and for every hang-up; at once
    // if that has happened. It must not close a descriptor. Null ends it.
    using watcher = void (*)(void* data, io_happening what) noexcept;
    void watch(watcher f, void* data) noexcept;

    // What a poll, or a simulated network, found out: the directions that may make progress now, the peer's shutdown or the failure.
    struct readiness {
        bool readable = false;
        bool writable = false;
        bool hung_up = false;
        bool reset = false;
    };
    static void signal(record& descriptor, readiness what) noexcept;
    // The same object for the descriptor's whole life, wherever that is moved.
    record* state() const noexcept { return state_; }

    struct record {
        int fd = -1;  // -1: simulated
        bool readable = true;
        bool writable = true;
        bool hung_up = false;
        kernel* loop = nullptr;
        wait_node* reader = nullptr;
        wait_node* writer = nullptr;
        watcher happened = nullptr;
        void* happened_data = nullptr;
        bool reset = false;
        void* watch = nullptr;  // the reactor's own
    };

private:
    record* state_ = nullptr;
};

class io_descriptor::wait_awaiter : public wait_node {
public:
    wait_awaiter(record& target, bool write) noexcept;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume();

private:
    static bool abort(wait_node& node) noexcept;
    static bool keep(wait_node&) noexcept { return false; }
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops read_ops;
    static const wait_ops write_ops;
    friend class io_descriptor;
    record* target_;  // null once the descriptor was closed under the wait
    bool write_;
};

class file_operation;

enum class reactor_choice : unsigned char { epoll, io_uring };

class reactor {
public:
    // Wakes up when `wake_fd`, an eventfd that stays the caller's, is written. Throws std::system_error if the kernel has no such reactor.
    static std::unique_ptr<reactor> make(reactor_choice choice, int wake_fd);
    virtual ~reactor() = default;
    reactor(const reactor&) = delete;
    reactor& operator=(const reactor&) = delete;

    // Waits up to `timeout` (zero: only looks; max: no limit) and grants whoever waits for what became ready. Returns the number of events.
    virtual int poll(kernel& loop, duration timeout) = 0;
    virtual void add(io_descriptor::record& descriptor) = 0;
    // Before the descriptor is closed.
    virtual void remove(io_descriptor::record& descriptor) noexcept = 0;
    // Whether file operations run in the kernel; otherwise they need a thread.
    virtual bool takes_files() const noexcept { return false; }
    // Starts one; it is finished with its result.
    virtual void start(file_operation&) {}
    // Asks for an early end of a started operation; it is granted all the same.
    virtual void ask_to_end(file_operation&) noexcept {}
    virtual const char* name() const noexcept = 0;
    // Tasks that wait for a descriptor or a file.
    std::size_t waiters() const noexcept { return waiters_; }
    std::size_t registered() const noexcept { return registered_; }
    // Descriptors whose hang-up somebody wants to hear of.
    std::size_t hooks() const noexcept { return hooks_; }

protected:
    explicit reactor(int wake_fd) noexcept : wake_fd_(wake_fd) {}
    // What the kernel said of a descriptor, in epoll's flags.
    void tell(kernel& loop, io_descriptor::record& descriptor, std::uint32_t flags) noexcept;
    void take_wake_up() noexcept;
    int wake_fd_;
    std::size_t waiters_ = 0;

private:
    friend class io_descriptor;
    void count_waiter(const io_descriptor::record& descriptor, std::ptrdiff_t change) noexcept {
        if (descriptor.fd >= 0) waiters_ += static_cast<std::size_t>(change);
    }
    std::size_t registered_ = 0;
    std::size_t hooks_ = 0;
};

std::unique_ptr<reactor> make_epoll_reactor(int wake_fd);
std::unique_ptr<reactor> make_uring_reactor(int wake_fd);

}  // namespace hem::detail
