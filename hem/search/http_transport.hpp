// A node of a real cluster, reached over HTTP/1.1 with keep-alive connections.
#pragma once

#include "hem/search/transport.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace hem::search {

struct http_transport_options {
    std::string url;  // http://host:port, a path is kept as prefix
    std::size_t connections = 10;
    std::chrono::nanoseconds keep_alive_idle = std::chrono::seconds(60);
};

class http_transport final : public transport {
public:
    explicit http_transport(http_transport_options options);
    ~http_transport() override;

    task<transport_response> perform(const transport_request& request) override;
    task<> close() override;
    std::string name() const override;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace hem::search
