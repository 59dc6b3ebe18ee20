#include "hem/core.hpp"

hem::task<> save() { co_return; }

hem::task<> handle() { co_await save(); }
