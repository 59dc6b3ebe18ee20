// expect: pass a function that returns a hem::task: a child is a coroutine, called with its own arguments
#include "hem/core.hpp"

int compute(int);

hem::task<> start() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task(compute, 1);
        co_return;
    });
}
