// A kept-alive request through router and server allocates nothing in steady state (the client of this test uses bare sockets).
#include "hem/testing/allocation.hpp"

#include <cstring>

#include "hem/http/detail/raw_client.hpp"
#include "hem/testing.hpp"
#include "hem/web.hpp"

namespace hem::web {
namespace {

using namespace hem::http::testing;

task<std::uint64_t> allocations_of_requests(std::string_view request, std::string_view end) {
    app service({.title = "Allocations"});
    service.get("/plaintext", []() -> task<http::response> { co_return text_response("Hello, World!"); }, {.name = "plaintext"});
    std::uint64_t count = 0;
    co_await service.run([&]() -> task<> {
        co_await serving(service.handler(), {}, [&](http::server& server) -> task<> {
            auto client = co_await raw_client::open(server);
            auto& socket = client.socket();
            char block[16 * 1024];
            const auto exchange = [&]() -> task<> {
                const iovec piece{const_cast<char*>(request.data()), request.size()};
                EXPECT_EQ(socket.try_write({&piece, 1}).bytes, request.size());
                std::size_t size = 0;
                while (!std::string_view(block, size).ends_with(end)) {
                    co_await socket.wait_readable();
                    size += socket.try_read(std::span(block).subspan(size)).bytes;
                }
            };
            count = co_await hem::testing::allocations_of(exchange);
        });
    });
    co_return count;
}

ASYNC_TEST(Allocation, AKeptAliveRequestAllocatesNothing) {
    if (!hem::testing::counts_allocations) co_return;
    EXPECT_EQ(co_await allocations_of_requests("GET /plaintext HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/plain\r\n\r\n", "Hello, World!"),
              0u);
}

ASYNC_TEST(Allocation, PipelinedRequestsAllocateNothing) {
    if (!hem::testing::counts_allocations) co_return;
    std::string burst;
    for (int i = 0; i < 15; ++i) burst += "GET /plaintext HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    burst += "HEAD /plaintext HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";  // the only answer that ends with its head
    EXPECT_EQ(co_await allocations_of_requests(burst, "server: hem\r\n\r\n"), 0u);
}

}  // namespace
}  // namespace hem::web
