// The nodes of a cluster and which of them to ask next: round robin over the live ones. A node that failed is left alone for a while
// that doubles with each failure; when all are dead, the one that is due first is tried. No sockets here, only bookkeeping.
#pragma once

#include "hem/core/clock.hpp"
#include "hem/core/random.hpp"
#include "hem/search/transport.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace hem::search {

class node_pool {
public:
    struct node {
        std::shared_ptr<search::transport> transport;
        int failures = 0;  // since the last success
        time_point dead_until{};
    };

    node_pool(std::vector<std::shared_ptr<transport>> transports, duration dead_backoff, duration max_dead_backoff, bool randomize);

    // The node for the next attempt. Never suspends, never fails: some node is always tried.
    node& pick(time_point now, random_generator& random);
    void failed(node& which, time_point now) noexcept;
    void succeeded(node& which) noexcept;

    std::vector<node>& nodes() noexcept { return nodes_; }

private:
    std::vector<node> nodes_;
    duration dead_backoff_;
    duration max_dead_backoff_;
    std::size_t next_ = 0;
    bool shuffle_first_;
};

}  // namespace hem::search
