#include "hem/http/detail/connection_pool.hpp"

#include <algorithm>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/errors.hpp"

namespace hem::http::detail {

connection_pool::slot::slot(connection_pool& pool, std::unique_ptr<detail::connection> connection) noexcept : pool_(&pool) {
    if (connection != nullptr) set_connection(std::move(connection));
}

connection_pool::slot::slot(slot&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}

connection_pool::slot& connection_pool::slot::operator=(slot&& other) noexcept {
    if (this != &other) {
        release();
        pool_ = std::exchange(other.pool_, nullptr);
        connection_ = std::move(other.connection_);
    }
    return *this;
}

void connection_pool::slot::set_connection(std::unique_ptr<detail::connection> opened) noexcept {
    connection_ = std::move(opened);
    pool_->busy_.push_back(connection_.get());
}

void connection_pool::slot::give_back() noexcept {
    if (pool_ != nullptr) std::exchange(pool_, nullptr)->release(std::move(connection_), true);
}

void connection_pool::slot::release() noexcept {
    if (pool_ != nullptr) std::exchange(pool_, nullptr)->release(std::move(connection_), false);
}

void connection_pool::retire::operator()(connection_pool* pool) const noexcept {
    pool->close();
    if (pool->in_use_ == 0)
        delete pool;
    else
        pool->retired_ = true;
}

// A waiter that leaves without its slot passes its turn on.
connection_pool::waiter::~waiter() {
    if (queued) pool.waiting_.remove(this);
}

task<connection_pool::slot> connection_pool::acquire(const origin& peer, bool fresh, duration limit) {
    if (closed_) throw closed_resource("the HTTP client was closed; a request after that cannot be sent");
    drop_expired();
    if (!fresh) {
        if (auto known = take_idle(peer)) {
            ++in_use_;
            ++reused_;
            co_return slot(*this, std::move(known));
        }
    }
    if (in_use_ + idle_.size() >= options_.max_connections && !idle_.empty()) idle_.erase(idle_.begin());
    if (in_use_ + idle_.size() < options_.max_connections) {
        ++in_use_;
        ++opened_;
        co_return slot(*this, nullptr);
    }
    if (waiting_.size() >= options_.max_waiting) throw queue_full();

    waiter self(*this, peer, fresh);
    waiting_.push_back(&self);
    self.queued = true;
    co_await move_on_after(limit, self.granted.wait());
    if (closed_ && !self.given) throw closed_resource("the HTTP client was closed while a request waited for a connection");
    co_return std::move(self.given);
}

std::unique_ptr<connection> connection_pool::take_idle(const origin& peer) noexcept {
    for (std::size_t i = idle_.size(); i-- > 0;) {
        if (idle_[i]->peer != peer) continue;
        auto found = std::move(idle_[i]);
        idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        if (!found->wire->readable()) return found;
    }
    return nullptr;
}

void connection_pool::drop_expired() noexcept {
    const time_point now = clock::now();
    std::erase_if(idle_, [&](const auto& one) { return hem::detail::saturating_add(one->idle_since, options_.keepalive_expiry) <= now; });
}

void connection_pool::release(std::unique_ptr<connection> connection, bool reusable) noexcept {
    if (connection != nullptr) std::erase(busy_, connection.get());
    if (!reusable || closed_) connection.reset();
    if (grant_next(connection)) return;
    --in_use_;
    if (connection != nullptr && idle_.size() < options_.max_keepalive && !connection->wire->readable()) {
        connection->idle_since = clock::now();
        idle_.push_back(std::move(connection));
    }
    if (in_use_ != 0) return;
    drained_.set();
    if (retired_) delete this;
}

// Hands a slot that is in use over to the first waiter, with its connection if that fits.
bool connection_pool::grant_next(std::unique_ptr<connection>& connection) noexcept {
    if (waiting_.empty() || closed_) return false;
    waiter* const next = waiting_.front();
    waiting_.pop_front();
    next->queued = false;
    if (connection != nullptr && (next->fresh || connection->peer != next->peer || connection->wire->readable())) connection.reset();
    ++(connection != nullptr ? reused_ : opened_);
    next->given = slot(*this, std::move(connection));
    next->granted.set();
    return true;
}

pool_stats connection_pool::stats() const noexcept {
    return {.in_use = in_use_, .idle = idle_.size(), .waiting = waiting_.size(), .opened = opened_, .reused = reused_, .retried = retried_};
}

void connection_pool::close() noexcept {
    closed_ = true;
    idle_.clear();
    for (waiter* const one : waiting_) one->granted.set();
}

task<void> connection_pool::drained() {
    while (in_use_ != 0) {
        drained_.clear();
        co_await drained_.wait();
    }
}

std::vector<std::string> connection_pool::abort_in_use() noexcept {
    std::vector<std::string> peers;
    for (connection* const one : busy_) {
        peers.push_back(one->peer.text());
        one->wire->close();
    }
    return peers;
}

}  // namespace hem::http::detail
