// `blog export`: all posts to standard output.
#include "apps/blog/commands.hpp"
#include "apps/blog/store.hpp"
#include "hem/core.hpp"
#include "hem/http/body.hpp"
#include "hem/http/client.hpp"
#include "hem/model/to_json.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>

namespace blog {

namespace {

// Standard output may be a pipe whose reader is slow, so it is written on a worker.
void write_out(std::string text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
        throw std::runtime_error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    }
}

hem::task<> export_from_server(const options& chosen) {
    co_await hem::with(hem::http::open({.base_url = chosen.server}), [&](hem::http::client& server) -> hem::task<> {
        hem::http::call_options call;
        call.headers.set("accept", chosen.format == export_format::lines ? "application/x-ndjson" : "application/json");
        call.timeout = hem::http::timeout_options(std::chrono::seconds(60));
        co_await server.stream(
            "GET", "/export/posts",
            [](hem::http::response& answer) -> hem::task<> {
                if (answer.status() != 200)
                    throw std::runtime_error(fmt::format("the blog answered {} to GET /export/posts", answer.status()));
                hem::http::body_source* body = answer.content().stream();
                while (body != nullptr) {
                    const std::string_view piece = co_await body->next();
                    if (piece.empty()) break;
                    co_await hem::to_thread(write_out, std::string(piece));
                }
            },
            std::move(call));
    });
}

hem::task<> export_from_store(const options& chosen) {
    co_await hem::with(hem::search::connect(chosen.search), [&](hem::search::client& client) -> hem::task<> {
        post_search posts(client);
        co_await posts.open();
        const bool lines = chosen.format == export_format::lines;
        std::string text = lines ? "" : "{\"posts\":[";
        bool first = true;
        co_await hem::for_each(posts.every_post(), [&](exported_post post) -> hem::task<> {
            if (!lines && !first) text += ',';
            first = false;
            hem::write_json(text, post);
            if (lines) text += '\n';
            if (text.size() >= 64 * 1024) {
                co_await hem::to_thread(write_out, std::move(text));
                text.clear();
            }
        });
        if (!lines) text += "]}\n";
        co_await hem::to_thread(write_out, std::move(text));
    });
}

}  // namespace

int export_posts(const options& chosen) {
    const bool from_server = !chosen.server.empty();
    try {
        hem::run([&]() -> hem::task<> {
            if (from_server) {
                co_await export_from_server(chosen);
            } else {
                co_await export_from_store(chosen);
            }
        });
        if (std::fflush(stdout) != 0) throw std::runtime_error(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
        return 0;
    } catch (const hem::interrupted&) {
        return 130;
    } catch (const std::exception& error) {
        if (from_server) {
            fmt::print(stderr, "blog: cannot export from {}: {} (is the blog running there?)\n", chosen.server, error.what());
        } else {
            fmt::print(stderr, "blog: {}\n", explain_store_failure(chosen, error));
        }
    }
    return 1;
}

}  // namespace blog
