#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> length(const std::string& text);

hem::task<std::size_t> of(int number) { co_return co_await length(std::to_string(number)); }
