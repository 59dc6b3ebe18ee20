#include "hem/http/network_transport.hpp"

#include <charconv>

#include "hem/core/cancel_scope.hpp"
#include "hem/http/detail/exchange.hpp"
#include "hem/http/url.hpp"

namespace hem::http {
namespace {

detail::origin origin_of(const request& message, const detail::exchange_context& context) {
    const auto fail = [&](const char* problem) {
        throw unsupported_protocol(std::string(message.method()) + " " + detail::shown_url(message) + ": " + problem,
                                   context.info(message, phase::prepare));
    };
    if (message.scheme() == "https") fail("https:// is not supported: Hem has no TLS yet; use http:// or put a TLS proxy in front");
    if (message.scheme() != "http") fail("only http:// is supported");
    if (!valid_authority(message.host())) throw invalid_url("\"" + std::string(message.host()) + "\" is not a host to connect to");
    const auto [host, port] = split_authority(message.host());
    detail::origin result{.host = std::string(host), .port = 80};
    for (char& c : result.host)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (!port.empty()) std::from_chars(port.data(), port.data() + port.size(), result.port);
    return result;
}

std::string milliseconds(std::chrono::nanoseconds limit) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) + " ms";
}

}  // namespace

network_transport::network_transport(const pool_options& pool, const timeout_options& timeouts, detail::connect_function connect)
    : pool_(detail::connection_pool::make(pool)), timeouts_(timeouts), connect_(std::move(connect)) {}

network_transport::~network_transport() = default;

task<response> network_transport::send(request& message) {
    const timeout_options* own = message.context<timeout_options>();
    detail::exchange_context context{.timeouts = own != nullptr ? *own : timeouts_, .started = clock::now()};
    const detail::origin peer = origin_of(message, context);
    const std::string what = std::string(message.method()) + " " + detail::shown_url(message) + ": ";
    for (bool fresh = false;; fresh = true) {
        detail::connection_pool::slot slot;
        try {
            slot = co_await pool_->acquire(peer, fresh, context.timeouts.pool);
        } catch (const queue_full&) {
            const pool_stats now = pool_->stats();
            throw pool_full(what + std::to_string(now.waiting) + " requests wait already for one of " + std::to_string(now.in_use) +
                                " connections (raise pool.max_connections or pool.max_waiting)",
                            context.info(message, phase::pool));
        }
        if (!slot)
            throw pool_timeout(what + "no connection became free within " + milliseconds(context.timeouts.pool) + " (all " +
                                   std::to_string(pool_->stats().in_use) +
                                   " are in use; raise pool.max_connections, or read or close responses sooner)",
                               context.info(message, phase::pool));
        context.reused = slot.connection() != nullptr;
        if (!context.reused) {
            std::optional<std::unique_ptr<detail::wire>> opened;
            try {
                opened = co_await move_on_after(context.timeouts.connect, connect_(peer));
            } catch (const network_error& error) {
                throw connect_error(what + "cannot connect to " + peer.text() + ": " + error.what(), context.info(message, phase::connect));
            }
            if (!opened)
                throw connect_timeout(what + "no connection to " + peer.text() + " within " + milliseconds(context.timeouts.connect),
                                      context.info(message, phase::connect));
            auto link = std::make_unique<detail::connection>();
            link->peer = peer;
            link->wire = *std::move(opened);
            slot.set_connection(std::move(link));
        }
        try {
            co_return co_await detail::exchange(message, std::move(slot), context);
        } catch (const detail::stale_connection&) {
            pool_->count_retry();
            ++context.tries;
        }
    }
}

task<void> network_transport::aclose() {
    if (closed_) co_return;
    closed_ = true;
    pool_->close();
    constexpr std::chrono::seconds patience{5};
    if (co_await move_on_after(patience, pool_->drained())) co_return;
    pool_->abort_in_use();
    co_await move_on_after(patience, pool_->drained());
}

}  // namespace hem::http
