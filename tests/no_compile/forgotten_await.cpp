// expect: nothing runs until this task is awaited: write co_await
// Answers P2.
#include "hem/core.hpp"

hem::task<> save() { co_return; }

hem::task<> handle() {
    save();
    co_return;
}
