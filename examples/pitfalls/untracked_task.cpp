// A task that nobody waits for outlives what it uses, and its error is nobody's. There is no free spawn: a task belongs to a group, and a
// group that is over takes no more. Answers P6.
#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<> send_mail(int number) {
    co_await hem::sleep_for(1s);
    std::printf("mail %d is sent\n", number);
}

hem::task<> example() {
    // [refused]
#ifdef HEM_SHOW_PITFALL
    // expect: tasks belong to a scope: use with_task_group
    hem::create_task(send_mail);
#endif
    // [/refused]
    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.create_task(send_mail, 1);  // the handle may be dropped: the group keeps the task
        co_return;
    });
    std::puts("the group has ended, and so has the mail");

    co_await hem::with_task_group([](hem::task_group& group) -> hem::task<> {
        group.cancel("shutting down");
        try {
            group.create_task(send_mail, 2);
        } catch (const hem::group_closed& error) {
            std::printf("refused: %s\n", error.what());
        }
        co_return;
    });
}

}  // namespace

int main() { return run_pitfall(example); }
