// A coroutine is a function that can wait. Nothing of it runs before it is awaited; run() drives the first one. Answers 0-02, 3-02.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

struct page {
    std::string url, data;
};

// [coroutine]
hem::task<std::string> greeting() {
    std::puts("greeting runs");
    co_await hem::sleep_for(1s);
    co_return "Hello";
}

hem::task<> greet() {
    std::puts("Start");
    hem::task<std::string> later = greeting();  // lazy: nothing of it has run
    std::puts("made, not awaited");
    std::puts((co_await std::move(later)).c_str());
    std::puts("End");
}
// [/coroutine]

hem::task<page> fetch_data(std::string url) {
    co_await hem::sleep_for(1s);
    co_return page{url, "data of " + url};
}

hem::task<> example() {
    co_await greet();
    page fetched = co_await fetch_data("https://api.example.com/users");
    std::printf("%s: %s\n", fetched.url.c_str(), fetched.data.c_str());
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
