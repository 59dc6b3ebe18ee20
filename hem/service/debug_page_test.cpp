#include "hem/service/debug_page.hpp"

#include "hem/core.hpp"
#include "hem/model.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"
#include "hem/web/test_client.hpp"

namespace {

using namespace hem;

const std::string token = "0123456789abcdef0123456789abcdef";

// Pretends that requests come from `peer`.
void pretend(web::app& app, std::string peer) {
    app.use([peer](http::request& request, web::next& next) -> task<http::response> {
        request.set_peer(peer, 1234);
        co_return co_await next(request);
    });
}

task<int> status_of(web::app& app, std::string path, std::string authorization = {}) {
    int status = 0;
    co_await with(web::test_client(app), [&](web::test_client& client) -> task<> {
        http::call_options options;
        if (!authorization.empty()) options.headers = http::headers({{"authorization", authorization}});
        status = (co_await client.get(http::request_path(path), std::move(options))).status();
    });
    co_return status;
}

}  // namespace

ASYNC_TEST(DebugPage, AnswersLoopbackWithTheTokenOnly) {
    web::app app;
    pretend(app, "127.0.0.1");
    service::add_debug_page(app, token);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks"), 401);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks?token=wrong"), 401);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks?x=1&token=" + token), 200);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks.json", "Bearer " + token), 200);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks.json", "Basic " + token), 401);
}

ASYNC_TEST(DebugPage, IsNotThereForOtherMachines) {
    web::app app;
    pretend(app, "192.0.2.7");
    service::add_debug_page(app, token);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks?token=" + token), 404);
    EXPECT_EQ(co_await status_of(app, "/debug/tasks.json", "Bearer " + token), 404);
}

ASYNC_TEST(DebugPage, ShowsTheTasks) {
    web::app app;
    pretend(app, "::1");
    service::add_debug_page(app, token);
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task({.name = "sleeper"}, []() -> task<> { co_await sleep_forever(); });
        co_await with(web::test_client(app), [&](web::test_client& client) -> task<> {
            auto answer = co_await client.get("/debug/tasks.json?token=0123456789abcdef0123456789abcdef");
            const json seen = json::parse(answer.text());
            bool found = false;
            for (const json& one : seen["tasks"].elements()) found = found || one["name"].as_string() == "sleeper";
            EXPECT_TRUE(found);
        });
        group.cancel();
    });
}

TEST(DebugPage, RefusesAShortToken) {
    web::app app;
    EXPECT_THROW(service::add_debug_page(app, "short"), std::invalid_argument);
}
