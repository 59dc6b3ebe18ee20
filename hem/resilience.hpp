// Everything of layer `resilience`: retry, its budget, and circuit breakers.
#pragma once

#include "hem/resilience/breaker_registry.hpp"
#include "hem/resilience/circuit_breaker.hpp"
#include "hem/resilience/failure.hpp"
#include "hem/resilience/retry.hpp"
#include "hem/resilience/retry_budget.hpp"
