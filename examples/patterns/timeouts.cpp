// A deadline on any operation. The error says which limit struck; only the scope that owns the deadline makes it. Answers 1-19, 3-13.
#include "examples/patterns/example.hpp"

#include <string>

using namespace std::chrono_literals;

namespace {

class external_service_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

hem::task<std::string> fetch_data(hem::duration takes) {
    co_await hem::sleep_for(takes);
    co_return "data";
}

hem::task<std::string> fetch_with_timeout(hem::duration takes) {
    try {
        // [timeout]
        co_return co_await hem::timeout(5s, fetch_data(takes));
        // [/timeout]
    } catch (const hem::timeout_error&) {
        throw external_service_error("the service did not answer within 5 s");
    }
}

hem::task<> example() {
    auto begin = hem::clock::now();
    std::string data = co_await fetch_with_timeout(1s);
    std::printf("%s after %.1f s\n", data.c_str(), seconds_since(begin));

    begin = hem::clock::now();
    try {
        co_await fetch_with_timeout(1h);
    } catch (const external_service_error& error) {
        std::printf("%s: %.1f s\n", error.what(), seconds_since(begin));
    }

    // [move_on]
    auto optional_data = co_await hem::move_on_after(2s, fetch_data(1h));  // empty when the time is over
    // [/move_on]
    std::printf("%s\n", optional_data ? "in time" : "going on without it");

    // The outer deadline is the earlier one: the inner timeout lets it through.
    try {
        co_await hem::timeout(1s, fetch_with_timeout(1h));
    } catch (const hem::timeout_error&) {
        std::puts("the outer limit of 1 s struck");
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
