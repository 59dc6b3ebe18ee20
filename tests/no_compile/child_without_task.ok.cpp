#include "hem/core.hpp"

hem::task<int> compute(int);

hem::task<> start() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task(compute, 1);
        co_return;
    });
}
