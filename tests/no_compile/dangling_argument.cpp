// expect: temporary whose address is used
// Answers P23.
#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> length(const std::string& text) { co_return text.size(); }

hem::task<std::size_t> measure() {
    hem::task<std::size_t> later = length("a temporary that dies at the semicolon");
    co_return co_await std::move(later);
}
