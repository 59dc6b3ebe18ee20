// Everything of layer `telemetry`: structured log, metrics and trace context.
#pragma once

#include "hem/telemetry/log.hpp"
#include "hem/telemetry/metrics.hpp"
#include "hem/telemetry/trace.hpp"
