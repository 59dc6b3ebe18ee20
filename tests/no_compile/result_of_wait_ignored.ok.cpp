#include "hem/core.hpp"

hem::task<bool> first(std::vector<hem::task_handle<int>> handles) {
    auto result = co_await hem::wait(handles, hem::first_completed);
    co_return result.pending.empty();
}
