// Locks that are taken in different orders, kept for ever or not kept at all. A circle is reported when it closes, a lock whose owner ended
// is broken and names it, and a guard without a name does not compile. Answers P23.
#include <optional>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> take_both(hem::lock& first, hem::lock& second) {
    auto outer = co_await first.acquire();
    co_await hem::sleep_for(1s);
    auto inner = co_await second.acquire();
}

hem::task<> forget_to_release(hem::lock& mutex, std::optional<hem::lock::guard>& kept) { kept.emplace(co_await mutex.acquire()); }

hem::task<> example() {
    hem::lock accounts("accounts");
    hem::lock orders("orders");
#ifdef HEM_SHOW_PITFALL
    // expect: released at once: keep the guard in a variable
    co_await accounts.acquire();
#endif
    const bool done =
        co_await hem::move_on_after(3s, hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
                                        group.create_task({.name = "transfer"}, take_both, std::ref(accounts), std::ref(orders));
                                        group.create_task({.name = "report"}, take_both, std::ref(orders), std::ref(accounts));
                                        co_return;
                                    }));
    std::puts(done ? "they got through" : "they got no further");

    std::optional<hem::lock::guard> kept;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        group.create_task({.name = "importer"}, forget_to_release, std::ref(orders), std::ref(kept));
        co_return;
    });
    try {
        auto guard = co_await orders.acquire();
    } catch (const hem::broken_resource& error) {
        std::printf("broken: %s\n", error.what());
    }

    {
        auto guard = co_await accounts.acquire();  // in the same order everywhere, for as long as the block lasts
    }
    std::puts(accounts.locked() ? "still held" : "free again");
}

}  // namespace

int main() { return run_pitfall(example); }
