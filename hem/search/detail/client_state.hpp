// What client handles share: options of one kind of request, and the link to the cluster that all of them use.
#pragma once

#include "hem/core/lock.hpp"
#include "hem/resilience/retry.hpp"
#include "hem/search/client.hpp"
#include "hem/search/node_pool.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hem::search {

namespace detail {

// One per cluster; clients made by `with` share it.
struct cluster_link {
    explicit cluster_link(const client_options& options);

    node_pool nodes;
    std::optional<server_flavour> flavour;
    hem::lock flavour_lock;
    std::vector<std::string> ensured;  // indices that this process has created or compared
    std::size_t open_contexts = 0;
    std::size_t failed_clears = 0;  // scrolls and points in time that the server may still hold
    bool closed = false;
};

// Counts an open scroll or point in time.
class context_count {
public:
    explicit context_count(cluster_link& link) noexcept : link_(link) { ++link_.open_contexts; }
    context_count(const context_count&) = delete;
    context_count& operator=(const context_count&) = delete;
    ~context_count() { --link_.open_contexts; }

private:
    cluster_link& link_;
};

bool may_repeat(const transport_request& request, repeat rule);
std::vector<std::shared_ptr<transport>> make_transports(const client_options& options);
void check_options(const client_options& options);

}  // namespace detail

class client_state {
public:
    client_state(client_options given, std::shared_ptr<detail::cluster_link> shared);

    task<api_response> perform(std::string method, std::string path, string_pairs params, std::string body, perform_options call);
    task<json> perform_json(std::string method, std::string path, string_pairs params = {}, std::string body = {});
    task<server_flavour> flavour();

    client_options options;
    std::shared_ptr<detail::cluster_link> link;

private:
    struct attempt_outcome {
        std::optional<transport_response> response;
        std::exception_ptr error;
        bool sent = false;
        bool timed_out = false;
    };

    task<transport_response> send(const transport_request& request, repeat rule, bool retry_on_status, duration limit,
                                  std::string& node_name);
    task<attempt_outcome> attempt(transport& node, const transport_request& request, duration limit);
    task<server_flavour> detect();
    void add_headers(transport_request& request) const;

    retry_policy policy_;
};

}  // namespace hem::search
