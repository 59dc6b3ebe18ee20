// A request that a server works on, and the memory of a connection that has one. Answers leave in the order of the requests: who is not
// first among those under way waits for its turn with its answer made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/detail/intrusive_list.hpp"
#include "hem/core/event.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/request.hpp"

namespace hem::detail {
class timed_scope;
}

namespace hem::http::detail {

struct served_tag;

enum class why_cancelled : std::uint8_t { none, disconnect, timeout, drain };

struct served_request : hem::detail::list_link<served_tag> {
    static constexpr std::size_t most_held = 64 * 1024;  // bytes of an answer made before its turn; then its writer waits

    request message;
    framing frame;
    hem::detail::timed_scope* scope = nullptr;  // while the handler or the source of the body runs
    time_point deadline = time_point::max();    // of the handler, until the response head
    std::string held;                           // written before its turn
    event turn;
    why_cancelled why = why_cancelled::none;
    bool last = false;   // the connection serves nothing after it
    bool waits = false;  // only for its turn: it will write as soon as that comes

    // Empty for the next one; keeps memory.
    void reset() noexcept {
        message.reset();
        held.clear();
        if (held.capacity() > 4096) held = {};
        turn.clear();
        deadline = time_point::max();
        why = why_cancelled::none;
        last = waits = false;
    }
};

// An idle connection has none.
struct connection_memory {
    explicit connection_memory(const head_limits& limits) : parser(limits), input(16 * 1024), output(16 * 1024) {}

    head_parser parser;
    framing frame;                // of the head that was read last
    refusal why = refusal::none;  // the verdict on it
    bool has_head = false;        // a head is there, judged and not yet taken
    std::vector<char> input;      // [begin, end) has arrived and is not consumed
    std::vector<char> output;     // [0, queued) waits to be written
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t queued = 0;
    std::uint32_t body_samples[10] = {};  // bytes of the body at each of the last sweeps
    served_request first;                 // the one that runs in the connection's own task
    event progress;                       // one of those under way has ended

    char* data() noexcept { return input.data() + begin; }
    std::size_t size() const noexcept { return end - begin; }
};

}  // namespace hem::http::detail
