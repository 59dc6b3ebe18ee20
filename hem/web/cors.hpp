// Cross-origin requests (Fetch standard), with Starlette's rules: `app.use(web::cors({.allow_origins = {"https://example.org"}}));`
//
// A preflight is answered here: 200 `OK`, or 400 with what was refused. Every other answer gets its fields, those of errors included, and
// `Vary: Origin` always.
#pragma once

#include "hem/core/clock.hpp"
#include "hem/web/next.hpp"

#include <memory>
#include <string>
#include <vector>

namespace hem::web {

struct cors_options {
    std::vector<std::string> allow_origins;            // "https://example.org"; "*" alone allows all
    std::vector<std::string> allow_methods = {"GET"};  // "*": all common ones
    std::vector<std::string> allow_headers;            // beside the safelisted ones; "*": whatever is asked for
    std::vector<std::string> expose_headers;
    bool allow_credentials = false;     // not together with "*" as origin: usage_error
    std::chrono::seconds max_age{600};  // how long browsers keep a preflight's answer
};

class cors {
public:
    explicit cors(cors_options options);
    task<http::response> operator()(http::request& request, next& following) const;

private:
    http::response preflight(const http::request& request, std::string_view origin) const;
    bool allows(std::string_view origin) const noexcept;
    void mark(http::response& answer, std::string_view origin) const;

    cors_options options_;
    std::string methods_;
    std::string headers_;
    std::string exposed_;
    bool all_origins_ = false;
    bool all_headers_ = false;
};

}  // namespace hem::web
