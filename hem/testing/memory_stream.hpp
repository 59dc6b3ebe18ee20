// Pairs of connected streams in memory, as code under test would get them from a network: a peer that the test plays itself.
//
//     auto [client, server] = hem::testing::memory_stream_pair();
//
// Both ends belong to the running loop. Nothing is delayed, so no virtual time passes.
#pragma once

#include <cstddef>

#include "hem/net/socket_stream.hpp"

namespace hem::testing {

struct stream_pair {
    net::socket_stream first;
    net::socket_stream second;
};

// What one end writes the other can read at once; at most `capacity` bytes wait in each direction, then writing waits.
stream_pair memory_stream_pair(std::size_t capacity = 64 * 1024);

// Nothing is buffered: a write goes on only as far as a read at the other end waits for bytes. Finds code that relies on buffers.
stream_pair lockstep_stream_pair();

}  // namespace hem::testing
