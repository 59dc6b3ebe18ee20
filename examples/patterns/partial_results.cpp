// A batch whose items fail one by one: what worked is kept, and what failed is known by index, type and message. Answers 2-13, 4-05.
#include "examples/patterns/example.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<int> process_item(int item) {
    co_await hem::sleep_for(1s);
    if (item % 40 == 7) throw std::invalid_argument("invalid item " + std::to_string(item));
    if (item == 50) throw std::out_of_range("no room for item 50");
    co_return item * 2;
}

// [report]
struct failure {
    std::size_t index;
    std::string type, message;
};
struct batch_result {
    std::vector<int> values;
    std::vector<failure> failures;
};

failure describe(std::size_t index, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::invalid_argument& e) {
        return {index, "invalid_argument", e.what()};
    } catch (const std::exception& e) {
        return {index, "error", e.what()};
    }
}

hem::task<batch_result> process_batch(std::vector<int> items) {
    auto outcomes = co_await hem::map_concurrent_settled(items, process_item, {.limit = 10});
    batch_result result;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].has_value()) {
            result.values.push_back(outcomes[i].value());
        } else {
            result.failures.push_back(describe(i, outcomes[i].error()));
        }
    }
    co_return result;
}
// [/report]

hem::task<> example() {
    std::vector<int> items;
    for (int i = 0; i < 100; ++i) items.push_back(i);
    auto begin = hem::clock::now();
    batch_result result = co_await process_batch(std::move(items));
    std::printf("%zu values, %zu failures after %.1f s\n", result.values.size(), result.failures.size(), seconds_since(begin));
    for (const failure& each : result.failures) std::printf("item %zu: %s: %s\n", each.index, each.type.c_str(), each.message.c_str());
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
