// expect: say what to wait for: wait(handles, first_completed), first_exception or all_completed
#include "hem/core.hpp"

hem::task<> first(std::vector<hem::task_handle<int>> handles) { co_await hem::wait(handles); }
