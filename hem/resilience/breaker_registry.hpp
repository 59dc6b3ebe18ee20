// One circuit breaker per dependency: whoever calls it by the same name shares what the others have learned.
//
//     auto found = co_await hem::breakers("search").call([&]() -> hem::task<hits> { co_return co_await search(text); });
//
// Breakers belong to the running loop and end with it; use them on the loop's thread only.
#pragma once

#include <string_view>
#include <vector>

#include "hem/resilience/circuit_breaker.hpp"

namespace hem {

// The breaker of that name on this loop; made with the default options if there is none. usage_error outside of a loop.
circuit_breaker& breakers(std::string_view name);
// The same, made with these options. usage_error if it exists with others: say them in one place, before the first use.
circuit_breaker& breakers(const circuit_breaker_options& options);
// All of this loop, in the order of their names.
std::vector<circuit_breaker*> all_breakers();

// Breakers of that name that loops of this process make from now on begin in that mode, for a decision that holds on all loops;
// those that exist stay as they are. Gives what held before. Any thread.
circuit_mode begin_breakers_in(std::string_view name, circuit_mode mode);

}  // namespace hem
