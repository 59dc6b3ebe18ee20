// Nothing runs until a task is awaited, and a result that nobody takes is lost. Answers P2.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<bool> save(int post) {
    co_await hem::sleep_for(1s);
    std::printf("post %d is saved\n", post);
    co_return true;
}

hem::task<> example() {
    hem::lock posts("posts");
#ifdef HEM_SHOW_PITFALL
    // expect: nothing runs until this task is awaited: write co_await, or pass the function to create_task
    save(1);
    // expect: co_await the task first
    if (save(1)) co_return;
    // expect: this would compare a task, not its result
    if (save(1) == true) co_return;
    // expect: not awaited: write co_await
    hem::sleep_for(1s);
    // expect: released at once: keep the guard in a variable
    co_await posts.acquire();
    // expect: this outcome may hold an error: call value() or check has_value()
    co_await hem::settled(save(1));
#endif
    {
        auto later = save(1);  // a variable is no await: the report comes when the task dies
    }
    auto guard = co_await posts.acquire();
    if (co_await save(2)) std::puts("and the answer is used");
    const auto outcome = co_await hem::settled(save(3));
    std::puts(outcome.has_value() ? "and so is the outcome" : "it failed");
}

}  // namespace

int main() { return run_pitfall(example); }
