#include "hem/testing/detail/simulated_connection.hpp"

#include <errno.h>

#include <algorithm>

#include "hem/testing/fail_every_operation.hpp"

namespace hem::testing::detail {

using hem::detail::io_descriptor;

// ---- one direction ----------------------------------------------------------------------------------------------------------------------

simulated_direction::due_timer::due_timer(simulated_direction* d) noexcept
    : direction_timer(d, [](timer& t) noexcept { static_cast<direction_timer&>(t).direction->deliver(); }) {}

simulated_direction::lost_timer::lost_timer(simulated_direction* d) noexcept
    : direction_timer(d, [](timer& t) noexcept { static_cast<direction_timer&>(t).direction->connection_->give_up(ETIMEDOUT); }) {}

simulated_direction::~simulated_direction() {
    disarm(due_);
    disarm(lost_);
}

void simulated_direction::disarm(hem::detail::timer& t) noexcept {
    if (t.armed()) loop_->timers.remove(t);
}

void simulated_direction::open(network_state& network, network_path& path, simulated_connection& connection) {
    network_ = &network;
    path_ = &path;
    connection_ = &connection;
    loop_ = &hem::detail::current_kernel();
}

std::size_t simulated_direction::room() const noexcept { return network_->options.window - std::min(network_->options.window, unsent()); }

void simulated_direction::push(kind what, std::string bytes) {
    auto due = loop_->now() + network_->travel_time();
    if (!flight_.empty()) due = std::max(due, flight_.back().due);
    in_flight_ += bytes.size();
    flight_.push_back({due, what, std::move(bytes)});
    schedule();
}

void simulated_direction::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto size = network_->segment_size(bytes.size());
        push(kind::bytes, std::string(bytes.substr(0, size)));
        bytes.remove_prefix(size);
    }
}

void simulated_direction::send_end() {
    if (closing) return;
    closing = true;
    push(kind::end, {});
}

void simulated_direction::send_reset() {
    closing = true;
    flight_.clear();
    in_flight_ = 0;
    push(kind::reset, {});
}

void simulated_direction::schedule() noexcept {
    disarm(due_);
    if (flight_.empty() || !path_->partitioned) disarm(lost_);
    if (flight_.empty()) return;
    if (!path_->blocked()) {
        loop_->timers.add(due_, std::max(flight_.front().due, loop_->now()));
    } else if (path_->partitioned && !lost_.armed()) {
        loop_->timers.add(lost_, hem::detail::saturating_add(loop_->now(), network_->options.give_up));
    }
}

void simulated_direction::deliver() noexcept {
    while (!flight_.empty() && flight_.front().due <= loop_->now()) {
        const segment arrived = std::move(flight_.front());
        flight_.pop_front();
        in_flight_ -= arrived.bytes.size();
        network_->delivered += arrived.bytes.size();
        switch (arrived.what) {
        case kind::bytes: try { pipe.append(arrived.bytes);
            } catch (const std::bad_alloc&) {
                pipe.fail(ENOBUFS, ECONNRESET);
            }
            break;
        case kind::end: pipe.end(); break;
        case kind::reset: pipe.fail(ECONNRESET, 0); break;
        }
    }
    schedule();
}

// ---- one end ----------------------------------------------------------------------------------------------------------------------------

namespace {

class simulated_end final : public net::detail::stream_device {
public:
    simulated_end(std::shared_ptr<simulated_connection> connection, int index, net::peer_address peer) noexcept
        : connection_(std::move(connection)), in_(connection_->towards[index]), out_(connection_->towards[1 - index]),
          peer_(std::move(peer)) {}
    simulated_end(const simulated_end&) = delete;
    ~simulated_end() override {
        in_.pipe.close_reader();
        out_.pipe.attach_writer(nullptr);
        finish();
    }

    net::io_result read(std::span<char> into) noexcept override {
        if (const int error = operation_error("read of a simulated connection", ECONNRESET)) return {.error = error};
        return in_.pipe.read(into);
    }
    net::io_result write(std::span<const iovec> pieces) noexcept override {
        if (const int error = operation_error("write to a simulated connection", EPIPE)) return {.error = error};
        if (out_.pipe.writer_error() != 0) return {.error = out_.pipe.writer_error()};
        if (out_.closing) return {.error = EPIPE};
        std::size_t written = 0;
        std::size_t given = 0;
        try {
            for (const auto& piece : pieces) {
                given += piece.iov_len;
                const auto size = std::min(piece.iov_len, out_.room());
                out_.send({static_cast<const char*>(piece.iov_base), size});
                written += size;
                if (size < piece.iov_len) break;
            }
        } catch (const std::bad_alloc&) {
            if (written == 0) return {.error = ENOBUFS};
        }
        return {.bytes = written, .would_block = written == 0 && given > 0};
    }
    void shutdown_write() noexcept override { finish(); }
    void shutdown() noexcept override {
        finish();
        in_.pipe.end();
    }
    void reset() noexcept override {
        try {
            out_.send_reset();
        } catch (const std::bad_alloc&) {
            out_.pipe.fail(ECONNRESET, 0);
        }
        in_.pipe.fail(ECONNRESET, ECONNRESET);
    }
    net::peer_address peer() const override { return peer_; }
    std::size_t unsent_bytes() const noexcept override { return out_.unsent(); }
    bool has_input() const noexcept override { return in_.pipe.has_input(); }

private:
    void finish() noexcept {
        try {
            out_.send_end();
        } catch (const std::bad_alloc&) {
            out_.pipe.fail(ECONNRESET, 0);
        }
    }
    std::shared_ptr<simulated_connection> connection_;
    simulated_direction& in_;
    simulated_direction& out_;
    net::peer_address peer_;
};

}  // namespace

// ---- the connection ---------------------------------------------------------------------------------------------------------------------

simulated_connection::simulated_connection(std::shared_ptr<network_state> given, network_path& path, simulated_host& first,
                                           simulated_host& second)
    : network(std::move(given)), path_(path), hosts_{&first, &second} {
    for (auto& direction : towards) direction.open(*network, path, *this);
    network->connections.push_back(*this);
}

simulated_connection::~simulated_connection() { unlink(); }

net::socket_stream simulated_connection::make_end(const std::shared_ptr<simulated_connection>& connection, int index,
                                                  net::peer_address peer) {
    auto descriptor = io_descriptor::simulated();
    auto device = std::make_unique<simulated_end>(connection, index, std::move(peer));
    connection->towards[index].pipe.attach_reader(descriptor.state());
    connection->towards[1 - index].pipe.attach_writer(descriptor.state());
    return {std::move(descriptor), std::move(device)};
}

void simulated_connection::give_up(int error) noexcept {
    for (auto& direction : towards) direction.pipe.fail(error, error);
}

void simulated_connection::crashed(const simulated_host& host) noexcept {
    for (int i = 0; i < 2; ++i) {
        if (hosts_[i] != &host) continue;
        towards[i].pipe.fail(ENETDOWN, ECONNRESET);
        towards[1 - i].pipe.fail(0, ENETDOWN);
        try {
            towards[1 - i].send_reset();
        } catch (const std::bad_alloc&) {
            towards[1 - i].pipe.fail(ECONNRESET, ENETDOWN);
        }
    }
}

void simulated_connection::path_changed(const network_path& path) noexcept {
    if (&path != &path_) return;
    for (auto& direction : towards) direction.schedule();
}

}  // namespace hem::testing::detail
