// A file operation on its way: in the kernel where the reactor is io_uring, on a worker otherwise. It cannot be abandoned, since the kernel
// owns the buffer: a cancelled one is asked to end, and the await lasts until it has. A result beats the cancellation.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {

struct file_request {
    enum class kind : unsigned char { open, read, write, sync };
    kind what;
    int fd = -1;
    const char* path = nullptr;  // of open; lives until the end
    int flags = 0;
    mode_t mode = 0;
    void* data = nullptr;  // of read and write
    std::size_t bytes = 0;
    std::int64_t offset = 0;

    // The system call itself: what it gives, or -errno.
    std::int64_t run() const noexcept;
};

class [[nodiscard("not awaited: write co_await")]] file_operation : public wait_node {
public:
    explicit file_operation(const file_request& request) noexcept : wait_node(ops), request(request) {}
    bool await_ready() { return begin_wait(*this); }
    void await_suspend(std::coroutine_handle<> handle);
    // What the call gives, or -errno.
    std::int64_t await_resume();

    // For the reactor: the operation has ended.
    void finish(std::int64_t given) noexcept {
        result = given;
        task->loop->grant(*this);
    }

    file_request request;
    std::int64_t result = 0;

private:
    static bool abort(wait_node& node) noexcept;
    static bool keep(wait_node&) noexcept { return false; }
    static wait_target target(const wait_node& node) noexcept;
    static const wait_ops ops;
    bool asked_to_end_ = false;
};

// Runs the request where the loop's reactor wants it. A cancel point at its begin; afterwards see above.
task<std::int64_t> run_file_request(file_request request);

}  // namespace hem::detail
