// One direction of a stream in memory: bytes from a writing end to a reading end, both on one loop.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "hem/core/detail/reactor.hpp"
#include "hem/net/socket_stream.hpp"

namespace hem::testing::detail {

class byte_pipe {
public:
    using record = hem::detail::io_descriptor::record;

    // How many bytes may wait to be read.
    std::size_t capacity = 64 * 1024;
    // Only what a read waits for may be written.
    bool lockstep = false;

    void attach_reader(record* reader) noexcept { reader_ = reader; }
    void attach_writer(record* writer) noexcept { writer_ = writer; }

    // Reading end. Calls `taken` afterwards through `writer`'s readiness.
    net::io_result read(std::span<char> into) noexcept;
    // The reader is gone: what comes is dropped, and writing fails.
    void close_reader() noexcept;
    bool has_input() const noexcept { return begin_ < bytes_.size() || ended_ || error_ != 0; }
    std::size_t unread() const noexcept { return bytes_.size() - begin_; }

    // Writing end, or what arrives from it.
    std::size_t room() const noexcept;
    void append(std::string_view bytes);
    void end() noexcept;
    // Ends it for both sides with errno values; bytes that were not read are lost.
    void fail(int reader_error, int writer_error) noexcept;
    int writer_error() const noexcept { return writer_error_; }
    bool ended() const noexcept { return ended_; }
    void wake_writer() noexcept;

private:
    std::string bytes_;
    std::size_t begin_ = 0;
    std::size_t wanted_ = 0;  // lockstep: of the read that waits
    bool ended_ = false;
    int error_ = 0;
    int writer_error_ = 0;
    record* reader_ = nullptr;
    record* writer_ = nullptr;
};

}  // namespace hem::testing::detail
