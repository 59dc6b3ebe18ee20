#include "hem/core.hpp"

#include <ostream>

hem::task<int> answer() { co_return 42; }

hem::task<> use(std::ostream& out) {
    int number = co_await answer();
    if (co_await answer() == number) out << co_await answer();
}
