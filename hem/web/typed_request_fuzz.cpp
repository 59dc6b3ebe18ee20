// Any path, query string, header, cookie and body into a typed request: every input is answered, with 200 or a refusal, never with 500.
#include "hem/core/run.hpp"
#include "hem/web.hpp"

#include <cstdlib>

namespace {

using namespace hem;

enum class color { red, green };

struct nested {
    std::string name;
    std::optional<double> price;
    field<std::vector<int>, max_length<3>> numbers = std::vector<int>{};
};
struct paging {
    field<int, ge<1>, le<100>> size = 10;
    std::optional<bool> flag;
};
struct fuzz_call {
    web::path<std::string> id;
    web::query<std::int64_t, ge<1>> page = 1;
    web::query<std::optional<double>> ratio;
    web::query<std::vector<std::string>> tag = std::vector<std::string>{};
    web::query<std::optional<color>> shade;
    web::query<paging> list;
    web::header<std::optional<std::string>> x_note;
    web::cookie<std::optional<int>> seen;
    web::body<std::optional<nested>> data;
};

http::response ask(http::request& request) {
    http::response answer;
    run({.clock = clock_kind::virtual_time}, [&]() -> task<> {
        web::app app;
        app.post("/{id}", [](fuzz_call call) -> task<std::string> { co_return *call.id + std::to_string(*call.page); });
        app.get("/{rest:path}", [](http::request& seen) -> task<std::string> { co_return std::string(seen.path_parameters()[0].value); });
        co_await app.run([&]() -> task<> {
            const auto handler = app.handler();
            answer = co_await handler(request);
        });
    });
    return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto target_end = std::min(text.find('\n'), text.size());
    const auto note_end = std::min(text.find('\n', target_end + 1), text.size());
    http::request request;
    try {
        request = http::request(size % 2 == 0 ? "POST" : "GET", "/" + std::string(text.substr(0, target_end)));
        if (target_end < text.size()) {
            const auto note = text.substr(target_end + 1, note_end - target_end - 1);
            request.headers().append("x-note", note);
            request.headers().append("cookie", note);
        }
    } catch (const std::exception&) {
        return 0;  // not a request: the parser's business
    }
    if (note_end < text.size()) {
        request.headers().set("content-type", "application/json");
        request.set_body(std::string(text.substr(note_end + 1)));
    }
    const auto answer = ask(request);
    if (answer.status() >= 500) std::abort();
    if (answer.status() == 422 && json::parse(answer.text())["detail"].size() == 0) std::abort();
    return 0;
}
