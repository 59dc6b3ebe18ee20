// The client of a search server: nodes with retries behind calls such as `co_await client.ping()`.
//
//     co_await hem::with(search::connect("embedded:/var/lib/blog.db"), [](search::client& client) -> hem::task<> {
//         search::index<blog_post> posts{client};
//         co_await posts.ensure();
//     });
// A client is a handle: copies share nodes and connections. It belongs to one loop. Opened once per application scope, not per request.
#pragma once

#include "hem/core/clock.hpp"
#include "hem/core/task.hpp"
#include "hem/model/json.hpp"
#include "hem/search/errors.hpp"
#include "hem/search/transport.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

class client_state;
class client;
template <class T>
class search_request;
struct raw_document;

// URLs: `embedded:/path/file.db`, `embedded::memory:`, `http://host:9200`. A host without scheme means http. `https://` is refused
// as long as there is no TLS. Several hosts are nodes of one cluster.
struct client_options {
    std::vector<std::string> hosts;
    std::string path_prefix;

    duration request_timeout = std::chrono::seconds(10);  // of one attempt; the scope's own deadline always wins
    int max_retries = 3;
    bool retry_on_timeout = false;
    std::vector<int> retry_on_status = {429, 502, 503, 504};
    duration backoff = std::chrono::milliseconds(50);  // doubles, full jitter; Retry-After is a lower bound
    duration max_backoff = std::chrono::seconds(5);

    std::size_t connections_per_node = 10;
    duration keep_alive_idle = std::chrono::seconds(60);
    bool randomize_nodes = true;
    duration dead_node_backoff = std::chrono::seconds(1);  // × 2^(failures − 1)
    duration max_dead_node_backoff = std::chrono::seconds(30);

    // At most one kind; never logged.
    std::optional<std::pair<std::string, std::string>> basic_auth;
    std::string bearer_auth;
    std::string api_key;
    string_pairs headers;
    std::string opaque_id;

    std::optional<server_flavour> flavour;  // not set: found out by one `GET /` before the first request
    bool product_check = false;             // refuse what does not say X-Elastic-Product: Elasticsearch

    // Instead of hosts: one transport per node.
    std::vector<std::shared_ptr<transport>> transports;

    // Reads the members above by their names, and elasticsearch-py's old ones: `timeout` (seconds), `maxsize`, `http_auth`. Unknown
    // names throw std::invalid_argument.
    static client_options from_json(const json& value);
};

// Whether a request may be sent again after it may have reached the server.
enum class repeat {
    by_rule,  // GET, HEAD, searches, counts, put and delete by id without condition
    safe,
    unsafe,
    never,  // not even on a 429: a scroll's cursor moves
};

struct perform_options {
    search::repeat repeat = search::repeat::by_rule;
    bool ndjson = false;          // the body is lines of JSON
    bool raise = true;            // an error status throws
    bool retry_on_status = true;  // false: every status is an answer; the caller repeats by its own rules
    std::vector<int> ignore_status;
    std::optional<duration> request_timeout;
};

struct api_response {
    response_meta meta;
    std::string body;
    int status() const noexcept { return meta.status; }
    json parse() const;  // throws serialization_error
};

struct cluster_health {
    std::string cluster_name;
    std::string status;  // green, yellow, red
    bool timed_out = false;
    int number_of_nodes = 0;
    int active_shards = 0;
    json body;
    const json& operator[](std::string_view name) const noexcept { return body[name]; }
};

struct cat_index {
    std::string health;
    std::string status;
    std::string index;
    std::string uuid;
    std::int64_t primaries = 0;
    std::int64_t replicas = 0;
    std::int64_t docs_count = 0;
    std::int64_t docs_deleted = 0;
    std::string store_size;
};

struct server_info {
    std::string name;
    std::string cluster_name;
    std::string cluster_uuid;
    server_flavour flavour;
    json body;
};

// ---- administration -------------------------------------------------------------------------------------------------------------
// Each call gives the answer as JSON and throws the layer's errors.

class indices_api {
public:
    explicit indices_api(client_state& state) noexcept : state_(state) {}
    HEM_CORO_WRAPPER task<json> create(std::string index, json body = json::object());
    task<bool> exists(std::string index);
    HEM_CORO_WRAPPER task<json> remove(std::string index);
    HEM_CORO_WRAPPER task<json> get(std::string index);
    HEM_CORO_WRAPPER task<json> put_mapping(std::string index, json body);
    HEM_CORO_WRAPPER task<json> get_mapping(std::string index);
    HEM_CORO_WRAPPER task<json> put_settings(std::string index, json body);
    HEM_CORO_WRAPPER task<json> get_settings(std::string index);
    HEM_CORO_WRAPPER task<json> aliases(json actions);  // body of POST /_aliases
    HEM_CORO_WRAPPER task<json> refresh(std::string index = {});
    HEM_CORO_WRAPPER task<json> flush(std::string index = {});
    HEM_CORO_WRAPPER task<json> forcemerge(std::string index = {});
    HEM_CORO_WRAPPER task<json> open(std::string index);
    HEM_CORO_WRAPPER task<json> close(std::string index);
    HEM_CORO_WRAPPER task<json> stats(std::string index = {});
    HEM_CORO_WRAPPER task<json> analyze(std::string index, json body);
    HEM_CORO_WRAPPER task<json> validate_query(std::string index, json body);
    HEM_CORO_WRAPPER task<json> field_caps(std::string index, std::string fields);

private:
    client_state& state_;
};

class cluster_api {
public:
    explicit cluster_api(client_state& state) noexcept : state_(state) {}
    task<cluster_health> health(string_pairs params = {});
    HEM_CORO_WRAPPER task<json> settings();

private:
    client_state& state_;
};

class cat_api {
public:
    explicit cat_api(client_state& state) noexcept : state_(state) {}
    task<std::vector<cat_index>> indices(std::string pattern = {});
    HEM_CORO_WRAPPER task<json> health();
    HEM_CORO_WRAPPER task<json> count(std::string index = {});
    HEM_CORO_WRAPPER task<json> nodes();

private:
    client_state& state_;
};

class templates_api {
public:
    explicit templates_api(client_state& state) noexcept : state_(state) {}
    HEM_CORO_WRAPPER task<json> put(std::string name, json body);
    HEM_CORO_WRAPPER task<json> get(std::string name);
    HEM_CORO_WRAPPER task<json> remove(std::string name);

private:
    client_state& state_;
};

// ---- client ---------------------------------------------------------------------------------------------------------------------

class client {
public:
    // Throws std::invalid_argument for options that contradict each other. Connects with the first request; see `connect`.
    explicit client(client_options options);
    ~client();
    client(const client&) noexcept;
    client(client&&) noexcept;
    client& operator=(const client&) noexcept;
    client& operator=(client&&) noexcept;

    // Any endpoint. `path` is percent-encoded; `params` are not. Suspends; throws the layer's errors.
    task<api_response> perform(std::string method, std::string path, string_pairs params = {}, std::string body = {},
                               perform_options options = {});

    // False for every API or transport error; a cancellation passes.
    task<bool> ping();
    task<server_info> info();
    task<server_flavour> flavour();

    indices_api indices() const noexcept { return indices_api(*state_); }
    cluster_api cluster() const noexcept { return cluster_api(*state_); }
    cat_api cat() const noexcept { return cat_api(*state_); }
    templates_api templates() const noexcept { return templates_api(*state_); }

    // A search over indices or patterns: `client.search("posts_0")`, `client.search<blog_post>("logs-*")`. Without a name: all.
    template <class T = raw_document>
    search_request<T> search(std::string index = {}) const;

    // A copy with other per-request options (timeouts, retries, headers, credentials); nodes and connections are shared.
    [[nodiscard]] client with(client_options changed) const;

    // Refuses new requests and ends the connections. Idempotent. Also by `hem::with`.
    task<> close();
    HEM_CORO_WRAPPER task<> aclose() { return close(); }

    // Scrolls and points in time that this client has open.
    std::size_t open_contexts() const noexcept;
    const client_options& options() const noexcept;
    client_state& state() const noexcept { return *state_; }
    const std::shared_ptr<client_state>& shared_state() const noexcept { return state_; }

private:
    explicit client(std::shared_ptr<client_state> state) noexcept;
    std::shared_ptr<client_state> state_;
};

// Makes a client and opens what its URL needs (an embedded store). For `hem::with` or an app-scope provider.
task<client> connect(std::string url);
task<client> connect(client_options options);

}  // namespace hem::search
