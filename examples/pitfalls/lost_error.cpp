// An error cannot get lost: the first one leaves the group, a later one is reported, and so is one in an outcome that nobody looked at. No
// form leaves siblings running, and a cancelled one knows who failed. Answers P8, P14.
#include <stdexcept>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<int> orders() {
    co_await hem::sleep_for(1s);
    throw std::runtime_error("orders: connection refused");
}

hem::task<int> invoices() {
    try {
        co_await hem::sleep_for(1h);
    } catch (const hem::cancelled& why) {
        std::printf("invoices is cancelled, since %s failed with %s\n", why.reason().task.c_str(), why.reason().text.c_str());
    }
    throw std::out_of_range("invoices: no such page");  // while it cleans up
}

hem::task<> example() {
#ifdef HEM_SHOW_PITFALL
    // expect: no viable conversion from
    const int count = co_await hem::settled(orders());
#endif
    try {
        co_await hem::gather(orders(), invoices());
    } catch (const std::runtime_error& error) {
        std::printf("the first error leaves: %s\n", error.what());
    }

    {
        auto [first, second] = co_await hem::gather_settled(orders(), orders());
        if (!first.has_value()) std::puts("one outcome is looked at, the other is not");
    }

    try {
        co_await hem::with_task_group({.errors = hem::errors::all}, [](hem::task_group& group) -> hem::task<> {
            group.create_task(orders);
            group.create_task(invoices);
            co_return;
        });
    } catch (const hem::exception_group& all) {
        std::printf("all of them: %zu errors\n", all.errors().size());
    }
}

}  // namespace

int main() { return run_pitfall(example); }
