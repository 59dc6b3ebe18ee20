// A Unix socket through which `hem ps` and `hem top` look into a running program: its tasks, what each waits for, scopes, lag, stalls.
//
//     hem::service::debug_socket looking_glass;      // inside a task: for this loop; lives until the end of the block
//
// `serve` opens one when HEM_DEBUG=1 is set. The socket has a thread of its own, so it answers when the loop is stuck, which is when it is
// needed. Only the same user and root may connect. One request is one line, the answer is one line of JSON:
//
//     snapshot              {"pid":..., "program":..., "loops":[{"stuck":false, "snapshot":{...}, "breakers":[...]}, ...]}
//     breaker NAME MODE     puts the circuit breaker of that name into a mode on all loops, also on those that make it later: force_open,
//                           force_closed, metrics_only or reset; {"breaker":"search", "mode":"forced open", "loops":[{"stuck":false,
//                           "found":true}, ...]}
//
// What cannot be done is {"error":"..."}.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hem/core/loop.hpp"

namespace hem::service {

// Where the sockets of this user's programs are: $XDG_RUNTIME_DIR/hem, else /run/hem for root and /tmp/hem-<uid> for others.
std::string debug_socket_folder();

struct debug_socket_options {
    std::string path = {};                               // empty: <folder>/<pid>.sock
    std::vector<loop_handle> loops = {};                 // empty: the running loop
    duration patience = std::chrono::milliseconds(200);  // a loop that has not answered by then is shown as stuck
};

class debug_socket {
public:
    // Opens it; a socket that a dead process left there is replaced. Throws network_error or std::system_error, naming the path.
    explicit debug_socket(debug_socket_options options = {});
    debug_socket(const debug_socket&) = delete;
    debug_socket& operator=(const debug_socket&) = delete;
    // Closes and removes it; requests under way are cut.
    ~debug_socket();

    const std::string& path() const noexcept;

private:
    struct server;
    std::unique_ptr<server> server_;
};

// True if HEM_DEBUG=1 asks for one; std::invalid_argument for a value that is neither 0 nor 1.
bool debug_socket_wanted();

}  // namespace hem::service
