// expect: the function does not take these arguments as the child keeps them: pass std::ref(x) for a reference parameter
//
// Answers P23.
#include "hem/core.hpp"

hem::task<> count(int& total) {
    ++total;
    co_return;
}

hem::task<> start(int& total) {
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(count, total);
        co_return;
    });
}
