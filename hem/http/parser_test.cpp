// Properties of the head parsers; what must be refused is in refusal_test.cpp.
#include "hem/http/parser.hpp"

#include <random>

#include <gtest/gtest.h>

#include "hem/http/detail/head_testing.hpp"
#include "hem/http/request.hpp"

namespace hem::http {
namespace {

using detail::head_verdict;
using detail::judge_head;

// The grammar once more, by the simplest means, for messages without limits: what a head must look like to pass the parser.
bool looks_right(std::string_view bytes) {
    const auto token = [](std::string_view text) { return is_token(text); };
    for (int i = 0; i < 2 && bytes.starts_with("\r\n"); ++i) bytes.remove_prefix(2);
    const auto line = [&](std::string_view& out) {
        const std::size_t end = bytes.find("\r\n");
        if (end == std::string_view::npos) return false;
        out = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        return true;
    };
    std::string_view first;
    if (!line(first)) return false;
    const std::size_t one = first.find(' ');
    const std::size_t two = first.rfind(' ');
    if (one == std::string_view::npos || one == two || !token(first.substr(0, one))) return false;
    const std::string_view target = first.substr(one + 1, two - one - 1);
    if (target.empty() || target.find_first_of(" \r\n") != std::string_view::npos) return false;
    const std::string_view version = first.substr(two + 1);
    if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' || !isdigit(version[5]) || !isdigit(version[7]))
        return false;
    while (true) {
        std::string_view field;
        if (!line(field)) return false;
        if (field.empty()) return true;
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos || !token(field.substr(0, colon))) return false;
        if (find_invalid_value_byte(field.substr(colon + 1)) != std::string_view::npos) return false;
    }
}

TEST(HeadParser, AgreesWithTheGrammarHoweverItIsSplit) {
    std::mt19937 random(11);
    const std::string alphabet = std::string("GETa :/\r\n\t,;\x7f\x80H") + std::string(1, 0);
    const std::string base = "GET /a?b=%41 HTTP/1.1\r\nHost: a\r\nX-Long-Name: some value of length\r\nAccept:*/*\r\n\r\n";
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = base;
        for (int damage = static_cast<int>(random() % 3); damage > 0; --damage) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 3) {
            case 0: bytes[at] = alphabet[random() % alphabet.size()]; break;
            case 1: bytes.erase(at, 1 + random() % 3); break;
            default: bytes.insert(at, 1, alphabet[random() % alphabet.size()]); break;
            }
        }
        const head_verdict whole = judge_head(bytes, {});
        if (whole.result == parse_result::done) EXPECT_TRUE(looks_right(std::string_view(bytes).substr(0, whole.size))) << bytes;
        if (whole.result == parse_result::refused) EXPECT_FALSE(looks_right(bytes)) << bytes;
        std::vector<std::size_t> stops = {random() % bytes.size(), random() % bytes.size()};
        std::sort(stops.begin(), stops.end());
        EXPECT_EQ(judge_head(bytes, stops), whole) << bytes;
    }
}

TEST(HeadParser, LowersNamesAndTrimsValues) {
    const head_verdict verdict = judge_head("GET / HTTP/1.1\r\nHOST: a\r\nX-Mixed_Case:\t  v w\t \r\nempty:\r\n\r\n", {});
    EXPECT_EQ(verdict.fields, (std::vector<std::pair<std::string, std::string>>{{"host", "a"}, {"x-mixed_case", "v w"}, {"empty", ""}}));
}

TEST(HeadParser, ARequestOwnsWhatItWasGiven) {
    std::string bytes = "\r\nPURGE http://b:81?x=1 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n";
    request message;
    {
        head_parser parser;
        ASSERT_EQ(parser.parse(bytes.data(), bytes.size()), parse_result::done);
        framing framing;
        ASSERT_EQ(decide_framing(parser, bytes.data(), {}, framing), refusal::none);
        message.assign(parser, bytes.data(), framing);
    }
    bytes.assign(bytes.size(), '#');
    EXPECT_EQ(message.method(), "PURGE");
    EXPECT_EQ(message.target(), "http://b:81?x=1");
    EXPECT_EQ(message.path(), "/");
    EXPECT_EQ(message.query(), "x=1");
    EXPECT_EQ(message.host(), "b:81");
    EXPECT_EQ(message.headers().get_all("X-A"), (std::vector<std::string_view>{"1", "2"}));
    message.reset();
    EXPECT_TRUE(message.headers().empty());
    EXPECT_EQ(message.target(), "");
}

TEST(ResponseHeadParser, ReadsStatusAndFields) {
    std::string bytes = "HTTP/1.1 200 \r\nA: b\r\n\r\n";
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        std::string copy = bytes;
        response_head_parser parser;
        if (split < bytes.size()) EXPECT_EQ(parser.parse(copy.data(), split), parse_result::need_more);
        ASSERT_EQ(parser.parse(copy.data(), copy.size()), parse_result::done);
        EXPECT_EQ(parser.status(), 200);
        EXPECT_EQ(parser.name(copy.data(), 0), "a");
        EXPECT_EQ(parser.value(copy.data(), 0), "b");
    }
}

TEST(ResponseHeadParser, RefusesWhatIsNoStatusLine) {
    for (std::string bytes : {"HTTP/2.0 200 OK\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1  200 OK\r\n",
                              "http/1.1 200 OK\r\n", "HTTP/1.1 200 OK\n", "HTTP/1.1 099 X\r\n", "ICY 200 OK\r\n", "HTTP/1.1 200\tOK\r\n",
                              "HTTP/1.1 200 O\x01\r\n", "\r\nHTTP/1.1 200 OK\r\n"}) {
        response_head_parser parser;
        EXPECT_EQ(parser.parse(bytes.data(), bytes.size()), parse_result::refused) << bytes;
    }
    std::string bare = "HTTP/1.1 404\r\n\r\n";
    response_head_parser parser;
    EXPECT_EQ(parser.parse(bare.data(), bare.size()), parse_result::done);
}

}  // namespace
}  // namespace hem::http
