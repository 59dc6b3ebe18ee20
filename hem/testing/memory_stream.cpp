#include "hem/testing/memory_stream.hpp"

#include <errno.h>

#include <algorithm>
#include <memory>

#include "hem/testing/detail/byte_pipe.hpp"
#include "hem/testing/fail_every_operation.hpp"

namespace hem::testing {
namespace {

using hem::detail::io_descriptor;

struct connection {
    detail::byte_pipe towards[2];  // towards[i]: read by end i
};

class memory_end final : public net::detail::stream_device {
public:
    memory_end(std::shared_ptr<connection> shared, int index) noexcept
        : shared_(std::move(shared)), in_(shared_->towards[index]), out_(shared_->towards[1 - index]) {}
    memory_end(const memory_end&) = delete;
    ~memory_end() override {
        in_.close_reader();
        out_.attach_writer(nullptr);
        out_.end();
    }

    net::io_result read(std::span<char> into) noexcept override {
        if (const int error = detail::operation_error("read of a stream in memory", ECONNRESET)) return {.error = error};
        return in_.read(into);
    }
    net::io_result write(std::span<const iovec> pieces) noexcept override {
        if (const int error = detail::operation_error("write to a stream in memory", EPIPE)) return {.error = error};
        if (out_.ended()) return {.error = EPIPE};
        if (out_.writer_error() != 0) return {.error = out_.writer_error()};
        std::size_t written = 0;
        std::size_t given = 0;
        for (const auto& piece : pieces) {
            given += piece.iov_len;
            const auto size = std::min(piece.iov_len, out_.room());
            out_.append({static_cast<const char*>(piece.iov_base), size});
            written += size;
            if (size < piece.iov_len) break;
        }
        return {.bytes = written, .would_block = written == 0 && given > 0};
    }
    void shutdown_write() noexcept override { out_.end(); }
    void shutdown() noexcept override {
        out_.end();
        in_.end();
    }
    void reset() noexcept override {
        out_.fail(ECONNRESET, EPIPE);
        in_.fail(ECONNRESET, ECONNRESET);
    }
    net::peer_address peer() const override { return {"memory", 0}; }
    std::size_t unsent_bytes() const noexcept override { return out_.unread(); }
    bool has_input() const noexcept override { return in_.has_input(); }

private:
    std::shared_ptr<connection> shared_;
    detail::byte_pipe& in_;
    detail::byte_pipe& out_;
};

stream_pair connect(const std::shared_ptr<connection>& shared) {
    auto make_end = [&](int index) {
        auto descriptor = io_descriptor::simulated();
        shared->towards[index].attach_reader(descriptor.state());
        shared->towards[1 - index].attach_writer(descriptor.state());
        auto device = std::make_unique<memory_end>(shared, index);
        return net::socket_stream(std::move(descriptor), std::move(device));
    };
    auto first = make_end(0);
    return {std::move(first), make_end(1)};
}

}  // namespace

stream_pair memory_stream_pair(std::size_t capacity) {
    auto shared = std::make_shared<connection>();
    for (auto& pipe : shared->towards) pipe.capacity = capacity;
    return connect(shared);
}

stream_pair lockstep_stream_pair() {
    auto shared = std::make_shared<connection>();
    for (auto& pipe : shared->towards) pipe.lockstep = true;
    return connect(shared);
}

}  // namespace hem::testing
