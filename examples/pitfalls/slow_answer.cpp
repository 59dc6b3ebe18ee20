// A call without a limit waits for as long as the other side likes. Every client has finite limits by default; to have none must be
// written, and a call that then lasts over a minute is reported. Answers P10.
#include <memory>

#include "examples/pitfalls/pitfall.hpp"
#include "hem/http.hpp"

namespace {

// A server that takes its time.
std::unique_ptr<hem::http::transport> slow_server() {
    return std::make_unique<hem::http::mock_transport>([](hem::http::request&) -> hem::task<hem::http::response> {
        co_await hem::sleep_for(5min);
        co_return hem::http::response(200, std::string("at last"), "text/plain");
    });
}

hem::task<> example() {
    co_await hem::with(hem::http::open({.base_url = "http://reports", .transport = slow_server()}),
                       [](hem::http::client& api) -> hem::task<> {
                           const auto page = co_await api.get("/yearly");
                           std::printf("%d after all\n", page.status());
                           try {
                               co_await hem::timeout(10s, api.get("/yearly"));
                           } catch (const hem::timeout_error& error) {
                               std::printf("limited: %s\n", error.what());
                           }
                       });
}

}  // namespace

int main() { return run_pitfall(example); }
