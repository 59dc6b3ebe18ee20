// expect: an argument is a view or raw pointer that may dangle in the child
//
// Answers P23.
#include "hem/core.hpp"

#include <string>
#include <string_view>

hem::task<> fetch(std::string_view) { co_return; }

hem::task<> start(std::string url) {
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task(fetch, std::string_view(url));
        co_return;
    });
}
