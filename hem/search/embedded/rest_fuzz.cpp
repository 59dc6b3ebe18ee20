// Any bytes as a search body, a bulk body, a document or a target: the engine answers, and every answer is JSON.
#include "hem/model/json.hpp"
#include "hem/search/embedded/engine.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using hem::search::embedded::engine;
using hem::search::embedded::rest_request;

namespace {

engine& subject() {
    static const auto made = [] {
        auto store = engine::open({.now_ms = [] { return std::int64_t{1'763'596'800'000}; }, .random_seed = 1});
        store->handle(rest_request::from_target(
            "PUT", "/a",
            R"({"mappings":{"dynamic":false,"properties":{"t":{"type":"text","analyzer":"english"},"k":{"type":"keyword"},"n":{"type":"long"},"d":{"type":"date"}}}})"));
        store->handle(rest_request::from_target("PUT", "/a/_doc/1", R"({"t":"the quick brown fox","k":["x","y"],"n":5,"d":"2025-11-20"})"));
        store->handle(rest_request::from_target("PUT", "/a/_doc/2", R"({"t":"lazy dogs","k":"z","n":-1})"));
        return store;
    }();
    return *made;
}

void check(const rest_request& request) {
    const auto answer = subject().handle(request);
    if (answer.status < 200 || answer.status > 599) std::abort();
    if (answer.header("content-type").starts_with("application/json") && !answer.body.empty())
        hem::json::parse(answer.body, {.max_depth = 2000});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
    switch (data[0] % 5) {
    case 0: check(rest_request::from_target("POST", "/a/_search", body)); break;
    case 1: check(rest_request::from_target("POST", "/b/_bulk", body + "\n", "application/x-ndjson")); break;
    case 2: check(rest_request::from_target("PUT", "/a/_doc/3", body)); break;
    case 3: {
        rest_request request;
        request.path = "/a/_search";
        request.params.emplace_back("q", body);
        check(request);
        break;
    }
    default: {
        rest_request request;
        request.path = "/" + body.substr(0, body.find('\n'));
        check(request);
    }
    }
    return 0;
}
