// Around handlers: middleware of routers and routes, exception handlers by status, the shape of 422, the access log.
#include "hem/telemetry/log.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using lines = std::vector<std::string>;

auto noting(lines& book, std::string name) {
    return [&book, name = std::move(name)](http::request& request, next& following) -> task<http::response> {
        book.push_back(name + " in");
        try {
            auto answer = co_await following(request);
            book.push_back(name + " out");
            co_return answer;
        } catch (const std::exception& error) {
            book.push_back(name + " sees " + error.what());
            throw;
        }
    };
}

ASYNC_TEST(RouteMiddleware, RunsInsideOfTheAppsAndOutsideOfDependencies) {
    lines book;
    app target;
    target.use(noting(book, "app"));
    router inner{{.prefix = "/inner", .middleware = {noting(book, "inner")}}};
    inner.get("/x",
              [&]() -> task<int> {
                  book.push_back("handler");
                  co_return 1;
              },
              {.middleware = {noting(book, "route"), noting(book, "route 2")}});
    inner.get("/fail", []() -> task<int> {
        throw http_exception(418, "teapot");
        co_return 1;
    });
    router outer{{.prefix = "/outer", .middleware = {noting(book, "outer")}}};
    outer.include_router(inner);
    target.include_router(outer);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/outer/inner/x")).text(), "1");
        EXPECT_THAT(book, ElementsAre("app in", "outer in", "inner in", "route in", "route 2 in", "handler", "route 2 out", "route out",
                                      "inner out", "outer out", "app out"));
        book.clear();
        EXPECT_EQ((co_await client.get("/outer/inner/fail")).status(), 418);
        EXPECT_THAT(book, ElementsAre("app in", "outer in", "inner in", "inner sees 418 teapot", "outer sees 418 teapot", "app out"));
        book.clear();
        EXPECT_EQ((co_await client.get("/outer/inner/none")).status(), 404);
        EXPECT_THAT(book, ElementsAre("app in", "app out"));
    });
}

ASYNC_TEST(RouteMiddleware, MayAnswerByItself) {
    bool ran = false;
    app target;
    router admin{{.prefix = "/admin"}};
    admin.use([](http::request& request, next& following) -> task<http::response> {
        if (!request.headers().contains("x-admin")) co_return text_response("who are you?", 403);
        co_return co_await following(request);
    });
    admin.get("/", [&]() -> task<int> {
        ran = true;
        co_return 1;
    });
    target.include_router(admin);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/admin")).status(), 403);
        EXPECT_FALSE(ran);
        EXPECT_EQ((co_await client.get("/admin", {.headers = {{"x-admin", "1"}}})).status(), 200);
        EXPECT_TRUE(ran);
    });
}

class own_error : public std::runtime_error, public not_found {
public:
    own_error() : error_category("No such thing"), std::runtime_error("own") {}
};

ASYNC_TEST(Errors, HandlersByStatusComeAfterThoseByType) {
    app target;
    target.exception_handler(404, [](http::request& request, const http_exception& error) -> task<http::response> {
        auto answer = text_response(std::string(request.path()) + ": " + error.detail().as_string(), error.status());
        for (const auto& field : error.headers()) answer.headers().append(field.name, field.value);
        co_return answer;
    });
    target.exception_handler(405, [](http::request&, const http_exception& error) -> task<http::response> {
        co_return text_response("allowed: " + std::string(error.headers().get("allow").value_or("")), 405);
    });
    target.exception_handler(500, [](http::request&, const http_exception& error) -> task<http::response> {
        co_return text_response("sorry: " + error.detail().as_string(), 500);
    });
    target.exception_handler<own_error>(
        [](http::request&, const own_error&) -> task<http::response> { co_return text_response("by type", 404); });
    target.get("/missing", []() -> task<int> {
        throw http_exception(404, "Post not found", {{"x-code", "7"}});
        co_return 1;
    });
    target.get("/own", []() -> task<int> {
        throw own_error();
        co_return 1;
    });
    target.get("/broken", []() -> task<int> {
        throw std::logic_error("secret internals");
        co_return 1;
    });
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/missing");
        EXPECT_EQ(answer.text(), "/missing: Post not found");
        EXPECT_EQ(answer.headers().get("x-code"), "7");
        EXPECT_EQ((co_await client.get("/nowhere")).text(), "/nowhere: Not Found");
        EXPECT_EQ((co_await client.post("/missing")).text(), "allowed: GET, HEAD, OPTIONS");
        EXPECT_EQ((co_await client.get("/own")).text(), "by type");
        EXPECT_EQ((co_await client.get("/broken")).text(), "sorry: Internal Server Error");
    });
    CO_EXPECT_THROW(
        target.exception_handler(200, [](http::request&, const http_exception&) -> task<http::response> { co_return http::response(200); }),
        usage_error);
}

ASYNC_TEST(Errors, AHandlerByStatusThatFailsLeavesTheDefaultAnswer) {
    app target;
    target.exception_handler(418, [](http::request&, const http_exception&) -> task<http::response> {
        throw std::runtime_error("no template");
        co_return http::response(418);
    });
    target.get("/", []() -> task<int> {
        throw http_exception(418, "teapot");
        co_return 1;
    });
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target),
                       [&](test_client& client) -> task<> { EXPECT_EQ((co_await client.get("/")).text(), R"({"detail":"teapot"})"); });
    EXPECT_THAT(reported.texts()[0], HasSubstr("no template"));
}

struct problem {
    std::string title;
    std::vector<std::string> fields;
};
struct page_call {
    query<int, ge<1>> page = 1;
    query<int> size;
};

ASYNC_TEST(Errors, TheShapeOf422ChangesTogetherWithItsSchema) {
    app target;
    target.validation_errors<problem>([](const hem::validation_errors& errors) {
        problem made{.title = "Bad request", .fields = {}};
        for (const auto& each : errors) made.fields.push_back(each.loc[1].as_string() + ": " + each.msg);
        return made;
    });
    target.get("/", [](page_call) -> task<int> { co_return 1; });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/?page=0");
        EXPECT_EQ(answer.status(), 422);
        EXPECT_EQ(answer.text(),
                  R"({"title":"Bad request","fields":["page: Input should be greater than or equal to 1","size: Field required"]})");
    });
    const auto document = target.openapi();
    EXPECT_EQ(document["paths"]["/"]["get"]["responses"]["422"]["content"]["application/json"]["schema"]["$ref"].as_string(),
              "#/components/schemas/problem");
    EXPECT_FALSE(document["components"]["schemas"].contains("HTTPValidationError"));
}

// Everything that is logged while it lives.
class captured {
public:
    captured() {
        struct to_string final : log::sink {
            explicit to_string(std::string& into) : out(into) {}
            void write(std::string_view text) override { out += text; }
            std::string& out;
        };
        log::set_sink(std::make_unique<to_string>(text), log::form::json);
    }
    ~captured() { log::set_sink(nullptr); }
    captured(const captured&) = delete;
    std::string take() { return std::exchange(text, {}); }
    std::string text;
};

ASYNC_TEST(AccessLog, SaysWhatWasAskedAndAnswered) {
    captured records;
    app target;
    target.use(access_log());
    target.use(request_ids());
    target.get("/posts/{id}", [](http::request&) -> task<std::string> {
        co_await sleep_for(250ms);
        log::info("inside");
        co_return "x";
    });
    target.get("/stream", []() -> task<http::response> {
        co_return streaming_response(
            []() -> async_generator<std::string> {
                co_yield "one";
                co_await sleep_for(1s);
                co_yield "three";
            }(),
            "text/plain");
    });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        co_await client.get("/posts/7?token=hunter2", {.headers = {{"x-request-id", "r-1"}}});
        auto text = records.take();
        EXPECT_THAT(text, HasSubstr(R"("event":"inside")"));
        EXPECT_THAT(text, HasSubstr(R"("request_id":"r-1")"));
        EXPECT_THAT(
            text,
            HasSubstr(
                R"("method":"GET","route":"/posts/{id}","query":"","status":200,"duration":0.25,"bytes":3,"peer":"127.0.0.1","ended":"whole")"));
        EXPECT_THAT(text, HasSubstr(R"("ended":"whole","request_id":"r-1"})"));
        EXPECT_THAT(text, HasSubstr("\"trace_id\":\""));
        EXPECT_THAT(text, ::testing::Not(HasSubstr("hunter2")));
        co_await client.get("/nowhere");
        EXPECT_THAT(records.take(), HasSubstr(R"("route":"/nowhere","query":"","status":404)"));
        co_await client.get("/stream");
        EXPECT_THAT(records.take(), HasSubstr(R"("status":200,"duration":1,"bytes":8,"peer":"127.0.0.1","ended":"whole")"));
        co_await client.http().stream("GET", "/stream",
                                      [&](http::response& answer) -> task<> { co_await answer.content().stream()->next(); });
        EXPECT_THAT(records.take(), HasSubstr(R"("bytes":3,"peer":"127.0.0.1","ended":"given up")"));
        co_await move_on_after(100ms, client.get("/posts/7"));
        EXPECT_THAT(records.take(), HasSubstr(R"("status":499)"));
    });
}

}  // namespace
}  // namespace hem::web
