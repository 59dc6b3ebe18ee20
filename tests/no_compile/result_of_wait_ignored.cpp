// expect: look at done and pending
#include "hem/core.hpp"

hem::task<> first(std::vector<hem::task_handle<int>> handles) { co_await hem::wait(handles, hem::first_completed); }
