#include "hem/resilience/breaker_registry.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "hem/core/loop.hpp"

namespace hem {
namespace {

struct registry {
    // Says whose breakers these are. Held weakly, its address is not used again while the registry remembers it.
    std::weak_ptr<detail::inbox> loop;
    std::map<std::string, std::unique_ptr<circuit_breaker>, std::less<>> breakers;
};

std::map<std::string, std::unique_ptr<circuit_breaker>, std::less<>>& own_breakers() {
    static thread_local registry here;
    const auto& loop = detail::current_kernel().remote;
    if (here.loop.lock() != loop) {
        here.breakers.clear();  // of a loop that has ended
        here.loop = loop;
    }
    return here.breakers;
}

// What people decided for breakers that are still to be made.
struct decisions {
    std::mutex mutex;
    std::map<std::string, circuit_mode, std::less<>> modes;  // never automatic
};
decisions& decided() {
    static decisions all;
    return all;
}

circuit_mode decided_for(std::string_view name) {
    auto& all = decided();
    const std::lock_guard guard(all.mutex);
    const auto found = all.modes.find(name);
    return found == all.modes.end() ? circuit_mode::automatic : found->second;
}

}  // namespace

circuit_breaker& breakers(std::string_view name) {
    auto& known = own_breakers();
    if (const auto found = known.find(name); found != known.end()) return *found->second;
    return breakers(circuit_breaker_options{.name = std::string(name)});
}

circuit_breaker& breakers(const circuit_breaker_options& options) {
    auto& known = own_breakers();
    const auto found = known.find(options.name);
    if (found == known.end()) {
        auto& made = *known.emplace(options.name, std::make_unique<circuit_breaker>(options)).first->second;
        if (const auto mode = decided_for(options.name); mode != circuit_mode::automatic) made.set_mode(mode);
        return made;
    }
    if (found->second->options() != options) {
        throw usage_error("circuit breaker '" + options.name +
                          "' exists on this loop with other options: give them once, before its first use");
    }
    return *found->second;
}

circuit_mode begin_breakers_in(std::string_view name, circuit_mode mode) {
    auto& all = decided();
    const std::lock_guard guard(all.mutex);
    const auto found = all.modes.find(name);
    const auto before = found == all.modes.end() ? circuit_mode::automatic : found->second;
    if (mode != circuit_mode::automatic) {
        all.modes.insert_or_assign(std::string(name), mode);
    } else if (found != all.modes.end()) {
        all.modes.erase(found);
    }
    return before;
}

std::vector<circuit_breaker*> all_breakers() {
    std::vector<circuit_breaker*> all;
    for (const auto& [name, each] : own_breakers()) all.push_back(each.get());
    return all;
}

}  // namespace hem
