// async_context, and `with` over what has an awaited close: the rules.
#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;

async_context<std::string> transaction(std::string& log) {
    std::string work = "begin";
    std::exception_ptr failed;
    try {
        co_yield work;
    } catch (...) {
        failed = std::current_exception();
    }
    co_await sleep_for(1s);
    log += failed ? "rollback" : "commit";
    if (failed) std::rethrow_exception(failed);
}

//
ASYNC_TEST(AsyncContext, TearsDownOnEveryWayOut) {
    std::string log;
    EXPECT_EQ(co_await with(transaction(log), [](std::string& work) -> task<std::size_t> { co_return work.size(); }), 5u);
    EXPECT_EQ(log, "commit");
    log.clear();
    CO_EXPECT_THROW(co_await with(transaction(log),
                                  [](std::string&) -> task<> {
                                      throw std::runtime_error("body");
                                      co_return;
                                  }),
                    std::runtime_error);
    EXPECT_EQ(log, "rollback");
    log.clear();
    CO_EXPECT_THROW(co_await timeout(5s, with(transaction(log), [](std::string&) -> task<> { co_await sleep_forever(); })), timeout_error);
    EXPECT_EQ(log, "rollback");
    auto never = []() -> async_context<int> { co_return; };
    CO_EXPECT_THROW(co_await with(never(), [](int&) -> task<> { co_return; }), usage_error);
}

struct resource {
    std::string* log;
    task<> aclose() {
        co_await sleep_for(1s);
        *log += "closed";
    }
};

ASYNC_TEST(With, ClosesShielded) {
    std::string log;
    CO_EXPECT_THROW(co_await timeout(1s, with(resource{&log}, [](resource&) -> task<> { co_await sleep_forever(); })), timeout_error);
    EXPECT_EQ(log, "closed");
}

}  // namespace
