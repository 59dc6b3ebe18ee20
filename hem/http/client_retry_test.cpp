// What resilience learns from HTTP: the rules RT-4, RT-5, RT-6, RT-10, CB-8 and TR-1 as they hold for client calls.
#include "hem/http.hpp"

#include "hem/core.hpp"
#include "hem/resilience.hpp"
#include "hem/telemetry/trace.hpp"
#include "hem/testing.hpp"

namespace hem::http {
namespace {

using namespace std::chrono_literals;
using hem::testing::virtual_clock;

// Answers one status after the other, the last one for ever.
struct server {
    std::vector<int> statuses;
    std::string retry_after;
    std::vector<recorded_call> calls;

    client open() {
        auto transport = std::make_unique<mock_transport>([this](request& message) {
            recorded_call& call = calls.emplace_back();
            for (const auto& [name, value, id] : message.headers()) call.headers.append(name, value);
            response answer(statuses[std::min(calls.size(), statuses.size()) - 1]);
            if (!retry_after.empty()) answer.headers().set(field::retry_after, retry_after);
            return answer;
        });
        return client({.base_url = "http://test", .transport = std::move(transport)});
    }
};

const retry_policy& policy() {
    static const retry_policy made{{.name = "http", .wait = wait_fixed(1s), .jitter = jitter::none}};
    return made;
}

// How often a call that always gets this status is made.
task<std::size_t> calls_for(int status, std::string method, call_options options = {}) {
    server peer{.statuses = {status}};
    client api = peer.open();
    const auto call = [&]() -> task<> {
        call_options mine;
        for (const auto& [name, value, id] : options.headers) mine.headers.append(name, value);
        (co_await api.call(method, "/", std::move(mine))).raise_for_status();
    };
    try {
        co_await retry(policy(), call);
    } catch (const status_error& e) {
        EXPECT_EQ(e.status(), status);
    }
    co_await api.aclose();
    co_return peer.calls.size();
}

// RT-5
ASYNC_TEST(ClientRetry, RT5_StatusesThatAnotherTryMayMend) {
    for (const int status : {429, 502, 503, 504}) {
        EXPECT_EQ(co_await calls_for(status, "GET"), 3u) << status;
        EXPECT_EQ(co_await calls_for(status, "POST"), 1u) << status;
    }
    for (const int status : {400, 401, 404, 409, 422, 500, 501}) EXPECT_EQ(co_await calls_for(status, "GET"), 1u) << status;
}

// RT-6
ASYNC_TEST(ClientRetry, RT6_WhatIsIdempotent) {
    for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) EXPECT_EQ(co_await calls_for(503, method), 3u) << method;
    for (const char* method : {"POST", "PATCH"}) EXPECT_EQ(co_await calls_for(503, method), 1u) << method;
    call_options keyed;
    keyed.headers.set("idempotency-key", "7");
    EXPECT_EQ(co_await calls_for(503, "POST", std::move(keyed)), 3u);
}

// RT-6
ASYNC_TEST(ClientRetry, RT6_ABodyThatIsReadOnceIsNotSentAgain) {
    server peer{.statuses = {503}};
    client api = peer.open();
    CO_EXPECT_THROW(co_await retry(policy(),
                                   [&]() -> task<> {
                                       call_options options;
                                       options.stream = make_body_source(std::string("once"));
                                       (co_await api.call("PUT", "/", std::move(options))).raise_for_status();
                                   }),
                    status_error);
    EXPECT_EQ(peer.calls.size(), 1u);
    co_await api.aclose();
}

// RT-4
ASYNC_TEST(ClientRetry, RT4_RetryAfterIsAFloorForCalls) {
    struct expected {
        const char* text;
        hem::duration least, most;
        std::size_t calls;
    };
    for (const auto& each :
         {expected{"7", 7s, 7700ms, 2}, expected{"Wed, 01 Jan 2025 00:00:30 GMT", 15s, 33s, 2}, expected{"-5", 1s, 1s, 2},
          expected{"1e30", 0s, 0s, 1}, expected{"61", 0s, 0s, 1}, expected{"Thu, 01 Jan 1970 00:00:00 GMT", 1s, 1s, 2},
          expected{"3, 40", 3s, 3300ms, 2}, expected{"soon", 1s, 1s, 2}}) {
        server peer{.statuses = {503, 200}, .retry_after = each.text};
        client api = peer.open();
        const auto before = virtual_clock::elapsed();
        const auto ends_at = [&] { return virtual_clock::elapsed() - before; };
        try {
            co_await retry(policy(), [&]() -> task<> { (co_await api.get("/")).raise_for_status(); });
            EXPECT_EQ(each.calls, 2u) << each.text;
        } catch (const overload_error& e) {
            EXPECT_EQ(each.calls, 1u) << each.text;
            EXPECT_TRUE(e.retry_after().has_value());
        }
        EXPECT_EQ(peer.calls.size(), each.calls) << each.text;
        EXPECT_GE(ends_at(), each.least) << each.text;
        EXPECT_LE(ends_at(), each.most) << each.text;
        co_await api.aclose();
    }
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    const std::chrono::sys_time<std::chrono::nanoseconds> now(std::chrono::seconds(1'735'689'600) + 250ms);  // 2025-01-01T00:00:00.25Z
    EXPECT_EQ(read_retry_after("120", now), std::optional<hem::duration>(120s));
    EXPECT_EQ(read_retry_after(" 1.5 ", now), std::optional<hem::duration>(1500ms));
    EXPECT_EQ(read_retry_after("Wed, 01 Jan 2025 00:00:30 GMT", now), std::optional<hem::duration>(29750ms));
    EXPECT_EQ(read_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), std::optional(hem::duration::max()));
    EXPECT_EQ(read_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", now), std::optional<hem::duration>(0s));
    EXPECT_EQ(read_retry_after("1e30", now), std::optional(hem::duration::max()));
    EXPECT_EQ(read_retry_after("1e999", now), std::optional(hem::duration::max()));
    EXPECT_EQ(read_retry_after("-5", now), std::optional<hem::duration>(0s));
    EXPECT_EQ(read_retry_after("5, 10", now), std::optional<hem::duration>(5s));
    for (const char* text : {"", "soon", "nan", "inf", "0x10", "5 s", ",", "--5"})
        EXPECT_EQ(read_retry_after(text, now), std::nullopt) << text;
}

// RT-10
ASYNC_TEST(ClientRetry, RT10_TheServerSeesTheAttempt) {
    server peer{.statuses = {503, 503, 200}};
    client api = peer.open();
    co_await retry(policy(), [&]() -> task<> { (co_await api.get("/")).raise_for_status(); });
    co_await api.get("/");
    CO_ASSERT_EQ(peer.calls.size(), 4u);
    EXPECT_EQ(peer.calls[0].headers.get("x-retry-attempt"), std::nullopt);
    EXPECT_EQ(peer.calls[1].headers.get("x-retry-attempt"), "2");
    EXPECT_EQ(peer.calls[2].headers.get("x-retry-attempt"), "3");
    EXPECT_EQ(peer.calls[3].headers.get("x-retry-attempt"), std::nullopt);
    co_await api.aclose();
}

// CB-8
ASYNC_TEST(ClientRetry, CB8_ServerErrorsCountAndClientErrorsDoNot) {
    for (const int status : {400, 404, 409, 422, 429, 500, 501, 502, 503, 504}) {
        server peer{.statuses = {status}};
        client api = peer.open();
        circuit_breaker breaker{{.name = "http"}};
        CO_EXPECT_THROW(co_await breaker.call([&]() -> task<> { (co_await api.get("/")).raise_for_status(); }), status_error);
        EXPECT_EQ(breaker.statistics().failures, status >= 500 ? 1u : 0u) << status;
        co_await api.aclose();
    }
}

// TR-1
ASYNC_TEST(ClientTrace, TR1_CallsCarryTheTraceTheyServe) {
    server peer{.statuses = {200}};
    client api = peer.open();
    co_await api.get("/");
    {
        auto here = *trace::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        here.state = "vendor=1";
        const auto entered = trace::enter(here);
        co_await api.get("/");
    }
    EXPECT_EQ(peer.calls[0].headers.get("traceparent"), std::nullopt);
    EXPECT_EQ(peer.calls[1].headers.get("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_EQ(peer.calls[1].headers.get("tracestate"), "vendor=1");
    co_await api.aclose();
}

}  // namespace
}  // namespace hem::http
