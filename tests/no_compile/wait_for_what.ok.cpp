#include "hem/core.hpp"

hem::task<std::size_t> first(std::vector<hem::task_handle<int>> handles) {
    auto [done, pending] = co_await hem::wait(handles, hem::first_completed);
    co_return done.size();
}
