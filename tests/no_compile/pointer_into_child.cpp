// expect: an argument is a view or raw pointer that may dangle in the child
//
// Answers P23.
#include "hem/core.hpp"

hem::task<> fill(int*);

hem::task<> start() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        int local = 0;
        group.create_task(fill, &local);
        co_return;
    });
}
