// expect: is neither a coroutine nor a coroutine wrapper
#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> length(const std::string& text);

hem::task<std::size_t> of(int number) { return length(std::to_string(number)); }
