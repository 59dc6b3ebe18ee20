// Everything of layer `core`: tasks, groups, cancellation, time, synchronisation, queues, generators, threads, signals.
#pragma once

#include "hem/core/cancel_scope.hpp"
#include "hem/core/cancelled.hpp"
#include "hem/core/clock.hpp"
#include "hem/core/context.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/gather.hpp"
#include "hem/core/is_spawn_safe.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/map_concurrent.hpp"
#include "hem/core/outcome.hpp"
#include "hem/core/random.hpp"
#include "hem/core/report.hpp"
#include "hem/core/run.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task.hpp"
#include "hem/core/task_group.hpp"
