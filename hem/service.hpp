// Everything of layer `service`: health, serving with a graceful shutdown, looking into what runs.
#pragma once

#include "hem/service/debug_page.hpp"
#include "hem/service/debug_socket.hpp"
#include "hem/service/health.hpp"
#include "hem/service/metrics_route.hpp"
#include "hem/service/serve.hpp"
