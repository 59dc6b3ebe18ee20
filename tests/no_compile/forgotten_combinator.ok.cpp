#include "hem/core.hpp"

hem::task<int> one();
hem::task<> all(std::vector<hem::task_handle<int>> handles) {
    auto [first, second] = co_await hem::gather(one(), one());
    co_await hem::race(one(), one());
    auto items = co_await hem::collect(hem::as_completed(one(), one()));
    auto [done, pending] = co_await hem::wait(handles, hem::first_completed);
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> { co_await group.join(); });
}
