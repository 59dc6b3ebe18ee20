#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

class missing_post : public std::runtime_error, public not_found {
public:
    missing_post() : error_category("Post not found"), std::runtime_error("post 7 is not in index blog") {}
};
class stale_post : public std::runtime_error, public conflict {
public:
    stale_post() : std::runtime_error("seq_no 3, not 4") {}
};
class bulkhead_full : public std::runtime_error, public unavailable {
public:
    bulkhead_full() : std::runtime_error("bulkhead search is full"), unavailable(std::chrono::milliseconds(2500)) {}
};
class too_fast : public std::runtime_error, public rate_limited {
public:
    too_fast() : std::runtime_error("too fast") {}
};
class forbidden_post : public std::runtime_error, public permission_denied {
public:
    forbidden_post() : std::runtime_error("not yours") {}
};
class pool_timed_out : public timeout_error, public unavailable {
public:
    pool_timed_out() : timeout_error("pool") {}
};
class own_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};
class derived_error : public own_error {
public:
    using own_error::own_error;
};

struct which_call {
    path<std::string> kind;
};

task<int> fail(which_call call) {
    const std::string kind = *call.kind;
    if (kind == "missing") throw missing_post();
    if (kind == "stale") throw stale_post();
    if (kind == "full") throw bulkhead_full();
    if (kind == "fast") throw too_fast();
    if (kind == "forbidden") throw forbidden_post();
    if (kind == "pool") throw pool_timed_out();
    if (kind == "timeout") throw timeout_error("upstream took too long");
    if (kind == "own") throw own_error("own");
    if (kind == "derived") throw derived_error("derived");
    if (kind == "detail") throw http_exception(400, json::object({{"code", 17}}), {{"x-code", "17"}});
    if (kind == "gone") throw http_exception(410);
    if (kind == "invalid") throw request_validation_error("value_error", {"query", "page"}, "page times size must be at most 10000", 20000);
    if (kind != "fine") throw std::logic_error("secret internals");
    co_return 1;
}

ASYNC_TEST(Errors, CategoriesBecomeStatuses) {
    app target;
    target.get<fail>("/{kind}");
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        const auto expect = [&](const char* kind, int status, std::string_view body) -> task<> {
            auto answer = co_await client.get(http::path("/{}", kind));
            EXPECT_EQ(answer.status(), status) << kind;
            EXPECT_EQ(answer.text(), body) << kind;
        };
        co_await expect("missing", 404, R"({"detail":"Post not found"})");
        co_await expect("stale", 409, R"({"detail":"Conflict"})");
        co_await expect("forbidden", 403, R"({"detail":"Forbidden"})");
        co_await expect("timeout", 504, R"({"detail":"Gateway Timeout"})");
        co_await expect("pool", 503, R"({"detail":"Service Unavailable"})");
        co_await expect("gone", 410, R"({"detail":"Gone"})");
        co_await expect(
            "invalid", 422,
            R"({"detail":[{"type":"value_error","loc":["query","page"],"msg":"page times size must be at most 10000","input":20000}]})");
        auto answer = co_await client.get("/full");
        EXPECT_EQ(answer.status(), 503);
        EXPECT_EQ(answer.headers().get("retry-after"), "3");
        answer = co_await client.get("/fast");
        EXPECT_EQ(answer.status(), 429);
        EXPECT_EQ(answer.headers().get("retry-after"), "1");
        answer = co_await client.get("/detail");
        EXPECT_EQ(answer.text(), R"({"detail":{"code":17}})");
        EXPECT_EQ(answer.headers().get("x-code"), "17");
    });
}

ASYNC_TEST(Errors, UnexpectedOneIs500WithoutInternals) {
    app target, debugging{{.debug = true}};
    target.get<fail>("/{kind}");
    debugging.get<fail>("/{kind}");
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/other")).text(), R"({"detail":"Internal Server Error"})");
    });
    co_await hem::with(test_client(debugging, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        EXPECT_THAT(std::string((co_await client.get("/other")).text()), ::testing::HasSubstr("secret internals"));
    });
    EXPECT_EQ(reported.texts().size(), 2U);
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { CO_EXPECT_THROW(co_await client.get("/other"), std::logic_error); });
}

ASYNC_TEST(Errors, ExactTypeBeatsBaseAndTheLatestBaseWins) {
    app target;
    target.get<fail>("/{kind}");
    target.exception_handler<own_error>([](http::request&, const own_error& error) -> task<http::response> {
        co_return text_response(std::string("own: ") + error.what(), 400);
    });
    target.exception_handler<std::exception>(
        [](http::request&, const std::exception&) -> task<http::response> { co_return text_response("any", 500); });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/own")).text(), "own: own");
        EXPECT_EQ((co_await client.get("/derived")).text(), "any");
        EXPECT_EQ((co_await client.get("/other")).text(), "any");
    });
}

ASYNC_TEST(Routes, TimeoutIs504AndConcurrencyLimitIs503) {
    app target;
    target.get("/slow",
               []() -> task<int> {
                   co_await sleep_for(std::chrono::seconds(10));
                   co_return 1;
               },
               {.timeout = std::chrono::seconds(2), .max_concurrency = 1});
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        const auto begin = hem::clock::now();
        auto [first, second] = co_await gather(client.get("/slow"), client.get("/slow"));
        EXPECT_EQ(first.status() + second.status(), 504 + 503);
        EXPECT_EQ(hem::clock::now() - begin, std::chrono::seconds(2));
    });
}

ASYNC_TEST(Middleware, RunsOutsideInAndSeesAnswersOfErrors) {
    app target;
    std::vector<std::string> order;
    for (const char* name : {"outer", "inner"}) {
        target.use([&order, name = std::string(name)](http::request& request, next& following) -> task<http::response> {
            order.push_back(name + " in");
            auto answer = co_await following(request);
            order.push_back(name + " out " + std::to_string(answer.status()));
            answer.headers().append("x-seen", name);
            co_return answer;
        });
    }
    target.get<fail>("/{kind}");
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/missing");
        EXPECT_EQ(answer.headers().get_all("x-seen"), (std::vector<std::string_view>{"inner", "outer"}));
    });
    EXPECT_THAT(order, ::testing::ElementsAre("outer in", "inner in", "inner out 404", "outer out 404"));
}

ASYNC_TEST(Middleware, CallingNextTwiceIsRefused) {
    app target;
    target.use([](http::request& request, next& following) -> task<http::response> {
        co_await following(request);
        co_return co_await following(request);
    });
    target.get<fail>("/{kind}");
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { CO_EXPECT_THROW(co_await client.get("/missing"), usage_error); });
}

ASYNC_TEST(Background, RunsAfterTheAnswerInOrderAndSurvivesErrors) {
    app target;
    std::vector<std::string> done;
    target.post("/orders",
                [&done](background& later) -> task<int> {
                    later.add_task(
                        [&done](std::string to) -> task<> {
                            co_await sleep_for(std::chrono::seconds(1));
                            done.push_back("mail to " + to);
                        },
                        std::string("ann"));
                    later.add_task([]() -> task<> {
                        throw std::runtime_error("printer is out of paper");
                        co_return;
                    });
                    later.add_task([&done](int n) { done.push_back("number " + std::to_string(n)); }, 3);
                    done.push_back("handler");
                    co_return 1;
                },
                {.status = 201});
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.post("/orders");
        EXPECT_EQ(answer.status(), 201);
    });
    EXPECT_THAT(done, ::testing::ElementsAre("handler", "mail to ann", "number 3"));
    CO_ASSERT_EQ(reported.texts().size(), 1U);
    EXPECT_THAT(reported.texts()[0], ::testing::HasSubstr("printer is out of paper"));
}

ASYNC_TEST(Background, TooMuchWaitingWorkIs503) {
    app target{{.max_background_waiting = 2, .max_background_running = 1}};
    target.post("/work", [](background& later) -> task<> {
        later.add_task([]() -> task<> { co_await sleep_for(std::chrono::seconds(1)); });
        co_return;
    });
    co_await hem::with(test_client(target, {.wait_for_background = false}), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.post("/work")).status(), 204);
        co_await sleep_for(std::chrono::milliseconds(1));  // the first one runs now
        EXPECT_EQ((co_await client.post("/work")).status(), 204);
        EXPECT_EQ((co_await client.post("/work")).status(), 204);
        EXPECT_EQ((co_await client.post("/work")).status(), 503);
    });
}

ASYNC_TEST(Background, FailedHandlerAddsNothing) {
    app target;
    bool ran = false;
    target.post("/orders", [&ran](background& later) -> task<int> {
        later.add_task([&ran] { ran = true; });
        throw http_exception(400);
        co_return 1;
    });
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { EXPECT_EQ((co_await client.post("/orders")).status(), 400); });
    EXPECT_FALSE(ran);
}

ASYNC_TEST(Background, ShutdownWaitsWithinTheGraceThenCancels) {
    app target{{.background_grace = std::chrono::seconds(5)}};
    int finished = 0;
    target.post("/work", [&finished](http::request& request, background& later) -> task<> {
        const int seconds = request.query() == "long" ? 60 : 3;
        later.add_task([&finished, seconds]() -> task<> {
            co_await sleep_for(std::chrono::seconds(seconds));
            ++finished;
        });
        co_return;
    });
    const auto begin = hem::clock::now();
    const auto reported = hem::testing::expect_report(report_kind::grace_expired);
    co_await hem::with(test_client(target, {.wait_for_background = false}), [&](test_client& client) -> task<> {
        (co_await client.post("/work?long")).raise_for_status();
        (co_await client.post("/work?short")).raise_for_status();
    });
    EXPECT_EQ(finished, 1);
    EXPECT_EQ(hem::clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(reported.texts().size(), 1U);
}

ASYNC_TEST(Lifespan, FailureAtStartLeavesWhatHadStarted) {
    app target;
    std::vector<std::string> order;
    target.lifespan([&](app&) -> async_context<> {
        order.push_back("first up");
        struct down {
            std::vector<std::string>& order;
            ~down() { order.push_back("first down"); }
        } leaving{order};
        co_yield {};
    });
    target.lifespan([&](app&) -> async_context<> {
        throw std::runtime_error("no database");
        co_yield {};
    });
    bool served = false;
    CO_EXPECT_THROW(co_await target.run([&]() -> task<> {
        served = true;
        co_return;
    }),
                    std::runtime_error);
    EXPECT_FALSE(served);
    EXPECT_THAT(order, ::testing::ElementsAre("first up", "first down"));
}

struct settings {
    int requests = 0;
};

ASYNC_TEST(App, StateUrlForAndRouters) {
    app target;
    router users{{.prefix = "/users", .tags = {"users"}}};
    users.get("/{name}", [&target](which_call) -> task<int> { co_return ++target.state<settings>().requests; }, {.name = "unused"});
    (void)users;
    router inner{{.prefix = "/{kind}"}};
    inner.get("/posts/{rest:path}",
              [](http::request& request) -> task<std::string> { co_return std::string(request.path_parameters()[1].value); },
              {.name = "posts_of"});
    router outer{{.prefix = "/v1"}};
    outer.include_router(inner);
    target.include_router(outer);
    EXPECT_EQ(target.url_for("posts_of", {{"kind", "a b"}, {"rest", "x/ü"}}), "/v1/a%20b/posts/x/%C3%BC");
    CO_EXPECT_THROW(target.url_for("nobody"), usage_error);
    CO_EXPECT_THROW(target.url_for("posts_of"), usage_error);
    CO_EXPECT_THROW(router({.prefix = "/v1/"}), usage_error);
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { EXPECT_EQ((co_await client.get("/v1/me/posts/a/b")).text(), R"("a/b")"); });
}

ASYNC_TEST(App, ServesEmbeddedFilesWithEntityTag) {
    app target;
    target.embed("/style.css", {"body{}", http::content_type::css});
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/style.css");
        EXPECT_EQ(answer.status(), 200);
        EXPECT_EQ(answer.text(), "body{}");
        EXPECT_EQ(answer.headers().get("content-type"), "text/css; charset=utf-8");
        const std::string tag(answer.headers().get("etag").value_or(""));
        auto again = co_await client.get("/style.css", {.headers = {{"if-none-match", "\"x\", W/" + tag}}});
        EXPECT_EQ(again.status(), 304);
        EXPECT_EQ(again.text(), "");
        auto head = co_await client.head("/style.css");
        EXPECT_EQ(head.status(), 200);
        EXPECT_EQ(head.text(), "");
    });
}

}  // namespace
}  // namespace hem::web
