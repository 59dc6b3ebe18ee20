#include "hem/core.hpp"

#include <string>

int count_words(const std::string& text);

hem::task<int> use(hem::loop_handle there, std::string text) { co_return co_await hem::submit_to(there, count_words, std::move(text)); }
