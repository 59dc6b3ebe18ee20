// expect: tasks belong to a scope: use with_task_group
// Answers P6.
#include "hem/core.hpp"

hem::task<> work() { co_return; }

hem::task<> start() {
    hem::create_task(work);
    co_return;
}
