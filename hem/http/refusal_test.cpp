// The refusal table of the layer, row by row: each message whole, split at every byte, and byte by byte.
#include <gtest/gtest.h>

#include "hem/http/detail/head_testing.hpp"
#include "hem/http/status.hpp"

namespace hem::http {
namespace {

using detail::head_verdict;
using detail::judge_chunks;
using detail::judge_head;

struct head_case {
    const char* name;
    std::string bytes;
    refusal why;
    int status;
};

std::string with_fields(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}

std::vector<head_case> head_cases() {
    using enum refusal;
    const std::string nul(1, '\0');
    return {
        {"length and coding", with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), length_and_transfer_encoding, 400},
        {"coding and length", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), length_and_transfer_encoding, 400},
        {"length twice", with_fields("Content-Length: 3\r\nContent-Length: 4\r\n"), repeated_length, 400},
        {"equal lengths", with_fields("Content-Length: 3\r\nContent-Length: 3\r\n"), repeated_length, 400},
        {"length list", with_fields("Content-Length: 3, 3\r\n"), repeated_length, 400},
        {"length empty", with_fields("Content-Length:\r\n"), invalid_length, 400},
        {"length blank", with_fields("Content-Length:  \t\r\n"), invalid_length, 400},
        {"length plus", with_fields("Content-Length: +3\r\n"), invalid_length, 400},
        {"length minus", with_fields("Content-Length: -3\r\n"), invalid_length, 400},
        {"length hex", with_fields("Content-Length: 0x3\r\n"), invalid_length, 400},
        {"length underscore", with_fields("Content-Length: 1_0\r\n"), invalid_length, 400},
        {"length inner space", with_fields("Content-Length: 1 0\r\n"), invalid_length, 400},
        {"length leading zero", with_fields("Content-Length: 05\r\n"), invalid_length, 400},
        {"length double zero", with_fields("Content-Length: 00\r\n"), invalid_length, 400},
        {"length of 19 digits", with_fields("Content-Length: 1000000000000000000\r\n"), invalid_length, 400},
        {"coding in 1.0", with_fields("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), transfer_encoding_in_1_0, 400},
        {"coding twice", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), invalid_transfer_encoding, 400},
        {"coding empty", with_fields("Transfer-Encoding:\r\n"), invalid_transfer_encoding, 400},
        {"coding empty member", with_fields("Transfer-Encoding: , chunked\r\n"), invalid_transfer_encoding, 400},
        {"coding empty last", with_fields("Transfer-Encoding: chunked,\r\n"), invalid_transfer_encoding, 400},
        {"coding VT", with_fields("Transfer-Encoding: \vchunked\r\n"), invalid_field_value, 400},
        {"coding FF", with_fields("Transfer-Encoding: chunked\f\r\n"), invalid_field_value, 400},
        {"coding NUL", with_fields("Transfer-Encoding: chunked" + nul + "\r\n"), invalid_field_value, 400},
        {"coding parameter", with_fields("Transfer-Encoding: chunked;a=1\r\n"), invalid_transfer_encoding, 400},
        {"chunked twice", with_fields("Transfer-Encoding: chunked, chunked\r\n"), invalid_transfer_encoding, 400},
        {"xchunked", with_fields("Transfer-Encoding: xchunked\r\n"), invalid_transfer_encoding, 400},
        {"identity", with_fields("Transfer-Encoding: identity\r\n"), invalid_transfer_encoding, 400},
        {"chunked not last", with_fields("Transfer-Encoding: chunked, gzip\r\n"), invalid_transfer_encoding, 400},
        {"quoted chunked", with_fields("Transfer-Encoding: \"chunked\"\r\n"), invalid_transfer_encoding, 400},
        {"gzip, chunked", with_fields("Transfer-Encoding: gzip, chunked\r\n"), unknown_transfer_coding, 501},
        {"GZip, Chunked", with_fields("Transfer-Encoding: GZip, Chunked\r\n"), unknown_transfer_coding, 501},
        {"content_length", with_fields("Content_Length: 3\r\n"), underscore_framing_field, 400},
        {"transfer_encoding", with_fields("Transfer_Encoding: chunked\r\n"), underscore_framing_field, 400},
        {"blank before colon", with_fields("A : b\r\n"), whitespace_in_field_name, 400},
        {"tab before colon", with_fields("A\t: b\r\n"), whitespace_in_field_name, 400},
        {"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", whitespace_in_field_name, 400},
        {"fold", with_fields("A: b\r\n c\r\n"), obsolete_fold, 400},
        {"fold with tab", with_fields("A: b\r\n\tc\r\n"), obsolete_fold, 400},
        {"empty name", with_fields(": b\r\n"), invalid_field_name, 400},
        {"name with a parenthesis", with_fields("A(: b\r\n"), invalid_field_name, 400},
        {"name with NUL", with_fields("A" + nul + ": b\r\n"), invalid_field_name, 400},
        {"name not ASCII", with_fields("\xc3\xa4: b\r\n"), invalid_field_name, 400},
        {"no colon", with_fields("Alone\r\n"), invalid_field_name, 400},
        {"value with NUL", with_fields("A: b" + nul + "c\r\n"), invalid_field_value, 400},
        {"value with bare CR", with_fields("A: b\rc\r\n"), bare_line_end, 400},
        {"value with DEL", with_fields("A: b\x7f\r\n"), invalid_field_value, 400},
        {"value with ESC, far", with_fields("A: 0123456789012345678901\x1b\r\n"), invalid_field_value, 400},
        {"LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", bare_line_end, 400},
        {"LF after a field", "GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n", bare_line_end, 400},
        {"LF as the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", bare_line_end, 400},
        {"CR alone as the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX", bare_line_end, 400},
        {"CR alone after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", bare_line_end, 400},
        {"three empty lines", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", empty_lines, 400},
        {"a leading LF", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", bare_line_end, 400},
        {"a line of blanks", "  \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"tabs", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"double space", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"double space before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"HTTP/0.9", "GET /\r\n\r\n", invalid_request_line, 400},
        {"method alone", "GET\r\n\r\n", invalid_request_line, 400},
        {"http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"HTTP/1.32", "GET / HTTP/1.32\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"HTTP/1", "GET / HTTP/1\r\nHost: a\r\n\r\n", invalid_request_line, 400},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", unsupported_version, 505},
        {"HTTP/9.9", "GET / HTTP/9.9\r\nHost: a\r\n\r\n", unsupported_version, 505},
        {"HTTP/0.9 spelled out", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", unsupported_version, 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", unsupported_version, 505},
        {"method with a brace", "G{T / HTTP/1.1\r\nHost: a\r\n\r\n", invalid_method, 400},
        {"method not ASCII", "G\xc3\x84T / HTTP/1.1\r\nHost: a\r\n\r\n", invalid_method, 400},
        {"method of 33 bytes", std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", long_method, 501},
        {"target over the line", "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", long_request_line, 414},
        {"target with a control byte", "GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target with DEL", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target not ASCII", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target with a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target with %00", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target with a broken escape", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"target with a wrong escape", "GET /a%zz HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"query not ASCII", "GET /?q=\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", connect, 501},
        {"CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", connect, 501},
        {"star with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"star and more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"target without slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"userinfo", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"absolute without host", "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", wrong_target_form, 400},
        {"https on a plain port", "GET HTTPS://a/ HTTP/1.1\r\nHost: a\r\n\r\n", https_on_plain_port, 421},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", invalid_host, 400},
        {"no Host with an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", invalid_host, 400},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", invalid_host, 400},
        {"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", invalid_host, 400},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", invalid_host, 400},
        {"empty Host in 1.0", "GET / HTTP/1.0\r\nHost: \r\n\r\n", invalid_host, 400},
        {"list of Hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", invalid_host, 400},
        {"list of Hosts without blank", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", invalid_host, 400},
        {"Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", invalid_host, 400},
        {"Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", invalid_host, 400},
        {"Host with a wide port", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", invalid_host, 400},
        {"Host with a wrong port", "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n", invalid_host, 400},
        {"Host with half an address", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", invalid_host, 400},
        {"Host with a wrong address", "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n", invalid_host, 400},
        {"long section", with_fields("A: " + std::string(16 * 1024, 'a') + "\r\n"), long_header_section, 431},
        {"long section of many fields", with_fields([] {
             std::string all;
             for (int i = 0; i < 90; ++i) all += "A" + std::to_string(i) + ": " + std::string(200, 'b') + "\r\n";
             return all;
         }()),
         long_header_section, 431},
        {"101 fields", with_fields([] {
             std::string all;
             for (int i = 0; i < 100; ++i) all += "A: b\r\n";
             return all;
         }()),
         too_many_fields, 431},
        {"name of 257 bytes", with_fields(std::string(257, 'a') + ": b\r\n"), long_field_name, 431},
        {"body over its limit", with_fields("Content-Length: 2097153\r\nExpect: 100-continue\r\n", "POST / HTTP/1.1"), body_too_large, 413},
        {"another expectation", with_fields("Expect: 200-ok\r\n"), unknown_expectation, 417},
        {"two expectations", with_fields("Expect: 100-continue\r\nExpect: 100-continue\r\n"), unknown_expectation, 417},
        {"coded content", with_fields("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "POST / HTTP/1.1"), unknown_content_encoding, 415},
        {"TRACE", with_fields("", "TRACE / HTTP/1.1"), trace, 405},
        // Where two rows match, the first one wins.
        {"length and version", "GET / HTTP/2.0\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", repeated_length, 400},
        {"version and target form", "PRI * HTTP/2.0\r\nHost: a\r\n\r\n", unsupported_version, 505},
        {"target and CONNECT", "CONNECT a#b HTTP/1.1\r\nHost: a\r\n\r\n", invalid_target, 400},
        {"CONNECT and Host", "CONNECT a HTTP/1.1\r\n\r\n", connect, 501},
        {"coding and content coding", with_fields("Transfer-Encoding: gzip, chunked\r\nContent-Encoding: br\r\n"), unknown_transfer_coding,
         501},
    };
}

constexpr request_rules default_rules{.body_limit = 2 * 1024 * 1024};

TEST(RefusalTable, HeadRowsAreRefusedWhole) {
    for (const auto& row : head_cases()) {
        const head_verdict verdict = judge_head(row.bytes, {}, default_rules);
        EXPECT_EQ(action_of(verdict.why).label, action_of(row.why).label) << row.name;
        EXPECT_EQ(action_of(verdict.why).status, row.status) << row.name;
    }
}

TEST(RefusalTable, HeadRowsAreRefusedAlikeWhenSplitAtEveryByte) {
    for (const auto& row : head_cases()) {
        const head_verdict whole = judge_head(row.bytes, {}, default_rules);
        const std::size_t step = row.bytes.size() > 1000 ? 97 : 1;
        for (std::size_t split = 0; split <= row.bytes.size(); split += step)
            EXPECT_EQ(judge_head(row.bytes, {split}, default_rules), whole) << row.name << " split at " << split;
    }
}

TEST(RefusalTable, HeadRowsAreRefusedAlikeByteByByte) {
    for (const auto& row : head_cases()) {
        std::vector<std::size_t> stops;
        for (std::size_t i = 0; i < row.bytes.size(); ++i) stops.push_back(i);
        EXPECT_EQ(judge_head(row.bytes, stops, default_rules), judge_head(row.bytes, {}, default_rules)) << row.name;
    }
}

TEST(RefusalTable, EveryPrefixOfAGoodHeadIsUnfinished) {
    const std::string good = with_fields("Accept: */*\r\nContent-Length: 3\r\n", "POST /a?b=c HTTP/1.1");
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(judge_head(std::string_view(good).substr(0, size), {}).result, parse_result::need_more) << size;
    EXPECT_EQ(judge_head(good, {}).result, parse_result::done);
}

struct good_case {
    const char* name;
    std::string bytes;
    body_kind body = body_kind::none;
    std::uint64_t length = 0;
    bool keep_alive = true;
    std::string host = "a";
};

TEST(RefusalTable, WhatStandsBesideTheRowsPasses) {
    const std::vector<good_case> cases = {
        {.name = "plain", .bytes = with_fields("")},
        {.name = "two empty lines", .bytes = "\r\n\r\n" + with_fields("")},
        {.name = "length zero", .bytes = with_fields("Content-Length: 0\r\n")},
        {.name = "length of 18 digits",
         .bytes = with_fields("Content-Length: 100000000000000000\r\n"),
         .body = body_kind::length,
         .length = 100'000'000'000'000'000},
        {.name = "length with blanks around", .bytes = with_fields("Content-Length: \t 7 \t\r\n"), .body = body_kind::length, .length = 7},
        {.name = "chunked in any case", .bytes = with_fields("transfer-encoding: CHUNKED\r\n"), .body = body_kind::chunked},
        {.name = "underscores elsewhere", .bytes = with_fields("x_content_length: 3\r\n")},
        {.name = "opaque bytes", .bytes = with_fields("A: \x80\xff\r\n")},
        {.name = "tab in a value", .bytes = with_fields("A: b\tc\r\n")},
        {.name = "version 1.9", .bytes = with_fields("", "GET / HTTP/1.9")},
        {.name = "1.0 without Host", .bytes = "GET / HTTP/1.0\r\n\r\n", .keep_alive = false, .host = ""},
        {.name = "1.0 with keep-alive", .bytes = with_fields("Connection: Keep-Alive\r\n", "GET / HTTP/1.0")},
        {.name = "close", .bytes = with_fields("Connection: x, Close\r\n"), .keep_alive = false},
        {.name = "lower-case method", .bytes = with_fields("", "get / HTTP/1.1")},
        {.name = "method of 32 bytes", .bytes = with_fields("", std::string(32, 'A') + " / HTTP/1.1")},
        {.name = "broken escape in the query", .bytes = with_fields("", "GET /?q=100% HTTP/1.1")},
        {.name = "NUL in the query", .bytes = with_fields("", "GET /?q=%00 HTTP/1.1")},
        {.name = "star with OPTIONS", .bytes = with_fields("", "OPTIONS * HTTP/1.1")},
        {.name = "absolute form", .bytes = with_fields("", "GET http://b:80/x HTTP/1.1"), .host = "b:80"},
        {.name = "absolute form in capitals", .bytes = with_fields("", "GET HTTP://b HTTP/1.1"), .host = "b"},
        {.name = "IPv6", .bytes = "GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", .host = "[::1]:8000"},
        {.name = "expectation in 1.0", .bytes = with_fields("Expect: x\r\n", "GET / HTTP/1.0"), .keep_alive = false},
        {.name = "identity content", .bytes = with_fields("Content-Encoding: identity\r\n")},
        {.name = "upgrade to the unknown", .bytes = with_fields("Upgrade: h2c\r\nConnection: upgrade\r\n")},
        {.name = "100 fields", .bytes = with_fields([] {
                                   std::string all;
                                   for (int i = 0; i < 99; ++i) all += "A: b\r\n";
                                   return all;
                               }())},
        {.name = "name of 256 bytes", .bytes = with_fields(std::string(256, 'a') + ": b\r\n")},
    };
    for (const auto& row : cases) {
        const head_verdict verdict = judge_head(row.bytes, {}, {});
        EXPECT_EQ(verdict.result, parse_result::done) << row.name;
        EXPECT_EQ(action_of(verdict.why).label, "none") << row.name;
        EXPECT_EQ(verdict.size, row.bytes.size()) << row.name;
        EXPECT_EQ(verdict.body, row.body) << row.name;
        EXPECT_EQ(verdict.length, row.length) << row.name;
        EXPECT_EQ(verdict.keep_alive, row.keep_alive) << row.name;
        EXPECT_EQ(verdict.host, row.host) << row.name;
        for (std::size_t split = 0; split <= row.bytes.size(); ++split)
            EXPECT_EQ(judge_head(row.bytes, {split}, {}), verdict) << row.name << " split at " << split;
    }
}

TEST(RefusalTable, LimitsHoldToTheByte) {
    const std::string line(8192 - 16, 'a');  // "GET /" + line + " HTTP/1.1\r\n" is 8192 bytes
    EXPECT_EQ(judge_head("GET /" + line + " HTTP/1.1\r\nHost: a\r\n\r\n", {}).why, refusal::none);
    EXPECT_EQ(judge_head("GET /" + line + "a HTTP/1.1\r\nHost: a\r\n\r\n", {}).why, refusal::long_request_line);
    const std::string fields(16 * 1024 - 16, 'a');  // "Host: a\r\n" + "A: " + fields + "\r\n\r\n" is 16 KiB
    EXPECT_EQ(judge_head(with_fields("A: " + fields + "\r\n"), {}).why, refusal::none);
    EXPECT_EQ(judge_head(with_fields("A: " + fields + "a\r\n"), {}).why, refusal::long_header_section);
}

TEST(RefusalTable, AllowedHostsAreCheckedOnTheEffectiveHost) {
    const std::vector<std::string> allowed = {"example.com", ".example.org"};
    const request_rules rules{.allowed_hosts = allowed};
    const auto why = [&](const std::string& line, const std::string& host) {
        return judge_head(line + "\r\nHost: " + host + "\r\n\r\n", {}, rules).why;
    };
    EXPECT_EQ(why("GET / HTTP/1.1", "Example.com:8000"), refusal::none);
    EXPECT_EQ(why("GET / HTTP/1.1", "www.example.org"), refusal::none);
    EXPECT_EQ(why("GET / HTTP/1.1", "example.org"), refusal::none);
    EXPECT_EQ(why("GET / HTTP/1.1", "badexample.org"), refusal::host_not_allowed);
    EXPECT_EQ(why("GET / HTTP/1.1", "evil.com"), refusal::host_not_allowed);
    EXPECT_EQ(why("GET http://evil.com/ HTTP/1.1", "example.com"), refusal::host_not_allowed);
    EXPECT_TRUE(action_of(refusal::host_not_allowed).keep);
}

TEST(RefusalTable, HttpsTargetsPassOnSecureConnections) {
    const head_verdict verdict = judge_head("GET https://a/x HTTP/1.1\r\nHost: a\r\n\r\n", {}, {.secure = true});
    EXPECT_EQ(verdict.why, refusal::none);
    EXPECT_EQ(verdict.host, "a");
}

TEST(RefusalTable, WhatFollowsAHeadIsLeftAlone) {
    const std::string smuggled = with_fields("Content-Length: 5\r\n", "POST / HTTP/1.1") + "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
    const head_verdict verdict = judge_head(smuggled, {});
    EXPECT_EQ(verdict.length, 5u);
    EXPECT_EQ(smuggled.substr(verdict.size, 5), "GET /");
}

TEST(RefusalTable, PipelinedHeadsParseOneByOne) {
    std::string all;
    for (int i = 0; i < 5; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nX-Number: " + std::to_string(i) + "\r\n\r\n";
    std::size_t at = 0;
    head_parser parser;
    for (int i = 0; i < 5; ++i) {
        parser.reset();
        ASSERT_EQ(parser.parse(all.data() + at, all.size() - at), parse_result::done);
        EXPECT_EQ(parser.target(all.data() + at), "/" + std::to_string(i));
        EXPECT_EQ(parser.value(all.data() + at, 1), std::to_string(i));
        at += parser.size();
    }
    EXPECT_EQ(at, all.size());
}

struct chunk_case {
    const char* name;
    std::string bytes;
    refusal why;
};

TEST(RefusalTable, ChunkRowsAreRefusedWholeAndSplit) {
    using enum refusal;
    const std::string nul(1, '\0');
    const std::vector<chunk_case> cases = {
        {"size empty", "\r\n", invalid_chunk_size},
        {"size 0x", "0x3\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"size signed", "+3\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"size negative", "-3\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"size underscore", "1_0\r\n", invalid_chunk_size},
        {"blank before the size", " 3\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"blank behind the size", "3 \r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"blank before an extension", "3 ;a\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"17 digits", "00000000000000003\r\nabc\r\n0\r\n\r\n", invalid_chunk_size},
        {"LF behind the size", "3\nabc\r\n0\r\n\r\n", invalid_chunk_end},
        {"CR alone behind the size", "3\rabc\r\n0\r\n\r\n", invalid_chunk_end},
        {"LF behind the data", "3\r\nabc\n0\r\n\r\n", invalid_chunk_end},
        {"data longer than its size", "3\r\nabcd\r\n0\r\n\r\n", invalid_chunk_end},
        {"bare semicolon", "3;\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"two semicolons", "3;;a\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extension name", "3;a(\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extension without value", "3;a=\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extension with NUL", "3;a=\"" + nul + "\"\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extension with LF", "3;a\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extension over its limit", "3;" + std::string(256, 'a') + "b\r\nabc\r\n0\r\n\r\n", invalid_chunk_extension},
        {"extensions over their limit",
         [] {
             std::string all;
             for (int i = 0; i < 21; ++i) all += "1;" + std::string(200, 'a') + "\r\nx\r\n";
             return all;
         }(),
         invalid_chunk_extension},
        {"trailer that frames", "0\r\nContent-Length: 3\r\n\r\n", invalid_trailer},
        {"trailer Transfer-Encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n", invalid_trailer},
        {"trailer Host", "0\r\nA: b\r\nHost: a\r\n\r\n", invalid_trailer},
        {"trailer Authorization", "0\r\nAuthorization: x\r\n\r\n", invalid_trailer},
        {"trailer Cookie", "0\r\nCookie: x\r\n\r\n", invalid_trailer},
        {"trailer Connection", "0\r\nConnection: close\r\n\r\n", invalid_trailer},
        {"trailer content_length", "0\r\ncontent_length: 3\r\n\r\n", invalid_trailer},
        {"trailer without colon", "0\r\nA\r\n\r\n", invalid_trailer},
        {"trailer folded", "0\r\nA: b\r\n c\r\n\r\n", invalid_trailer},
        {"trailer with LF", "0\r\nA: b\n\r\n", invalid_trailer},
        {"trailer section too long", "0\r\nA: " + std::string(4096, 'a') + "\r\n\r\n", invalid_trailer},
        {"33 trailers",
         [] {
             std::string all = "0\r\n";
             for (int i = 0; i < 33; ++i) all += "A: b\r\n";
             return all + "\r\n";
         }(),
         invalid_trailer},
        {"body over its limit", "200001\r\n", body_too_large},
        {"body growing over its limit", "100000\r\n" + std::string(0x100000, 'x') + "\r\n100001\r\n", body_too_large},
        {"size near 2^64", "ffffffffffffffff\r\n", body_too_large},
    };
    for (const auto& row : cases) {
        const auto whole = judge_chunks(row.bytes, {});
        EXPECT_EQ(whole.end, chunk_decoder::event::refused) << row.name;
        EXPECT_EQ(action_of(whole.why).label, action_of(row.why).label) << row.name;
        const std::size_t step = row.bytes.size() > 10'000 ? 65'537 : row.bytes.size() > 1000 ? 97 : 1;
        for (std::size_t split = 0; split <= row.bytes.size(); split += step) {
            const auto verdict = judge_chunks(row.bytes, {split});
            EXPECT_EQ(verdict.why, whole.why) << row.name << " split at " << split;
            EXPECT_EQ(verdict.end, whole.end) << row.name << " split at " << split;
        }
    }
}

TEST(RefusalTable, AnswersAreWholeMessages) {
    char out[512];
    const std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const std::string answer(out, write_refusal(out, refusal::repeated_length, date, "hem", true, false));
    EXPECT_EQ(answer,
              "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 24\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "server: hem\r\nconnection: close\r\n\r\n{\"detail\":\"Bad Request\"}");
    const std::string kept(out, write_refusal(out, refusal::trace, date, "", true, false));
    EXPECT_EQ(kept.find("connection:"), std::string::npos);
    EXPECT_NE(kept.find("\r\nallow: GET"), std::string::npos);
    const std::string head(out, write_refusal(out, refusal::unknown_content_encoding, date, "", true, true));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    EXPECT_NE(head.find("\r\naccept-encoding: identity\r\n"), std::string::npos);
    const std::string busy(out, write_error_answer(out, 503, "retry-after: 1\r\n", date, "hem", false, false));
    EXPECT_NE(busy.find("\r\nretry-after: 1\r\n"), std::string::npos);
    EXPECT_TRUE(busy.ends_with("{\"detail\":\"Service Unavailable\"}"));
}

}  // namespace
}  // namespace hem::http
