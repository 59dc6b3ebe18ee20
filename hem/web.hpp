// Web applications: app, router, typed requests, dependencies, answers, errors, middleware, background work, lifespan, OpenAPI and its
// page, and a client for tests in the same process.
#pragma once

#include "hem/web/access_log.hpp"
#include "hem/web/app.hpp"
#include "hem/web/background.hpp"
#include "hem/web/cors.hpp"
#include "hem/web/exceptions.hpp"
#include "hem/web/inputs.hpp"
#include "hem/web/middleware.hpp"
#include "hem/web/next.hpp"
#include "hem/web/request_id.hpp"
#include "hem/web/responses.hpp"
#include "hem/web/route_options.hpp"
#include "hem/web/routing.hpp"
#include "hem/web/streaming.hpp"
#include "hem/web/test_client.hpp"
