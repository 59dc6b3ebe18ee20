// The programs that docs/guide/threads.md quotes.
#include "examples/patterns/example.hpp"

#include <csignal>
#include <functional>
#include <thread>

using namespace std::chrono_literals;

namespace {

// A foreign client with a thread of its own that calls back.
class weather_client {
public:
    void ask(std::string town, std::function<void(std::string)> answer) {
        thread_ = std::thread([town = std::move(town), answer = std::move(answer)] { answer("rain in " + town); });
    }
    ~weather_client() {
        if (thread_.joinable()) thread_.join();
    }

private:
    std::thread thread_;
};

// [callback]
hem::task<std::string> ask(weather_client& client, std::string town) {
    co_return co_await hem::from_callback<std::string>([&](hem::resolver<std::string> resolve) {
        auto shared = std::make_shared<hem::resolver<std::string>>(std::move(resolve));  // std::function copies what it holds
        client.ask(town, [shared](std::string answer) { (*shared)(std::move(answer)); });
    });
}
// [/callback]

// [portal]
hem::task<int> add(int a, int b) {
    co_await hem::yield_now();
    co_return a + b;
}
hem::task<> serve_threads() {
    co_await hem::with(hem::blocking_portal(), [](hem::blocking_portal& portal) -> hem::task<> {
        hem::event done;
        std::thread foreign([portal, &done] {
            int sum = portal.call(add, 1, 2);  // blocks this thread, not the loop
            portal.call([&done, sum] {
                std::printf("sum %d\n", sum);
                done.set();
            });
        });
        co_await done.wait();
        foreign.join();
    });
}
// [/portal]

// [loops]
hem::task<> two_loops() {
    auto other = hem::start_blocking_portal();  // a loop on a thread of its own
    std::printf("there: %d\n", co_await hem::submit_to(other.handle(), add, 3, 4));
}
// [/loops]

int add_up(int a, int b) { return a + b; }

// [abandon]
hem::task<> leave_it() {
    auto answer = co_await hem::move_on_after(1s, hem::to_thread({.abandon_on_cancel = true}, add_up, 5, 6));
    std::printf("answer %d\n", answer.value_or(-1));
}
// [/abandon]

// [signals]
hem::task<> until_told() {
    co_await hem::with(hem::signals({SIGHUP, SIGTERM}), [](hem::signal_stream& arriving) -> hem::task<> {
        std::raise(SIGHUP);
        std::raise(SIGTERM);
        while (auto number = co_await arriving.next()) {
            if (*number == SIGTERM) break;
            std::puts("reading the configuration again");
        }
    });
    std::puts("stopping");
}
// [/signals]

// [interrupt]
hem::task<> work() {
    std::raise(SIGINT);  // what Ctrl-C does
    co_await hem::finally(hem::sleep_for(1h), []() -> hem::task<> {
        co_await hem::sleep_for(100ms);  // shielded: there is time to finish
        std::puts("cleaned up");
    });
}
int interrupted_program() {
    try {
        hem::run(work);
    } catch (const hem::interrupted&) {
        std::puts("interrupted");
        return 130;
    }
    return 0;
}
// [/interrupt]

hem::task<> example() {
    weather_client client;
    std::puts((co_await ask(client, "Oslo")).c_str());
    co_await serve_threads();
    co_await two_loops();
    co_await leave_it();
    co_await until_told();
}

}  // namespace

int main(int count, char** arguments) {
    const int code = run_example(count, arguments, example);
    return interrupted_program() == 130 ? code : 1;
}
