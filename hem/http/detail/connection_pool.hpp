// The connections of a client: how many, which are idle, who waits. Knows nothing of HTTP and never connects by itself.
//
// A slot is a value with a destructor, from the moment it is granted: whatever becomes of a request, its slot comes back. At all times
// in_use + idle <= max_connections, and nobody waits while a slot is free.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "hem/core/clock.hpp"
#include "hem/core/event.hpp"
#include "hem/core/task.hpp"
#include "hem/http/client_options.hpp"
#include "hem/http/detail/wire.hpp"
#include "hem/http/parser.hpp"

namespace hem::http::detail {

// A connection with what its exchanges use again: the parser and the receive buffer.
struct connection {
    origin peer;
    std::unique_ptr<detail::wire> wire;
    response_head_parser parser;
    std::vector<char> buffer;
    std::size_t begin = 0;  // unread bytes of the buffer
    std::size_t end = 0;
    time_point idle_since{};
};

class connection_pool {
public:
    // Lives until its owner and the last slot are gone: a response that is read after its client was closed must not touch freed memory.
    struct retire {
        void operator()(connection_pool* pool) const noexcept;
    };
    using handle = std::unique_ptr<connection_pool, retire>;
    static handle make(const pool_options& options) { return handle(new connection_pool(options)); }

    // The right to one connection. Destroying it closes the connection and frees the slot.
    class slot {
    public:
        slot() noexcept = default;
        slot(slot&& other) noexcept;
        slot& operator=(slot&& other) noexcept;
        ~slot() { release(); }

        explicit operator bool() const noexcept { return pool_ != nullptr; }
        // Null when the holder has to open one.
        detail::connection* connection() const noexcept { return connection_.get(); }
        void set_connection(std::unique_ptr<detail::connection> opened) noexcept;
        // The exchange ended well: the connection may serve the next one.
        void give_back() noexcept;
        void release() noexcept;

    private:
        friend class connection_pool;
        slot(connection_pool& pool, std::unique_ptr<detail::connection> connection) noexcept;
        connection_pool* pool_ = nullptr;
        std::unique_ptr<detail::connection> connection_;
    };

    // Waits for a slot, first come first served; with an idle connection to `peer` if there is one and `fresh` is not asked for.
    // An empty slot after `limit`. Throws `queue_full` when too many wait, `closed_resource` after `close`.
    task<slot> acquire(const origin& peer, bool fresh, duration limit);

    pool_stats stats() const noexcept;
    void count_retry() noexcept { ++retried_; }

    // Drops idle connections and refuses new requests.
    void close() noexcept;
    // Waits until no slot is in use.
    task<void> drained();
    // Ends the connections that are in use; returns to whom they were.
    std::vector<std::string> abort_in_use() noexcept;

private:
    explicit connection_pool(const pool_options& options) noexcept : options_(options) {}
    ~connection_pool() = default;

    struct waiter {
        explicit waiter(connection_pool& pool, const origin& peer, bool fresh) noexcept : pool(pool), peer(peer), fresh(fresh) {}
        ~waiter();
        connection_pool& pool;
        const origin& peer;
        bool fresh;
        bool queued = false;
        event granted;
        slot given;
    };

    std::unique_ptr<connection> take_idle(const origin& peer) noexcept;
    void drop_expired() noexcept;
    void release(std::unique_ptr<connection> connection, bool reusable) noexcept;
    bool grant_next(std::unique_ptr<connection>& connection) noexcept;

    pool_options options_;
    std::vector<std::unique_ptr<connection>> idle_;  // the last one was used last
    std::vector<connection*> busy_;
    std::list<waiter*> waiting_;
    event drained_;
    std::size_t in_use_ = 0;
    std::uint64_t opened_ = 0;
    std::uint64_t reused_ = 0;
    std::uint64_t retried_ = 0;
    bool closed_ = false;
    bool retired_ = false;
};

}  // namespace hem::http::detail
