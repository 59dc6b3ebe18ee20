// Health endpoints, serving and the phases of a shutdown.
#include "hem/service.hpp"

#include <csignal>

#include "hem/http.hpp"
#include "hem/net.hpp"
#include "hem/resilience.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"

namespace {

using namespace std::chrono_literals;
using namespace hem;
using hem::testing::virtual_clock;

ASYNC_TEST(Health, ReadyFollowsHardChecksOnly) {
    bool search_up = true;
    bool cache_up = false;
    service::health health;
    auto check = [](bool& up) -> task<> {
        if (!up) throw std::runtime_error("secret address");
        co_return;
    };
    health.add_check("search", [&]() -> task<> { co_await check(search_up); });
    health.add_check("cache", [&]() -> task<> { co_await check(cache_up); }, {.hard = false});
    EXPECT_FALSE(health.ready());
    EXPECT_EQ(health.report().status, "starting");
    co_await health.check_now();
    health.set_started();
    EXPECT_TRUE(health.ready());
    EXPECT_EQ(health.report().status, "degraded");
    EXPECT_EQ(health.last_error("cache").find("std::runtime_error"), 0u);
    // One contradiction is a hiccup, two are a change.
    search_up = false;
    co_await health.check_now();
    EXPECT_TRUE(health.ready());
    co_await health.check_now();
    EXPECT_FALSE(health.ready());
    EXPECT_EQ(health.report().status, "down");
    search_up = true;
    co_await health.check_now();
    co_await health.check_now();
    EXPECT_TRUE(health.ready());
    health.set_draining();
    EXPECT_FALSE(health.ready());
}

ASYNC_TEST(Health, AResultThatIsTooOldCountsAsDown) {
    service::health health;
    health.add_check("search", []() -> task<> { co_return; });
    health.set_started();
    co_await health.check_now();
    EXPECT_TRUE(health.ready());
    virtual_clock::jump(16s);
    EXPECT_FALSE(health.ready());
}

ASYNC_TEST(Health, ACheckThatHangsIsCutOff) {
    service::health health;
    health.add_check("stuck", []() -> task<> { co_await sleep_forever(); });
    health.set_started();
    co_await health.check_now();
    EXPECT_EQ(virtual_clock::elapsed(), 2s);
    EXPECT_FALSE(health.ready());
}

ASYNC_TEST(Health, EndpointsTellStatesAndNoErrorTexts) {
    web::app app;
    service::health health;
    health.add_check("search", []() -> task<> {
        throw std::runtime_error("secret address");
        co_return;
    });
    health.add_routes(app);
    service::add_metrics_route(app);
    co_await with(web::test_client(app), [&](web::test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/livez")).status(), 200);
        EXPECT_EQ((co_await client.get("/startupz")).status(), 503);
        co_await health.check_now();
        health.set_started();
        EXPECT_EQ((co_await client.get("/startupz")).status(), 200);
        auto ready = co_await client.get("/readyz");
        EXPECT_EQ(ready.status(), 503);
        EXPECT_NE(ready.text().find(R"("state":"down")"), std::string_view::npos) << ready.text();
        EXPECT_EQ(ready.text().find("secret"), std::string_view::npos);
        auto metrics = co_await client.get("/metrics");
        EXPECT_EQ(metrics.status(), 200);
        EXPECT_NE(metrics.text().find("# TYPE hem_"), std::string_view::npos) << metrics.text().substr(0, 400);
    });
}

// CB-10
ASYNC_TEST(Health, CB10_ReadyzShowsBreakersAndWhoForcedThem) {
    web::app app;
    service::health health;
    health.add_routes(app);
    health.set_started();
    auto& search = breakers("search");
    (void)breakers("mail");
    co_await with(web::test_client(app), [&](web::test_client& client) -> task<> {
        search.force_open();
        for (int i = 0; i < 2; ++i) {  // it holds
            auto ready = co_await client.get("/readyz");
            EXPECT_EQ(ready.status(), 200);
            const json shown = json::parse(ready.text())["breakers"];
            EXPECT_EQ(shown[0]["name"].as_string(), "mail");
            EXPECT_EQ(shown[0]["state"].as_string(), "closed");
            EXPECT_EQ(shown[0]["mode"].as_string(), "automatic");
            EXPECT_EQ(shown[1]["state"].as_string(), "open");
            EXPECT_EQ(shown[1]["mode"].as_string(), "forced open");
            co_await sleep_for(1h);
        }
        search.metrics_only();
        auto ready = co_await client.get("/readyz");
        EXPECT_EQ(json::parse(ready.text())["breakers"][1]["mode"].as_string(), "metrics only");
        search.reset();
        ready = co_await client.get("/readyz");
        EXPECT_EQ(json::parse(ready.text())["breakers"][1]["mode"].as_string(), "automatic");
    });
}

struct outcome_of_serve {
    int code = -1;
    std::string answer;
    std::string readyz;
};

// Serves on a real loop, sends `signals` while a request is under way, and gives what its client saw.
outcome_of_serve serve_and_stop(std::vector<int> signals_to_send, bool handler_ends) {
    outcome_of_serve seen;
    run({.handle_interrupt = false}, [&]() -> task<> {
        web::app app;
        service::health health;
        health.add_routes(app);
        event go;
        event begun;
        app.get("/work", [&]() -> task<std::string> {
            begun.set();
            co_await go.wait();
            co_return "done";
        });
        service::serve_options options;
        options.http.bind = {"127.0.0.1:0"};
        std::optional<net::endpoint> where;
        event listening;
        options.on_ready = [&](http::server& server) -> task<> {
            where = server.local_endpoints().at(0);
            listening.set();
            co_return;
        };
        co_await with_task_group([&](task_group& group) -> task<> {
            auto serving = group.create_task([&]() -> task<int> { co_return co_await service::serve(app, health, std::move(options)); });
            co_await listening.wait();
            co_await with(http::open({.base_url = "http://" + where->to_string()}), [&](http::client& client) -> task<> {
                auto request = group.create_task([&]() -> task<> {
                    try {
                        auto answer = co_await client.get("/work");
                        seen.answer = std::to_string(answer.status()) + " " + std::string(answer.text());
                    } catch (const std::exception&) {
                        seen.answer = "broken off";
                    }
                });
                co_await begun.wait();
                auto before = co_await client.get("/readyz");
                seen.readyz = std::to_string(before.status());
                for (const int number : signals_to_send) {
                    ::raise(number);
                    for (int i = 0; i < 20; ++i) co_await yield_now();
                }
                if (handler_ends) go.set();
                co_await request;
            });
            seen.code = co_await serving;
        });
    });
    return seen;
}

TEST(Serve, AnswersWhatIsUnderWayAndEndsWithZero) {
    const auto seen = serve_and_stop({SIGTERM}, true);
    EXPECT_EQ(seen.readyz, "200");
    EXPECT_EQ(seen.answer, "200 \"done\"");
    EXPECT_EQ(seen.code, 0);
}

TEST(Serve, ASecondSignalForcesTheEnd) {
    const auto seen = serve_and_stop({SIGTERM, SIGINT}, false);
    EXPECT_TRUE(seen.answer.starts_with("503") || seen.answer == "broken off") << seen.answer;
    EXPECT_EQ(seen.code, 128 + SIGINT);
}

}  // namespace
