// A handler behind a client, without a socket.
#include "hem/http/in_process.hpp"

#include "hem/core/with.hpp"
#include "hem/http/client.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

using namespace std::chrono_literals;

ASYNC_TEST(InProcess, CallsAHandlerAsAServerWould) {
    std::string log;
    handler serve = [&](request& message) -> task<response> {
        const std::string_view body = co_await message.body();
        response answer(200,
                        std::string(message.method()) + " " + std::string(message.path()) + "?" + std::string(message.query()) + " " +
                            std::string(body),
                        content_type::text);
        answer.after_sent([&]() -> task<> {
            log += "sent";
            co_return;
        });
        co_return answer;
    };
    co_await with(open({.base_url = "http://test", .transport = std::make_unique<in_process>(std::move(serve))}),
                  [&](client& api) -> task<> {
                      const response posted = co_await api.post("/a?b=c", {.content = "body"});
                      EXPECT_EQ(posted.text(), "POST /a?b=c body");
                      EXPECT_EQ(posted.headers().get(field::content_length), "16");
                      EXPECT_EQ(log, "sent");
                      const response head = co_await api.head("/a");
                      EXPECT_EQ(head.text(), "");
                      EXPECT_EQ(head.headers().get(field::content_length), "9");
                  });
}

ASYNC_TEST(InProcess, StreamsPassAndTheirErrorsToo) {
    handler serve = [](request& message) -> task<response> {
        const bool good = message.path() == "/good";
        co_return response(
            200,
            [](bool good) -> async_generator<std::string> {
                co_yield std::string("a");
                if (!good) throw std::runtime_error("the store failed");
                co_yield std::string("b");
            }(good),
            content_type::text);
    };
    co_await with(open({.base_url = "http://test", .transport = std::make_unique<in_process>(std::move(serve))}),
                  [&](client& api) -> task<> {
                      EXPECT_EQ((co_await api.get("/good")).text(), "ab");
                      CO_EXPECT_THROW(co_await api.get("/bad"), std::runtime_error);
                  });
}

}  // namespace
}  // namespace hem::http
