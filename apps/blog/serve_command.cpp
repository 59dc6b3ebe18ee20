// `blog serve`: the page and the API over the store.
#include "apps/blog/commands.hpp"
#include "apps/blog/routes.hpp"
#include "apps/blog/serving.hpp"
#include "apps/blog/store.hpp"
#include "hem/core.hpp"
#include "hem/http/server.hpp"
#include "hem/search/client.hpp"
#include "hem/service.hpp"
#include "hem/telemetry/log.hpp"

#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/random.h>

namespace blog {

namespace {

// What cannot be bound; told apart from a store that cannot be opened.
class listen_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

void announce(const options& chosen, const std::string& url, std::size_t seeded, std::int64_t posts) {
    if (seeded != 0) fmt::print("blog: made the store and put {} posts on Hem's patterns into it\n", seeded);
    fmt::print("blog: {} posts in {}\n", posts, describe_store(chosen));
    fmt::print("blog: open {} to search, {}/docs for the API; `blog import DIR --to {}` adds posts; Ctrl-C stops\n", url, url, url);
    std::fflush(stdout);
}

// What only somebody who reads this terminal knows.
std::string make_token() {
    std::array<unsigned char, 16> bytes;
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw std::runtime_error("the system has no random numbers");
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

hem::task<int> serve_app(hem::web::app& app, hem::service::health& health, hem::service::serve_options how) {
    try {
        co_return co_await hem::service::serve(app, health, std::move(how));
    } catch (const hem::network_error& error) {
        throw listen_error(error.what());
    }
}

hem::task<int> serve_posts(const options& chosen) {
    co_return co_await hem::with(hem::search::connect(chosen.search), [&](hem::search::client& client) -> hem::task<int> {
        post_search posts(client);
        const std::size_t seeded = co_await open_posts(posts, chosen);
        hem::web::app app(describe_app());
        add_routes(app, posts);
        hem::service::health health;
        health.add_check("search", [&]() -> hem::task<> {
            if (!co_await client.ping()) throw std::runtime_error(describe_store(chosen) + " does not answer");
        });
        health.add_routes(app);
        hem::service::add_metrics_route(app);
        const std::string token = chosen.debug_page ? make_token() : std::string();
        if (chosen.debug_page) hem::service::add_debug_page(app, token);
        hem::service::serve_options how;
        how.http.bind = {endpoint_text(chosen.host, chosen.port)};
        how.http.limits.body.body = largest_body;
        how.on_ready = [&](hem::http::server& server) -> hem::task<> {
            announce(chosen, url_of(server, chosen.host), seeded, co_await posts.count());
            if (chosen.debug_page) {
                fmt::print("blog: tasks at {}/debug/tasks?token={}\n", url_of(server, chosen.host), token);
                std::fflush(stdout);
            }
        };
        how.on_stopping = &announce_stop;
        co_return co_await serve_app(app, health, std::move(how));
    });
}

}  // namespace

int serve(const options& chosen) {
    if (const std::string problem = prepare_store(chosen); !problem.empty()) {
        fmt::print(stderr, "blog: {}\n", problem);
        return 1;
    }
    hem::log::install();
    try {
        const int code =
            hem::run({.name = "blog", .handle_interrupt = false}, [&]() -> hem::task<int> { co_return co_await serve_posts(chosen); });
        fmt::print("blog: stopped\n");
        return code;
    } catch (const listen_error& error) {
        fmt::print(stderr, "blog: {} (--port or HEM_BLOG_PORT names another port)\n", error.what());
    } catch (const std::exception& error) {
        fmt::print(stderr, "blog: {}\n", explain_store_failure(chosen, error));
    }
    return 1;
}

}  // namespace blog
