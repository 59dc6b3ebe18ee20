#include "hem/core.hpp"

#include <csignal>

hem::task<> reload() { co_return; }

hem::task<> reload_on_request() {
    co_await hem::with(hem::signals({SIGHUP}), [](hem::signal_stream& arriving) -> hem::task<> {
        while (co_await arriving.next()) co_await reload();
    });
}
