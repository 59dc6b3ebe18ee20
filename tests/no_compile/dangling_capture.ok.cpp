#include "hem/core.hpp"

#include <string>

hem::task<std::size_t> measure(std::string text) {
    auto size = [&text]() -> hem::task<std::size_t> { co_return text.size(); };
    hem::task<std::size_t> later = size();
    co_return co_await std::move(later);
}
