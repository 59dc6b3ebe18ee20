// Reading a request head: parse, check against the refusal table, decide the framing. A browser's request and the smallest usual one.
#include <cstdio>
#include <cstring>
#include <string>

#include "hem/http/parser.hpp"
#include "hem/http/request.hpp"
#include "measure.hpp"

namespace {

using namespace hem;

const std::string browser_request = "GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n"
                                    "Host: www.example.com\r\n"
                                    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
                                    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8\r\n"
                                    "Accept-Language: en-US,en;q=0.7,de;q=0.3\r\n"
                                    "Accept-Encoding: gzip, deflate, br\r\n"
                                    "Referer: http://www.example.com/posts/2010/03/the-long-way-home\r\n"
                                    "Connection: keep-alive\r\n"
                                    "Cache-Control: max-age=0\r\n"
                                    "Cookie: session=" +
                                    std::string(218, 'c') + "\r\n\r\n";
const std::string small_request = "GET /plaintext HTTP/1.1\r\nHost: localhost:8080\r\na: b\r\n\r\n";

// The bytes are copied first, as a socket would deliver them: names are lowered in place.
double measure(const std::string& bytes, bool assign) {
    std::string buffer = bytes;
    http::head_parser parser;
    http::request message;
    const http::request_rules rules{.body_limit = 2 * 1024 * 1024};
    const auto body = [&](long count) {
        for (long i = 0; i < count; ++i) {
            std::memcpy(buffer.data(), bytes.data(), bytes.size());
            parser.reset();
            http::framing framing;
            if (parser.parse(buffer.data(), buffer.size()) != http::parse_result::done) std::abort();
            if (decide_framing(parser, buffer.data(), rules, framing) != http::refusal::none) std::abort();
            if (assign) {
                message.reset();
                message.assign(parser, buffer.data(), framing);
            }
            bench::keep(framing);
        }
    };
    std::vector<double> rounds;
    body(10'000);
    for (int i = 0; i < 5; ++i) rounds.push_back(bench::round(400'000, body));
    return bench::median(rounds);
}

}  // namespace

int main() {
    bench::figure("parse and check " + std::to_string(browser_request.size()) + " bytes, 9 fields", measure(browser_request, false), "ns",
                  250);
    bench::figure("parse and check " + std::to_string(small_request.size()) + " bytes", measure(small_request, false), "ns", 60);
    bench::figure("the same 9 fields into a request", measure(browser_request, true), "ns", 0);
}
