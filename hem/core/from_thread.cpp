#include "hem/core/from_thread.hpp"

#include "hem/core/errors.hpp"

namespace hem {

detail::worker_call& detail::worker_call_for(const char* what) {
    if (running.loop) throw usage_error(std::string(what) + " on a thread that runs a loop would block it: co_await the function instead");
    auto* call = current_worker_call();
    if (!call) throw usage_error(std::string(what) + " is for functions that to_thread runs: other threads use a blocking_portal");
    return *call;
}

void from_thread::check_cancelled() {
    auto* call = detail::current_worker_call();
    if (!call) throw usage_error("from_thread::check_cancelled() is for functions that to_thread runs");
    if (call->cancel_requested()) detail::throw_cancelled_because(call->reason());
}

}  // namespace hem
