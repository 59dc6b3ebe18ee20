// Fail at once, or let each end by itself and look at the outcomes. No form leaves a sibling running, and the
// cancelled one knows why. Answers 3-08, 4-13, P14.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

class api_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

hem::task<std::string> fetch(std::string name, hem::duration takes, bool fails) {
    try {
        co_await hem::sleep_for(takes);
    } catch (const hem::cancelled& why) {
        std::printf("  %s is cancelled: %s\n", name.c_str(),
                    why.reason().kind == hem::cancel_kind::sibling_failed ? "a sibling failed" : "?");
        throw;
    }
    std::printf("  %s ends\n", name.c_str());
    if (fails) throw api_error(name + " failed");
    co_return "result of " + name;
}

hem::task<> example() {
    std::puts("gather: the first error cancels the rest");
    try {
        co_await hem::gather(fetch("task1", 200ms, false), fetch("task2", 500ms, true), fetch("task3", 900ms, false));
    } catch (const api_error& error) {
        std::printf("  error: %s\n", error.what());
    }

    std::puts("gather_settled: each ends by itself");
    // [settled]
    auto [first, second] = co_await hem::gather_settled(fetch("task1", 200ms, false), fetch("task2", 500ms, true));
    std::printf("  %s\n", first.value_or("nothing").c_str());
    std::printf("  %s\n", second.value_or("nothing").c_str());
    // [/settled]
    try {
        second.value();  // an outcome is no value: reading it throws the error that is inside
    } catch (const api_error& error) {
        std::printf("  error: %s\n", error.what());
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
