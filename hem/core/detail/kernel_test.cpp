// What a tick serves: R-12.
#include "hem/core/detail/kernel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "hem/core.hpp"
#include "hem/core/detail/reactor.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

// descriptors are looked at in a bounded number of ticks, however busy the loop is.
TEST(Tick, ServesReadyDescriptorsWhileTasksAreReady) {
    run([]() -> task<> {
        int ends[2];
        CO_ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        hem::detail::io_descriptor reader(ends[0]), writer(ends[1]);
        bool got = false;
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> {
                char byte;
                while (::read(reader.fd(), &byte, 1) < 0) {
                    reader.clear_readable();
                    co_await reader.wait_readable();
                }
                got = true;
            });
            co_await yield_now();
            co_await yield_now();
            CO_ASSERT_EQ(::write(writer.fd(), "x", 1), 1);
            const auto begin = loop::current().statistics().ticks;
            while (!got) co_await yield_now();
            EXPECT_LE(loop::current().statistics().ticks - begin, std::uint64_t{hem::detail::kernel::poll_interval} + 1);
        });
    });
}

// posts and timers are served in every tick, and a callback that posts itself for ever holds up no task.
ASYNC_TEST(Tick, ServesPostsAndTimersInEveryTick) {
    struct repeating {
        int& count;
        bool& go_on;
        void operator()() {
            ++count;
            if (go_on) loop::current().call_soon(*this);
        }
    };
    int posts = 0;
    bool go_on = true;
    loop::current().call_soon(repeating{posts, go_on});
    for (int i = 0; i < 10; ++i) co_await yield_now();
    EXPECT_EQ(posts, 10);
    bool fired = false;
    loop::current().call_later(1s, [&] { fired = true; });
    hem::testing::virtual_clock::jump(1s);
    co_await yield_now();
    EXPECT_TRUE(fired);
    go_on = false;
    co_await yield_now();
}

}  // namespace
