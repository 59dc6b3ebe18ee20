// One record per request: `app.use(web::access_log());`, best as the first, so that it sees what all others made of the answer.
//
// Event `request` with method, route (the template; the path where none matched), status, duration, bytes of the body, peer; the
// request id and the trace come from where they are bound. No query string unless `.query = true`. A stream is logged when it has ended;
// one that was cut or given up says so, and a client that left before the answer counts as 499.
#pragma once

#include "hem/web/next.hpp"

namespace hem::web {

struct access_log_options {
    bool query = false;  // may hold secrets
};

class access_log {
public:
    explicit access_log(access_log_options options = {}) noexcept : options_(options) {}
    task<http::response> operator()(http::request& request, next& following) const;

private:
    access_log_options options_;
};

}  // namespace hem::web
