// expect: co_await the task first
// expect: this would compare a task, not its result
// expect: this would print a task, not its result
// Answers P2.
#include "hem/core.hpp"

#include <ostream>

hem::task<int> answer() { co_return 42; }

hem::task<> use(std::ostream& out) {
    int number = answer();
    if (answer() == number) out << answer();
    co_return;
}
