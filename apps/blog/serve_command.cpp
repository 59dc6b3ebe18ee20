// `blog serve`: the page and the API over the store.
#include "apps/blog/commands.hpp"
#include "apps/blog/routes.hpp"
#include "apps/blog/serving.hpp"
#include "apps/blog/store.hpp"
#include "hem/core.hpp"
#include "hem/http/server.hpp"
#include "hem/search/client.hpp"

#include <cstdio>
#include <fmt/format.h>

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

void listen(hem::http::server& server) {
    try {
        server.listen();
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
        int code = 0;
        co_await app.run([&]() -> hem::task<> {
            hem::http::server server(app.handler(),
                                     {.bind = {endpoint_text(chosen.host, chosen.port)}, .limits = {.body = {.body = largest_body}}});
            listen(server);
            announce(chosen, url_of(server, chosen.host), seeded, co_await posts.count());
            code = co_await serve_until_signal(server);
        });
        co_return code;
    });
}

}  // namespace

int serve(const options& chosen) {
    if (const std::string problem = prepare_store(chosen); !problem.empty()) {
        fmt::print(stderr, "blog: {}\n", problem);
        return 1;
    }
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
