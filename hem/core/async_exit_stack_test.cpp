#include "hem/core.hpp"
#include "hem/testing.hpp"

#include <string>
#include <vector>

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

namespace {

using notes = std::vector<std::string>;

struct resource {
    notes* log;
    std::string name;
    hem::task<> aclose() {
        co_await hem::sleep_for(1s);
        log->push_back("close " + name);
    }
};

hem::task<resource> open(notes& log, std::string name) {
    co_await hem::sleep_for(1s);
    co_return resource{&log, name};
}

hem::async_context<int> lease(notes& log, int number) {
    log.push_back("lease");
    int value = number;
    try {
        co_yield value;
    } catch (const std::exception& e) {
        log.push_back(std::string("lease saw ") + e.what());
        throw;
    }
    log.push_back("lease returned");
}

}  // namespace

//
ASYNC_TEST(ExitStack, ClosesLastInFirstOut) {
    notes log;
    co_await hem::with(hem::async_exit_stack(), [&](hem::async_exit_stack& stack) -> hem::task<> {
        resource& first = co_await stack.enter(resource{&log, "a"});
        resource& second = co_await stack.enter(open(log, "b"));
        int& leased = co_await stack.enter(lease(log, 5));
        stack.callback(
            [&log](std::string text) -> hem::task<> {
                log.push_back(text);
                co_return;
            },
            std::string("callback"));
        EXPECT_EQ(first.name + second.name, "ab");
        EXPECT_EQ(leased, 5);
    });
    EXPECT_EQ(log, (notes{"lease", "callback", "lease returned", "close b", "close a"}));
    EXPECT_EQ(virtual_clock::elapsed(), 3s);
}

// a handler may suppress the error; those registered before it then see none.
ASYNC_TEST(ExitStack, AHandlerSuppressesTheErrorForThoseBelow) {
    notes log;
    co_await hem::with(hem::async_exit_stack(), [&](hem::async_exit_stack& stack) -> hem::task<> {
        stack.push([&](std::exception_ptr error) -> hem::task<bool> {
            log.push_back(error ? "outer sees it" : "outer sees none");
            co_return false;
        });
        stack.push([&](std::exception_ptr error) -> hem::task<bool> {
            log.push_back(error ? "inner sees it" : "inner sees none");
            co_return true;
        });
        co_await stack.enter(lease(log, 1));
        throw std::runtime_error("broken");
    });
    EXPECT_EQ(log, (notes{"lease", "lease saw broken", "inner sees it", "outer sees none"}));
}

ASYNC_TEST(ExitStack, ASuppressedErrorOfAnOwedValueIsMisuse) {
    auto owing = [](hem::async_exit_stack& stack) -> hem::task<int> {
        stack.push([](std::exception_ptr) -> hem::task<bool> { co_return true; });
        throw std::runtime_error("broken");
        co_return 1;
    };
    CO_EXPECT_THROW(co_await hem::with(hem::async_exit_stack(), owing), hem::usage_error);
}

//
ASYNC_TEST(ExitStack, TheBodysErrorLeavesAndACleanupsIsReported) {
    struct broken {
        hem::task<> aclose() {
            throw std::runtime_error("cannot close");
            co_return;
        }
    };
    auto expected = hem::testing::expect_report(hem::report_kind::suppressed_error);
    auto body = [](hem::async_exit_stack& stack) -> hem::task<> {
        co_await stack.enter(broken());
        throw std::logic_error("cause");
    };
    CO_EXPECT_THROW(co_await hem::with(hem::async_exit_stack(), body), std::logic_error);
    EXPECT_EQ(expected.texts().size(), 1u);
}

ASYNC_TEST(ExitStack, WhatIsPoppedIsKept) {
    notes log;
    hem::async_exit_stack kept;
    co_await hem::with(hem::async_exit_stack(), [&](hem::async_exit_stack& stack) -> hem::task<> {
        co_await stack.enter(resource{&log, "a"});
        auto moved = stack.pop_all();
        EXPECT_TRUE(stack.empty());
        co_await moved.aclose();
    });
    EXPECT_EQ(log, notes{"close a"});
    EXPECT_TRUE(kept.empty());
}

ASYNC_TEST(ExitStack, ForgettingToCloseIsReported) {
    auto expected = hem::testing::expect_report(hem::report_kind::unclosed_resource);
    notes log;
    {
        hem::async_exit_stack forgotten;
        co_await forgotten.enter(resource{&log, "a"});
    }
    EXPECT_EQ(expected.texts().size(), 1u);
}

TEST(ExitStack, SurvivesACancellationAtEveryAwait) {
    notes log;
    hem::testing::cancel_at_every_await(
        [&]() -> hem::task<> {
            log.clear();
            co_await hem::with(hem::async_exit_stack(), [&](hem::async_exit_stack& stack) -> hem::task<> {
                co_await stack.enter(lease(log, 1));
                co_await stack.enter(resource{&log, "a"});
                co_await hem::sleep_for(1s);
            });
        },
        [&]() -> hem::task<> {
            CO_ASSERT_TRUE(log.size() >= 2);
            EXPECT_EQ(log[1], "close a");
            co_return;
        });
}
