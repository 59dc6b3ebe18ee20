#include "hem/core/detail/file_operation.hpp"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hem/core/to_thread.hpp"

namespace hem::detail {

std::int64_t file_request::run() const noexcept {
    for (;;) {
        std::int64_t given = 0;
        switch (what) {
        case kind::open: given = ::open(path, flags, mode); break;
        case kind::read: given = ::pread(fd, data, bytes, offset); break;
        case kind::write: given = ::pwrite(fd, data, bytes, offset); break;
        case kind::sync: given = ::fsync(fd); break;
        }
        if (given >= 0) return given;
        if (errno != EINTR) return -errno;
    }
}

const wait_ops file_operation::ops{"file", abort, keep, target};

void file_operation::await_suspend(std::coroutine_handle<> handle) {
    suspend_wait(*this, handle);
    task->loop->io.start(*this);
}

wait_target file_operation::target(const wait_node& node) noexcept {
    const file_request& request = static_cast<const file_operation&>(node).request;
    return {.name = request.path ? request.path : std::string_view(), .object = &node, .descriptor = request.fd};
}

bool file_operation::abort(wait_node& node) noexcept {
    auto& self = static_cast<file_operation&>(node);
    if (!std::exchange(self.asked_to_end_, true)) self.task->loop->io.ask_to_end(self);
    return false;
}

std::int64_t file_operation::await_resume() {
    end_wait(*this);
    if (result == -ECANCELED && asked_to_end_) throw_cancelled(*task);
    return result;
}

task<std::int64_t> run_file_request(file_request request) {
    if (current_kernel().io.takes_files()) co_return co_await file_operation(request);
    co_return co_await to_thread([request] { return request.run(); });
}

}  // namespace hem::detail
