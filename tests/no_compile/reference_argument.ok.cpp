#include "hem/core.hpp"

hem::task<> count(int& total) {
    ++total;
    co_return;
}

hem::task<> start(int& total) {
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(count, std::ref(total));
        co_return;
    });
}
