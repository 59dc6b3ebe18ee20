// Everything of layer `resilience`: retry and circuit breaker.
#pragma once

#include "hem/resilience/circuit_breaker.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/resilience/retry.hpp"
