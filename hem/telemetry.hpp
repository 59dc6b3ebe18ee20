// Everything of layer `telemetry`: structured log and metrics.
#pragma once

#include "hem/telemetry/log.hpp"
#include "hem/telemetry/metrics.hpp"
