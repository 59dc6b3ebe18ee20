// `blog engine`: the embedded store's Elasticsearch-compatible REST API over HTTP.
#include "apps/blog/commands.hpp"
#include "apps/blog/serving.hpp"
#include "apps/blog/store.hpp"
#include "hem/core.hpp"
#include "hem/http/server.hpp"
#include "hem/search/embedded_transport.hpp"
#include "hem/search/http_front.hpp"

#include <cstdio>
#include <fmt/format.h>

namespace blog {

namespace {

constexpr std::uint64_t body_limit = 100 * 1024 * 1024;

hem::task<int> serve_store(const options& chosen) {
    hem::search::embedded_transport store(chosen.store_path());
    co_await store.open();
    int code = 0;
    {
        hem::http::server server(hem::search::http_front(store.engine()),
                                 {.bind = {endpoint_text(chosen.host, chosen.port)}, .limits = {.body = {.body = body_limit}}});
        server.listen();
        const std::string url = url_of(server, chosen.host);
        fmt::print("blog: serving {} as a search engine\n", describe_store(chosen));
        fmt::print("blog: try curl {}/blog_posts/_search?pretty ; Ctrl-C stops\n", url);
        std::fflush(stdout);
        code = co_await serve_until_signal(server);
    }
    co_await store.close();
    co_return code;
}

}  // namespace

int serve_engine(const options& chosen) {
    if (const std::string problem = prepare_store(chosen); !problem.empty()) {
        fmt::print(stderr, "blog: {}\n", problem);
        return 1;
    }
    try {
        const int code = hem::run({.name = "blog engine", .handle_interrupt = false},
                                  [&]() -> hem::task<int> { co_return co_await serve_store(chosen); });
        fmt::print("blog: stopped\n");
        return code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "blog: {}\n", explain_store_failure(chosen, error));
    }
    return 1;
}

}  // namespace blog
