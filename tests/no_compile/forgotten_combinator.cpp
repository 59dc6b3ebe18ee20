// expect: forgotten_combinator.cpp:12:5: error: ignoring return value
// expect: forgotten_combinator.cpp:13:5: error: ignoring return value
// expect: forgotten_combinator.cpp:14:5: error: ignoring return value
// expect: forgotten_combinator.cpp:15:5: error: ignoring return value
// expect: forgotten_combinator.cpp:17:9: error: ignoring return value
// expect: nothing runs until it is iterated: use with, for_each or collect
// Answers P2.
#include "hem/core.hpp"

hem::task<int> one();
hem::task<> all(std::vector<hem::task_handle<int>> handles) {
    hem::gather(one(), one());
    hem::race(one(), one());
    hem::as_completed(one(), one());
    hem::wait(handles, hem::first_completed);
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.join();
        co_return;
    });
}
