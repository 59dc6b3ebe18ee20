// When dependencies end: function scope before the answer or with a stream's last piece, request scope after the answer was sent.
#include "hem/telemetry/log.hpp"
#include "hem/telemetry/trace.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using lines = std::vector<std::string>;

struct session {
    lines* book;
};
struct transaction {
    lines* book;
};

// Writes what happens to it.
auto noting(lines& book, std::string name, bool fail_at_end = false) {
    return [&book, name = std::move(name), fail_at_end]() -> async_context<transaction> {
        book.push_back(name + " begins");
        transaction work{&book};
        try {
            co_yield work;
        } catch (const std::exception& error) {
            book.push_back(name + " fails: " + error.what());
            throw;
        } catch (const generator_exit&) {
            book.push_back(name + " is given up");
            throw;
        }
        co_await yield_now();
        if (fail_at_end) throw std::runtime_error(name + " cannot commit");
        book.push_back(name + " commits");
    };
}

async_generator<std::string> pieces(transaction& work, int count, int fail_at) {
    for (int i = 0; i < count; ++i) {
        if (i == fail_at) throw std::runtime_error("cluster went away");
        work.book->push_back("piece " + std::to_string(i));
        co_yield std::to_string(i);
    }
}

struct stream_call {
    depends<transaction> work;
    query<int> count = 2;
    query<int> fail_at = -1;
};

task<http::response> stream(stream_call call) {
    co_return streaming_response(pieces(*call.work, *call.count, *call.fail_at), "text/plain");
}

task<array_response<int>> export_numbers(stream_call call) {
    co_return json_array([](transaction& work) -> async_generator<int> {
        co_yield 1;
        work.book->push_back("between");
        co_yield 2;
    }(*call.work));
}

task<std::string> read_all_of(test_client& client, std::string path) {
    std::string text;
    co_await client.http().stream("GET", http::request_path(path), [&](http::response& answer) -> task<> {
        while (true) {
            const auto piece = co_await answer.content().stream()->next();
            if (piece.empty()) break;
            text += piece;
        }
    });
    co_return text;
}

ASYNC_TEST(Streaming, FunctionScopeEndsAfterTheLastPiece) {
    lines book;
    app target;
    target.provide<transaction>(noting(book, "work"));
    target.get<stream>("/stream");
    target.get<export_numbers>("/export");
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/stream")).text(), "01");
        EXPECT_THAT(book, ElementsAre("work begins", "piece 0", "piece 1", "work commits"));
        book.clear();
        EXPECT_EQ((co_await client.get("/export")).text(), "[1,2]");
        EXPECT_THAT(book, ElementsAre("work begins", "between", "work commits"));
        book.clear();
        EXPECT_EQ((co_await client.head("/stream")).status(), 200);  // no stream runs
        EXPECT_THAT(book, ElementsAre("work begins", "work commits"));
    });
}

ASYNC_TEST(Streaming, AFailureReachesTheDependencies) {
    lines book;
    app target;
    target.provide<transaction>(noting(book, "work"));
    target.get<stream>("/stream");
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/stream?fail_at=0")).status(), 500);
        EXPECT_THAT(book, ElementsAre("work begins", "work fails: cluster went away"));
        book.clear();
        CO_EXPECT_THROW(co_await read_all_of(client, "/stream?fail_at=1"), std::exception);
        EXPECT_THAT(book, ElementsAre("work begins", "piece 0", "work fails: cluster went away"));
    });
}

ASYNC_TEST(Streaming, AClientThatStopsGivesTheDependenciesUp) {
    lines book;
    app target;
    target.provide<transaction>(noting(book, "work"));
    target.get<stream>("/stream");
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        co_await client.http().stream("GET", "/stream?count=100", [&](http::response& answer) -> task<> {
            EXPECT_EQ(co_await answer.content().stream()->next(), "0");
        });
        EXPECT_THAT(book, ElementsAre("work begins", "piece 0", "work is given up"));
    });
}

ASYNC_TEST(Streaming, AFailedCommitCutsTheTransfer) {
    lines book;
    app target;
    target.provide<transaction>(noting(book, "work", true));
    target.get<stream>("/stream");
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { CO_EXPECT_THROW(co_await read_all_of(client, "/stream"), std::exception); });
}

ASYNC_TEST(Streaming, ADependencyThatHoldsAScopeIsRefused) {
    app target;
    target.provide<transaction>([]() -> async_context<transaction> {
        lines book;
        transaction work{&book};
        hem::detail::timed_scope limit;
        const hem::detail::scope_entry inside(limit);
        co_yield work;
    });
    target.get<stream>("/stream");
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { CO_EXPECT_THROW(co_await client.get("/stream"), usage_error); });
}

TEST(Streaming, ACancelAtAnyAwaitEndsWhatWasOpen) {
    hem::testing::cancel_at_every_await([]() -> task<> {
        lines book;
        struct at_end {
            lines& book;
            ~at_end() {
                const auto begun = std::count(book.begin(), book.end(), "work begins");
                const auto ended = std::count_if(book.begin(), book.end(), [](const std::string& line) {
                    return line.find("commits") != line.npos || line.find("is given up") != line.npos ||
                           line.find("cancelled") != line.npos;
                });
                EXPECT_EQ(begun, ended) << ::testing::PrintToString(book);
            }
        } checking{book};
        app target;
        target.provide<transaction>([&book]() -> async_context<transaction> {
            book.push_back("work begins");
            transaction work{&book};
            try {
                co_yield work;
            } catch (const cancelled&) {
                book.push_back("cancelled");
                throw;
            } catch (const generator_exit&) {
                book.push_back("is given up");
                throw;
            }
            book.push_back("commits");
        });
        target.get<stream>("/stream");
        co_await hem::with(test_client(target),
                           [&](test_client& client) -> task<> { EXPECT_EQ(co_await read_all_of(client, "/stream"), "01"); });
    });
}

struct scoped_call {
    depends<session> outer;
    depends<transaction> inner;
    query<bool> fail = false;
};

task<int> run_scoped(scoped_call call) {
    if (*call.fail) throw http_exception(418, "no coffee");
    co_return 1;
}

void provide_scopes(app& target, lines& book) {
    target.provide<session>(
        [&book]() -> async_context<session> {
            book.push_back("session begins");
            session made{&book};
            try {
                co_yield made;
            } catch (const http_exception& error) {
                book.push_back("session sees " + std::to_string(error.status()));
                throw;
            }
            book.push_back("session ends");
        },
        {.scope = scope::request});
    target.provide<transaction>(noting(book, "work"));
}

ASYNC_TEST(Dependencies, RequestScopeEndsAfterTheAnswerWasSent) {
    lines book;
    app target;
    provide_scopes(target, book);
    target.get<run_scoped>("/run");
    target.get("/stream",
               [](scoped_call call) -> task<http::response> { co_return streaming_response(pieces(*call.inner, 1, -1), "text/plain"); });
    target.use([&book](http::request& request, next& following) -> task<http::response> {
        auto answer = co_await following(request);
        book.push_back("answer " + std::to_string(answer.status()));
        co_return answer;
    });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/run")).status(), 200);
        EXPECT_THAT(book, ElementsAre("session begins", "work begins", "work commits", "answer 200", "session ends"));
        book.clear();
        EXPECT_EQ((co_await client.get("/run?fail=true")).status(), 418);
        EXPECT_THAT(book, ElementsAre("session begins", "work begins", "work fails: 418 no coffee", "answer 418", "session sees 418"));
        book.clear();
        EXPECT_EQ((co_await client.get("/stream")).text(), "0");
        EXPECT_THAT(book, ElementsAre("session begins", "work begins", "piece 0", "answer 200", "work commits", "session ends"));
    });
}

ASYNC_TEST(Dependencies, AFailureAfterTheAnswerIsReported) {
    app target;
    target.provide<session>(
        []() -> async_context<session> {
            session made{};
            co_yield made;
            throw std::runtime_error("flush failed");
        },
        {.scope = scope::request});
    struct call {
        depends<session> open;
    };
    target.get("/", [](call) -> task<int> { co_return 1; });
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> { EXPECT_EQ((co_await client.get("/")).status(), 200); });
    CO_ASSERT_EQ(reported.texts().size(), 1u);
    EXPECT_THAT(reported.texts()[0], ::testing::HasSubstr("flush failed"));
}

TEST(Dependencies, AWiderScopeNeedsNoNarrowerOne) {
    struct needs_transaction {
        depends<transaction> inner;
    };
    app target;
    target.provide<transaction>([]() -> transaction { return {}; });
    target.provide<session>([](needs_transaction) -> session { return {}; }, {.scope = scope::request});
    struct call {
        depends<session> open;
    };
    target.get("/", [](call) -> task<int> { co_return 1; });
    try {
        target.check();
        FAIL();
    } catch (const usage_error& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("has request scope, but needs"));
        EXPECT_THAT(error.what(), ::testing::HasSubstr("which ends earlier (function scope)"));
    }
}

// TR-1
ASYNC_TEST(Tracing, ARequestContinuesItsTraceInAllItRuns) {
    lines seen;
    app target;
    const auto note = [&seen](std::string where) { seen.push_back(where + " " + trace::current().trace_id().substr(0, 4)); };
    target.get("/plain", [&](background& later) -> task<int> {
        note("handler");
        later.add_task([&]() -> task<> {
            co_await sleep_for(1s);
            note("later");
        });
        co_return 1;
    });
    target.get("/stream", [&]() -> task<http::response> {
        co_return streaming_response(
            [](auto& note) -> async_generator<std::string> {
                note("first");
                co_yield "1";
                note("second");
                co_yield "2";
            }(note),
            "text/plain");
    });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        co_await client.get("/plain", {.headers = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}});
        EXPECT_THAT(seen, ElementsAre("handler 4bf9", "later 4bf9"));
        seen.clear();
        co_await client.get("/stream", {.headers = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}});
        EXPECT_THAT(seen, ElementsAre("first 4bf9", "second 4bf9"));
        EXPECT_FALSE(trace::current());
        seen.clear();
        co_await client.get("/plain");
        co_await client.get("/plain", {.headers = {{"traceparent", "nonsense"}}});
        CO_ASSERT_EQ(seen.size(), 4u);
        EXPECT_EQ(seen[0].substr(8), seen[1].substr(6));
        EXPECT_NE(seen[0], seen[2]);
        EXPECT_NE(seen[0], "handler 0000");
    });
}

}  // namespace
}  // namespace hem::web
