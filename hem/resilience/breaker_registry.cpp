#include "hem/resilience/breaker_registry.hpp"

#include <map>
#include <memory>
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

}  // namespace

circuit_breaker& breakers(std::string_view name) {
    auto& known = own_breakers();
    if (const auto found = known.find(name); found != known.end()) return *found->second;
    return breakers(circuit_breaker_options{.name = std::string(name)});
}

circuit_breaker& breakers(const circuit_breaker_options& options) {
    auto& known = own_breakers();
    const auto found = known.find(options.name);
    if (found == known.end()) return *known.emplace(options.name, std::make_unique<circuit_breaker>(options)).first->second;
    if (found->second->options() != options) {
        throw usage_error("circuit breaker '" + options.name +
                          "' exists on this loop with other options: give them once, before its first use");
    }
    return *found->second;
}

std::vector<circuit_breaker*> all_breakers() {
    std::vector<circuit_breaker*> all;
    for (const auto& [name, each] : own_breakers()) all.push_back(each.get());
    return all;
}

}  // namespace hem
