#include "hem/search/http_transport.hpp"

#include "hem/http/client.hpp"
#include "hem/search/errors.hpp"

namespace hem::search {
namespace {

// The pool's queue is bounded by the request's own deadline, not by a number.
constexpr std::size_t unbounded_waiting = 1'000'000;

bool maybe_sent(const std::exception& fault) {
    const auto* classified = dynamic_cast<const classified_failure*>(&fault);
    return classified == nullptr || classified->kind() != failure_kind::not_sent;
}

}  // namespace

struct http_transport::parts {
    std::string url;
    http::client client;
};

http_transport::http_transport(http_transport_options options) {
    while (options.url.ends_with('/')) options.url.pop_back();
    http::client_options client_options;
    client_options.base_url = options.url;
    client_options.pool.max_connections = options.connections;
    client_options.pool.max_keepalive = options.connections;
    client_options.pool.keepalive_expiry = options.keep_alive_idle;
    client_options.pool.max_waiting = unbounded_waiting;
    // `request_timeout` bounds the whole attempt; only connecting has a limit of its own, so that a dead host fails early.
    client_options.timeout = {std::chrono::seconds(5), http::no_phase_timeout, http::no_phase_timeout, http::no_phase_timeout};
    client_options.max_body = 0;
    parts_ = std::make_unique<parts>(options.url, http::client(std::move(client_options)));
}

http_transport::~http_transport() = default;

task<transport_response> http_transport::perform(const transport_request& request) {
    std::string target = request.path;
    if (!request.params.empty()) target += "?" + encode_query(request.params);
    http::call_options call;
    if (!request.accept.empty()) call.headers.set("accept", request.accept);
    for (const auto& [name, value] : request.headers) call.headers.set(name, value);
    if (!request.body.empty()) {
        call.headers.set("content-type", request.content_type);
        call.content = request.body;
    }
    transport_response answer;
    try {
        http::response response = co_await parts_->client.call(request.method, std::move(target), std::move(call));
        answer.status = response.status();
        for (const auto& field : response.headers()) answer.headers.emplace_back(field.name, field.value);
        answer.body = response.content().take_bytes();
        answer.http_version = "1.1";
    } catch (const hem::timeout_error& fault) {
        throw connection_timeout(fault.what(), maybe_sent(fault));
    } catch (const hem::closed_resource&) {
        throw;
    } catch (const std::exception& fault) {
        if (dynamic_cast<const hem::network_error*>(&fault) == nullptr && dynamic_cast<const http::error*>(&fault) == nullptr) throw;
        throw connection_error(fault.what(), maybe_sent(fault));
    }
    co_return answer;
}

task<> http_transport::close() { co_await parts_->client.aclose(); }

std::string http_transport::name() const { return parts_->url; }

}  // namespace hem::search
