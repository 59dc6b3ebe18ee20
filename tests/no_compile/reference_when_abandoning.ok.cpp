#include "hem/core.hpp"

#include <string>

std::size_t parse(std::string text) { return text.size(); }

hem::task<> use(std::string text) { co_await hem::to_thread({.abandon_on_cancel = true}, parse, std::move(text)); }
