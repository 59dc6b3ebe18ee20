// How requests reach a search server. One transport stands for one node: `http_transport` for a real cluster, `embedded_transport` for
// the engine in this process; tests write their own. Code above cannot tell which one it has.
#pragma once

#include "hem/core/task.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// For functions that pass a task on which holds copies of all it needs: it may be kept longer than the object it was asked of.
#if defined(__clang__) && !defined(HEM_RELAXED_TASKS)
#define HEM_SEARCH_DETACHED [[clang::coro_wrapper, clang::coro_disable_lifetimebound]]
#else
#define HEM_SEARCH_DETACHED
#endif

namespace hem::search {

enum class product { elasticsearch, opensearch };

// What answers: it decides content types and the paths of points in time.
struct server_flavour {
    search::product product = search::product::elasticsearch;
    int major = 8;
    int minor = 0;
    std::string version;
    bool embedded = false;
    bool operator==(const server_flavour&) const = default;
};

using string_pairs = std::vector<std::pair<std::string, std::string>>;

struct transport_request {
    std::string method = "GET";
    std::string path = "/";  // percent-encoded, without query
    string_pairs params;     // decoded, sorted by name
    std::string body;
    std::string content_type;  // empty without a body
    std::string accept;
    string_pairs headers;  // others, names in lower case
};

struct transport_response {
    int status = 0;
    string_pairs headers;  // names in lower case
    std::string body;
    std::string http_version;
};

class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    // Sends one request and reads its whole answer; any status is an answer. Suspends. `request` outlives the call. Throws
    // connection_error or connection_timeout, which say whether anything was sent. Cancelled: nothing is left behind.
    virtual task<transport_response> perform(const transport_request& request) = 0;

    // Ends what is open. Idempotent.
    virtual task<> close() = 0;

    // `http://127.0.0.1:9200`, or `embedded`.
    virtual std::string name() const = 0;
    // When no request is needed to find out.
    virtual std::optional<server_flavour> known_flavour() const { return std::nullopt; }
};

// `a=1&b=x%20y`, for transports that need the text form.
std::string encode_query(const string_pairs& params);
// One segment of a path: everything but unreserved characters is encoded.
std::string encode_segment(std::string_view text);

}  // namespace hem::search
