// GET /metrics: every metric of the process and the running loop's figures as Prometheus text.
#pragma once

#include "hem/web/app.hpp"

namespace hem::service {

void add_metrics_route(web::app& app);

}  // namespace hem::service
