// Many calls, never more than a limit at a time: a window that slides, in the order of the input. Answers 0-21, 1-06, 3-09.
#include "examples/patterns/example.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

int running = 0, most = 0;

hem::task<std::size_t> fetch_product(std::string url) {
    most = std::max(most, ++running);
    hem::time_point begin = hem::clock::now();
    co_await hem::sleep_for(1s);
    --running;
    co_return url.size() + std::size_t(seconds_since(begin));
}

hem::task<int> process_document(int id) {
    if (id == 3) throw std::invalid_argument("document 3 is broken");
    co_await hem::sleep_for(id * 1s);
    std::printf("document %d is done\n", id);
    co_return id;
}

hem::task<> example() {
    std::vector<std::string> urls;
    for (int i = 0; i < 10; ++i) urls.push_back("https://shop.example.com/products/" + std::to_string(i));
    auto begin = hem::clock::now();
    // [fan_out]
    std::vector<std::size_t> sizes = co_await hem::map_concurrent(urls, fetch_product, {.limit = 3});
    // [/fan_out]
    std::printf("%zu results after %.1f s, at most %d at a time\n", sizes.size(), seconds_since(begin), most);

    // An error cancels what is under way, here document 2, and starts nothing more.
    std::vector<int> documents{1, 2, 3, 4, 5};
    try {
        co_await hem::map_concurrent(documents, process_document, {.limit = 2});
    } catch (const std::invalid_argument& error) {
        std::puts(error.what());
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
