// Everything of layer `service`: health, serving with a graceful shutdown.
#pragma once

#include "hem/service/health.hpp"
#include "hem/service/metrics_route.hpp"
#include "hem/service/serve.hpp"
