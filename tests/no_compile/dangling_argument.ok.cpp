#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> length(const std::string& text) { co_return text.size(); }

hem::task<std::size_t> measure() { co_return co_await length("a temporary that lives as long as the await"); }
