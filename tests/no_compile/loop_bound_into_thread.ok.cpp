#include "hem/core.hpp"

hem::task<> use(hem::event& done) {
    co_await hem::to_thread([&done] { hem::from_thread::run_sync([&done] { done.set(); }); });
}
