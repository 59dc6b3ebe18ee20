// A network in memory, on virtual time and one seed: hosts with names, listeners and streams, latency, segments of odd sizes, loss, and the
// bad days: partitions, held links, crashed hosts. While it lives, everything on this thread that connects, resolves or listens does it
// here; an HTTP server and its clients run on it unchanged.
//
//     hem::testing::simulated_network network({.latency = {1ms, 20ms}, .chunking = 100});
//     network.start_host(group, "server", [&]() -> hem::task<> { co_await serve(); });
//     co_await client.get("http://server:8000/");
//     network.partition("test", "server");
//
// Code runs on the host that started it; what belongs to no started host runs on the host "test". Streams behave as TCP does: bytes arrive
// in order or not at all; what a lossy link drops is sent again later.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hem/core/callable.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/task_group.hpp"

namespace hem::testing {

struct latency_range {
    duration least = std::chrono::milliseconds(1);
    duration most = std::chrono::milliseconds(1);
};

struct simulated_network_options {
    std::uint64_t seed = 0;                       // 0: drawn from the loop's generator
    latency_range latency;                        // of each segment, one way
    std::size_t chunking = 0;                     // most bytes in a segment, each of a random size; 0: what one write gives stays together
    double loss = 0;                              // probability that a segment has to be sent again, after 200 ms, then twice that ...
    std::size_t window = 65536;                   // bytes under way or unread in one direction before writing waits
    duration give_up = std::chrono::seconds(60);  // of a connection, or a connect, that a partition cuts off: ETIMEDOUT
};

namespace detail {
class network_state;
}

class simulated_network {
public:
    // Takes the place of this thread's network; usage_error if another simulated one has it, or outside of a loop.
    explicit simulated_network(simulated_network_options options = {});
    simulated_network(const simulated_network&) = delete;
    ~simulated_network();

    // Runs `software` as a child of `group`, on the host `name`. A name is started once; bounce starts it again.
    void start_host(task_group& group, std::string name, callable<task<>()> software);
    // Runs `body` in the calling task as if on host `name`.
    task<> on_host(std::string name, callable<task<>()> body);

    // Nothing passes between the two any more. Bytes wait and are sent again after repair(); what waits longer than `give_up` fails.
    void partition(std::string_view one, std::string_view other);
    void repair(std::string_view one, std::string_view other);
    // Everything between the two is kept, in order and without limit, until release().
    void hold(std::string_view one, std::string_view other);
    void release(std::string_view one, std::string_view other);
    // The host's software is cancelled, its listeners are gone, its connections are reset.
    void crash(std::string_view name);
    // crash, unless it has crashed or ended, then starts its software again.
    void bounce(std::string_view name);

    // Connections with an open end, and bytes that arrived, so far.
    std::size_t connections() const noexcept;
    std::uint64_t delivered_bytes() const noexcept;

private:
    std::shared_ptr<detail::network_state> state_;
};

}  // namespace hem::testing
