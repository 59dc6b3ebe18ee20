#include "hem/search/node_pool.hpp"

#include <algorithm>

namespace hem::search {

node_pool::node_pool(std::vector<std::shared_ptr<transport>> transports, duration dead_backoff, duration max_dead_backoff, bool randomize)
    : dead_backoff_(dead_backoff), max_dead_backoff_(max_dead_backoff), shuffle_first_(randomize) {
    for (auto& each : transports) nodes_.push_back({std::move(each)});
}

node_pool::node& node_pool::pick(time_point now, random_generator& random) {
    if (shuffle_first_) {  // so that many clients do not all begin with the first host
        shuffle_first_ = false;
        for (std::size_t i = nodes_.size(); i > 1; --i) std::swap(nodes_[i - 1], nodes_[random.below(i)]);
    }
    node* due_first = nullptr;
    for (std::size_t step = 0; step < nodes_.size(); ++step) {
        node& candidate = nodes_[(next_ + step) % nodes_.size()];
        if (candidate.failures == 0 || candidate.dead_until <= now) {
            next_ = (next_ + step + 1) % nodes_.size();
            return candidate;
        }
        if (due_first == nullptr || candidate.dead_until < due_first->dead_until) due_first = &candidate;
    }
    return *due_first;
}

void node_pool::failed(node& which, time_point now) noexcept {
    const int doublings = std::min(which.failures, 30);
    ++which.failures;
    duration pause = dead_backoff_;
    for (int i = 0; i < doublings && pause < max_dead_backoff_; ++i) pause *= 2;
    which.dead_until = hem::detail::saturating_add(now, std::min(pause, max_dead_backoff_));
}

void node_pool::succeeded(node& which) noexcept {
    which.failures = 0;
    which.dead_until = {};
}

}  // namespace hem::search
