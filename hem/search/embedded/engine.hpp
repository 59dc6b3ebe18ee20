// The embedded search engine: the Elasticsearch REST subset answered in process from one SQLite file.
// Reach it through the transport (`hem/search`), or through `http_front` for curl and foreign clients; the bytes are the same.
// Synchronous and thread-safe: call `handle` on worker threads, never on a loop thread. Writes go one at a time and are answered
// after their commit; reads run on any thread over pinned snapshots and never wait for a writer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search::embedded {

// One HTTP exchange without the socket. `path` is percent-encoded and has no query string, `params` are decoded,
// `content_type` and `accept` are the header values or empty, `body` may be any bytes.
struct rest_request {
    std::string method = "GET";
    std::string path = "/";
    std::vector<std::pair<std::string, std::string>> params;
    std::string content_type;
    std::string accept;
    std::string body;

    // From a request target (`/posts/_search?size=3`): splits and decodes the query string. Throws std::invalid_argument
    // when a percent escape is cut.
    static rest_request from_target(std::string method, std::string_view target, std::string body = {},
                                    std::string content_type = "application/json");
};

struct rest_response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;                                          // empty for HEAD

    // The value of a header, by lower-case name; empty when absent.
    std::string_view header(std::string_view name) const noexcept;
};

enum class durability {
    full,     // an acknowledged write survives a power cut
    relaxed,  // it survives a crash of the process
};

struct engine_options {
    std::string path = ":memory:";  // the store's file, or ":memory:"
    std::string cluster_name = "hem";
    embedded::durability durability = embedded::durability::full;
    std::size_t readers = 0;                                     // reader connections; 0: as many as cores, at least 2
    std::size_t max_body_bytes = std::size_t{100} << 20;         // larger bodies are a 413
    std::size_t max_queued_write_bytes = std::size_t{64} << 20;  // beyond it writes are a 429
    std::size_t posting_cache_bytes = std::size_t{64} << 20;
    // Wall clock in epoch milliseconds, for date math (`now`), keep-alives and creation dates; null: the system clock.
    std::int64_t (*now_ms)() = nullptr;
    std::uint64_t random_seed = 0;  // of the ids that the engine makes; 0: from the system
};

class engine {
public:
    // Opens or creates the store. Throws std::runtime_error that names the file and the cause: not a store, corrupt,
    // written by a newer version, or held by another process (with its pid). Nothing is overwritten in these cases.
    static std::unique_ptr<engine> open(engine_options options = {});
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    // Answers one request. Never throws for what a request can cause: every fault is an error body. Blocks the calling thread.
    rest_response handle(const rest_request& request);

    // Answers requests that arrived together, in order; neighbouring single-document writes share one transaction.
    std::vector<rest_response> handle_batch(std::span<const rest_request> requests);

    // Ends contexts, waits for running requests and closes the file. Later requests are a 503. Idempotent.
    void close();

    // Scrolls and points in time that are open now; tests check that clients leave none behind.
    std::size_t open_contexts() const;

private:
    struct implementation;
    explicit engine(std::unique_ptr<implementation> parts);
    std::unique_ptr<implementation> parts_;
};

}  // namespace hem::search::embedded
