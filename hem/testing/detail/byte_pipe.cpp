#include "hem/testing/detail/byte_pipe.hpp"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace hem::testing::detail {

using hem::detail::io_descriptor;

net::io_result byte_pipe::read(std::span<char> into) noexcept {
    if (error_ != 0) return {.error = error_};
    if (into.empty()) return {};
    if (unread() == 0) {
        if (ended_) return {.end = true};
        if (lockstep) {
            wanted_ = into.size();
            wake_writer();
        }
        return {.would_block = true};
    }
    const auto size = std::min(into.size(), unread());
    std::memcpy(into.data(), bytes_.data() + begin_, size);
    begin_ += size;
    wanted_ = 0;
    if (unread() == 0) {
        bytes_.clear();
        begin_ = 0;
    }
    if (!lockstep) wake_writer();
    return {.bytes = size};
}

void byte_pipe::close_reader() noexcept {
    reader_ = nullptr;
    if (writer_error_ == 0) writer_error_ = EPIPE;
    wake_writer();
}

std::size_t byte_pipe::room() const noexcept {
    const auto limit = lockstep ? wanted_ : capacity;
    return limit - std::min(limit, unread());
}

void byte_pipe::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (begin_ > bytes_.size() / 2) {
        bytes_.erase(0, begin_);
        begin_ = 0;
    }
    bytes_.append(bytes);
    if (reader_) io_descriptor::signal(*reader_, {.readable = true});
}

void byte_pipe::end() noexcept {
    if (ended_) return;
    ended_ = true;
    if (reader_) io_descriptor::signal(*reader_, {.readable = true, .hung_up = true});
}

void byte_pipe::fail(int reader_error, int writer_error) noexcept {
    if (error_ == 0) error_ = reader_error;
    if (writer_error_ == 0) writer_error_ = writer_error;
    bytes_.clear();
    begin_ = 0;
    if (reader_ && reader_error != 0) io_descriptor::signal(*reader_, {.readable = true, .writable = true, .hung_up = true, .reset = true});
    if (writer_error != 0) wake_writer();
}

void byte_pipe::wake_writer() noexcept {
    if (writer_) io_descriptor::signal(*writer_, {.writable = true});
}

}  // namespace hem::testing::detail
