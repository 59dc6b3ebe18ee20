// expect: an argument is a view that may dangle on the other thread
// Answers 2-08, P16. // R-106
#include "hem/core.hpp"

#include <string_view>

int count_words(std::string_view text);

hem::task<int> use(hem::loop_handle there, std::string_view text) { co_return co_await hem::submit_to(there, count_words, text); }
