// expect: temporary whose address is used as value of local variable
// Answers P23.
#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> measure(std::string text) {
    hem::task<std::size_t> later = [&text]() -> hem::task<std::size_t> { co_return text.size(); }();
    co_return co_await std::move(later);
}
