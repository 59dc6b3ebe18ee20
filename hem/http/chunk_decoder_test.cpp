#include "hem/http/chunk_decoder.hpp"

#include <random>

#include <gtest/gtest.h>

#include "hem/http/detail/head_testing.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http {
namespace {

using detail::judge_chunks;

TEST(ChunkDecoder, TakesTheCodingOff) {
    const auto verdict = judge_chunks("5\r\nhello\r\n6;a;b=c;d=\"x\\\"y\"\r\n world\r\n0\r\n\r\nGET /", {});
    EXPECT_EQ(verdict.end, chunk_decoder::event::end);
    EXPECT_EQ(verdict.data, "hello world");
    EXPECT_EQ(verdict.consumed, std::string_view("5\r\nhello\r\n6;a;b=c;d=\"x\\\"y\"\r\n world\r\n0\r\n\r\n").size());
    EXPECT_TRUE(verdict.trailers.empty());
}

TEST(ChunkDecoder, GivesTrailersApart) {
    const auto verdict = judge_chunks("1\r\nx\r\n00\r\nX-Sum: 7 \r\nx-b:\r\n\r\nrest", {});
    EXPECT_EQ(verdict.end, chunk_decoder::event::end);
    EXPECT_EQ(verdict.trailers, (std::vector<std::pair<std::string, std::string>>{{"x-sum", "7"}, {"x-b", ""}}));
}

TEST(ChunkDecoder, SizesAreHexOfUpTo16Digits) {
    EXPECT_EQ(judge_chunks("000000000000000A\r\n0123456789\r\n0\r\n\r\n", {}).data, "0123456789");
    EXPECT_EQ(judge_chunks("a\r\n0123456789\r\n0000000000000000\r\n\r\n", {}).end, chunk_decoder::event::end);
}

TEST(ChunkDecoder, TheBodyLimitCountsDataOnly) {
    const std::string body = "4;" + std::string(100, 'a') + "\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n";
    EXPECT_EQ(judge_chunks(body, {}, {.body = 8}).end, chunk_decoder::event::end);
    EXPECT_EQ(judge_chunks(body, {}, {.body = 7}).why, refusal::body_too_large);
    EXPECT_EQ(judge_chunks(body, {}, {.body = 0}).end, chunk_decoder::event::end);
}

// Random messages, valid and slightly damaged: any split gives what the whole gives.
TEST(ChunkDecoder, SplitsDoNotMatter) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes;
        for (int chunk = static_cast<int>(random() % 4); chunk > 0; --chunk) {
            const std::size_t size = 1 + random() % 20;
            char head[18];
            bytes.append(head, write_chunk_head(head, size) - 2);
            if (random() % 3 == 0) bytes += ";n=\"v\"";
            bytes += "\r\n" + std::string(size, 'd') + "\r\n";
        }
        bytes += "0\r\n";
        if (random() % 3 == 0) bytes += "X-T: v\r\n";
        bytes += "\r\nNEXT";
        if (random() % 2 == 0) bytes[random() % bytes.size()] = "\r\n;\0x 0\xff"[random() % 8];
        const auto whole = judge_chunks(bytes, {});
        std::vector<std::size_t> every;
        for (std::size_t i = 1; i < bytes.size(); ++i) every.push_back(i);
        const auto single = judge_chunks(bytes, every);
        EXPECT_EQ(single.end, whole.end) << bytes;
        EXPECT_EQ(single.why, whole.why) << bytes;
        EXPECT_EQ(single.trailers, whole.trailers) << bytes;
        EXPECT_EQ(single.consumed, whole.consumed) << bytes;
        if (whole.end == chunk_decoder::event::end) EXPECT_EQ(single.data, whole.data) << bytes;
    }
}

}  // namespace
}  // namespace hem::http
