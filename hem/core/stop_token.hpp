// The current cancel scope as a std::stop_token, for foreign code that asks a token whether it should go on:
//
//     auto token = hem::current_stop_token();
//     co_await hem::to_thread([token] { foreign::search(token); });
#pragma once

#include <stop_token>

namespace hem {

// A token that is stopped when the scope of the calling task is cancelled, by itself or from outside, or was already. Any thread may ask
// it. It is a view: it never cancels anything, and a scope that is left without cancellation leaves it unstopped. Callbacks that are
// registered with it run on the loop, outside of any task, in the tick after the cancellation. usage_error outside of a task. Does not
// suspend.
std::stop_token current_stop_token();

}  // namespace hem
