// Calls an app in the same process: the whole stack but sockets, on the test's loop and clock.
//
//     co_await hem::with(web::test_client(app), [](web::test_client& client) -> hem::task<> {
//         auto answer = co_await client.post("/search", {.json = search_request{.query = "async"}});
//         EXPECT_EQ(answer.status(), 200);
//     });
// Entering starts the app (providers, lifespans), leaving shuts it down. An error that would be answered with 500 is thrown to the test
// unless `.raise_server_exceptions = false`. Background work is awaited before a call returns.
#pragma once

#include "hem/core/with.hpp"
#include "hem/http/client.hpp"
#include "hem/http/json.hpp"
#include "hem/web/app.hpp"

#include <memory>
#include <optional>
#include <string>

namespace hem::web {

struct test_client_options {
    bool raise_server_exceptions = true;
    bool wait_for_background = true;
    std::string base_url = "http://testserver";
};

class test_client {
public:
    explicit test_client(app& target, test_client_options options = {}) : target_(&target), options_(std::move(options)) {}

    task<http::response> get(http::request_path path, http::call_options options = {});
    task<http::response> head(http::request_path path, http::call_options options = {});
    task<http::response> post(http::request_path path, http::call_options options = {});
    task<http::response> put(http::request_path path, http::call_options options = {});
    task<http::response> patch(http::request_path path, http::call_options options = {});
    task<http::response> del(http::request_path path, http::call_options options = {});
    task<http::response> call(std::string method, http::request_path path, http::call_options options = {});

    // The client underneath: streams, statistics.
    http::client& http() noexcept { return *client_; }

private:
    template <class F>
    friend auto open_test_client(test_client& client, F& body) -> task<void>;

    http::client make_client();
    void raise_errors(bool on) noexcept;

    app* target_;
    test_client_options options_;
    http::client* client_ = nullptr;
};

template <class F>
auto open_test_client(test_client& client, F& body) -> task<void> {
    co_await client.target_->run([&client, &body]() -> task<void> {
        struct leave {
            test_client& client;
            ~leave() {
                client.raise_errors(false);
                client.client_ = nullptr;
            }
        } leaving{client};
        client.raise_errors(client.options_.raise_server_exceptions);
        co_await hem::with(client.make_client(), [&client, &body](http::client& calls) -> task<void> {
            client.client_ = &calls;
            co_await body(client);
        });
    });
}

}  // namespace hem::web

namespace hem {

// `body(client)` while the app runs; gives what the body gives.
template <class F>
auto with(web::test_client client, F body) -> task<detail::await_result_t<decltype(body(client))>> {
    using R = detail::await_result_t<decltype(body(client))>;
    if constexpr (std::is_void_v<R>) {
        co_await web::open_test_client(client, body);
    } else {
        std::optional<R> result;
        auto keep = [&](web::test_client& opened) -> task<void> { result.emplace(co_await body(opened)); };
        co_await web::open_test_client(client, keep);
        co_return *std::move(result);
    }
}

}  // namespace hem
