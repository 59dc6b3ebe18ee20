// What http_bench.py measures: one plaintext route among others, on a real web application and server. Usage: plaintext_server PORT
#include <cstdio>
#include <cstdlib>
#include <string>

#include "hem/core.hpp"
#include "hem/http/server.hpp"
#include "hem/web.hpp"

namespace {

struct get_item {
    hem::web::path<int> item_id;
};

hem::task<> serve(std::string endpoint) {
    hem::web::app app({.title = "Benchmark"});
    app.get("/plaintext", []() -> hem::task<hem::http::response> { co_return hem::web::text_response("Hello, World!"); },
            {.name = "plaintext"});
    app.get("/items/{item_id}", [](get_item request) -> hem::task<int> { co_return *request.item_id; }, {.name = "get_item"});
    co_await app.run([&]() -> hem::task<> {
        hem::http::server server(app.handler(), {.bind = {endpoint}});
        co_await server.serve();
    });
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s PORT\n", arguments[0]);
        return 2;
    }
    try {
        hem::run(serve, "127.0.0.1:" + std::string(arguments[1]));
    } catch (const hem::interrupted&) {
        return 0;
    }
}
