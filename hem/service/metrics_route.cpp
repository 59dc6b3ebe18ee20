#include "hem/service/metrics_route.hpp"

#include "hem/telemetry/metrics.hpp"
#include "hem/web.hpp"

namespace hem::service {

void add_metrics_route(web::app& app) {
    app.get("/metrics", []() -> task<http::response> { co_return http::response(200, co_await metrics::scrape(), metrics::content_type); },
            {.name = "metrics", .tags = {"service"}, .summary = "Metrics as Prometheus text"});
}

}  // namespace hem::service
