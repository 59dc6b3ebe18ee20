// The one interface between a server and what it serves: a request in, a response out. `web` implements it; tests do, too.
#pragma once

#include <cstdint>

#include "hem/core/callable.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"

namespace hem::http {

// Called once per request; the request lives until the response has been sent. An exception that leaves it becomes 500.
class handler : public hem::callable<hem::task<response>(request&)> {
public:
    using callable::callable;

    // The limit of a request's body in bytes, 0 for none, by its head alone; `servers` is what the server would allow.
    using body_limit_rule = std::uint64_t (*)(const void* data, const request& head, std::uint64_t servers) noexcept;

    // Who knows routes says which bodies may be larger than the server allows. Asked only for those; the rule may lower nothing. `data`
    // must live as long as the handler.
    void set_body_limit_rule(const void* data, body_limit_rule rule) noexcept {
        rule_data_ = data;
        rule_ = rule;
    }
    std::uint64_t body_limit(const request& head, std::uint64_t servers) const noexcept {
        return rule_ != nullptr ? rule_(rule_data_, head, servers) : servers;
    }

private:
    const void* rule_data_ = nullptr;
    body_limit_rule rule_ = nullptr;
};

}  // namespace hem::http
