// expect: pass the function and its arguments: create_task(fetch, url)
//
#include "hem/core.hpp"

hem::task<> fetch(int) { co_return; }

hem::task<> start() {
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task(fetch(1));
        co_return;
    });
}
