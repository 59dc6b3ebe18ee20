#include "hem/core.hpp"

#include <memory>

hem::task<> fill(std::shared_ptr<int>);

hem::task<> start() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task(fill, std::make_shared<int>(0));
        co_return;
    });
}
