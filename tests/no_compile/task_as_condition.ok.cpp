#include "hem/core.hpp"

hem::task<bool> ready() { co_return true; }

hem::task<> wait() {
    if (co_await ready()) co_return;
}
