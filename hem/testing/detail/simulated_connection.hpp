// A connection of a simulated network: two directions with segments under way.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "hem/core/detail/timer.hpp"
#include "hem/testing/detail/byte_pipe.hpp"
#include "hem/testing/detail/network_state.hpp"

namespace hem::testing::detail {

// Bytes on their way to one end.
class simulated_direction {
public:
    simulated_direction() : due_(this), lost_(this) {}
    simulated_direction(const simulated_direction&) = delete;
    ~simulated_direction();

    void open(network_state& network, network_path& path, simulated_connection& connection);
    std::size_t room() const noexcept;
    void send(std::string_view bytes);
    void send_end();
    void send_reset();
    // The path's state changed, or the segment in front did.
    void schedule() noexcept;
    std::size_t unsent() const noexcept { return in_flight_ + pipe.unread(); }

    byte_pipe pipe;
    bool closing = false;  // the end was sent

private:
    enum class kind { bytes, end, reset };
    struct segment {
        time_point due;
        kind what;
        std::string bytes;
    };
    struct direction_timer : hem::detail::timer {
        direction_timer(simulated_direction* d, callback fire) noexcept : timer(fire), direction(d) {}
        simulated_direction* direction;
    };
    struct due_timer : direction_timer {
        explicit due_timer(simulated_direction* d) noexcept;
    };
    struct lost_timer : direction_timer {
        explicit lost_timer(simulated_direction* d) noexcept;
    };
    void push(kind what, std::string bytes);
    void deliver() noexcept;
    void disarm(hem::detail::timer& t) noexcept;

    network_state* network_ = nullptr;
    network_path* path_ = nullptr;
    simulated_connection* connection_ = nullptr;
    hem::detail::kernel* loop_ = nullptr;
    std::deque<segment> flight_;
    std::size_t in_flight_ = 0;
    due_timer due_;
    lost_timer lost_;
};

class simulated_connection : public hem::detail::list_link<simulated_connection> {
public:
    simulated_connection(std::shared_ptr<network_state> network, network_path& path, simulated_host& first, simulated_host& second);
    simulated_connection(const simulated_connection&) = delete;
    ~simulated_connection();

    // Makes the stream of one end: 0 that of the first host.
    static net::socket_stream make_end(const std::shared_ptr<simulated_connection>& connection, int index, net::peer_address peer);
    // Cut off for too long.
    void give_up(int error) noexcept;
    void crashed(const simulated_host& host) noexcept;
    void path_changed(const network_path& path) noexcept;

    simulated_direction towards[2];  // towards[i]: read by end i
    std::shared_ptr<network_state> network;

private:
    network_path& path_;
    simulated_host* hosts_[2];
};

}  // namespace hem::testing::detail
