#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <string>
#include <vector>

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

namespace {

struct noting {
    std::vector<std::string>& notes;
    std::string text;
    ~noting() { notes.push_back(text); }
};

hem::task<int> with_exits(std::vector<std::string>& notes) {
    co_await hem::scope_exit([&notes]() -> hem::task<> {
        co_await hem::sleep_for(1s);
        notes.push_back("first registered");
    });
    co_await hem::scope_exit(
        [&notes](std::string text) -> hem::task<> {
            notes.push_back(text);
            co_return;
        },
        std::string("second registered"));
    noting local{notes, "locals gone"};
    notes.push_back("body");
    co_return 7;
}

hem::task<> fail_after(hem::duration d, const char* text) {
    co_await hem::sleep_for(d);
    throw std::runtime_error(text);
}

}  // namespace

//
ASYNC_TEST(ScopeExit, RunsAfterTheLocalsAndBeforeTheCaller) {
    std::vector<std::string> notes;
    const int value = co_await with_exits(notes);
    notes.push_back("caller");
    EXPECT_EQ(value, 7);
    EXPECT_EQ(notes, (std::vector<std::string>{"body", "locals gone", "second registered", "first registered", "caller"}));
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

ASYNC_TEST(ScopeExit, RunsInAChildToo) {
    std::vector<std::string> notes;
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        auto child = group.create_task(with_exits, std::ref(notes));
        EXPECT_EQ(co_await child, 7);
        EXPECT_EQ(notes.size(), 4u);
    });
    auto [value] = co_await hem::gather(with_exits(notes));
    EXPECT_EQ(value, 7);
    EXPECT_EQ(notes.size(), 8u);
}

//
ASYNC_TEST(ScopeExit, IsShieldedFromACancellation) {
    std::vector<std::string> notes;
    auto body = [&]() -> hem::task<> {
        co_await hem::scope_exit([&]() -> hem::task<> {
            co_await hem::sleep_for(3s);
            notes.push_back("cleaned");
        });
        co_await hem::sleep_for(60s);
    };
    CO_EXPECT_THROW(co_await hem::timeout(2s, body()), hem::timeout_error);
    EXPECT_EQ(notes, std::vector<std::string>{"cleaned"});
    EXPECT_EQ(virtual_clock::elapsed(), 5s);
}

//
ASYNC_TEST(ScopeExit, ItsOwnErrorLeavesOnlyIfTheBodyHadNone) {
    auto body = [](bool fails) -> hem::task<int> {
        co_await hem::scope_exit([]() -> hem::task<> { co_await fail_after(1s, "cleanup"); });
        if (fails) throw std::logic_error("body");
        co_return 1;
    };
    CO_EXPECT_THROW(co_await body(false), std::runtime_error);
    auto expected = hem::testing::expect_report(hem::report_kind::suppressed_error);
    CO_EXPECT_THROW(co_await body(true), std::logic_error);
    CO_ASSERT_EQ(expected.texts().size(), 1u);
    EXPECT_NE(expected.texts()[0].find("cleanup"), std::string::npos);
}

// the registered cleanups of a generator are awaited when it is closed, after its locals.
ASYNC_TEST(ScopeExit, BelongsToItsGenerator) {
    std::vector<std::string> notes;
    auto numbers = [](std::vector<std::string>& log) -> hem::async_generator<int> {
        co_await hem::scope_exit([&log]() -> hem::task<> {
            co_await hem::sleep_for(1s);
            log.push_back("closed");
        });
        noting local{log, "unwound"};
        for (int i = 0;; ++i) co_yield i;
    };
    co_await hem::with(numbers(notes), [&](auto& stream) -> hem::task<> {
        EXPECT_EQ(co_await stream.next(), 0);
        EXPECT_EQ(co_await stream.next(), 1);
        notes.push_back("body done");
    });
    EXPECT_EQ(notes, (std::vector<std::string>{"body done", "unwound", "closed"}));
    EXPECT_EQ(virtual_clock::elapsed(), 1s);
}

TEST(ScopeExit, SurvivesACancellationAtEveryAwait) {
    int opened = 0, closed = 0;
    hem::testing::cancel_at_every_await(
        [&]() -> hem::task<> {
            auto body = [&]() -> hem::task<> {
                ++opened;
                co_await hem::scope_exit([&]() -> hem::task<> {
                    co_await hem::sleep_for(1s);
                    ++closed;
                });
                co_await hem::sleep_for(1s);
                co_await hem::sleep_for(1s);
            };
            co_await hem::gather(body(), body());
        },
        [&]() -> hem::task<> {
            EXPECT_EQ(opened, closed);
            co_return;
        });
    EXPECT_GT(opened, 8);
}
