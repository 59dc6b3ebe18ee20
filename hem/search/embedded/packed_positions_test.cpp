#include "hem/search/embedded/packed_positions.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace hem::search::embedded::detail;
using numbers = std::vector<std::uint32_t>;

numbers unpacked(const std::vector<std::uint8_t>& bytes) {
    numbers found;
    for_each_position(bytes, [&](std::uint32_t position) {
        found.push_back(position);
        return true;
    });
    return found;
}

TEST(PackedPositions, GiveBackWhatWasPacked) {
    std::mt19937 from(3);
    for (int round = 0; round < 500; ++round) {
        numbers given;
        std::uint32_t position = from() % 3 == 0 ? 0 : from() % 1000;
        for (auto left = from() % 40; left > 0; --left) {
            given.push_back(position);
            position += from() % 10 == 0 ? 1 + from() % 3'000'000 : 1 + from() % 200;
        }
        std::vector<std::uint8_t> bytes;
        append_positions(bytes, given);
        EXPECT_TRUE(are_packed_positions(bytes.data(), bytes.size()));
        ASSERT_EQ(unpacked(bytes), given);
    }
    std::vector<std::uint8_t> bytes;
    append_positions(bytes, numbers{0, 125, 251, UINT32_MAX - 2});
    EXPECT_EQ(bytes.size(), 1u + 1 + 2 + 5) << "a step of 125 is the longest that one byte holds";
    EXPECT_EQ(unpacked(bytes), (numbers{0, 125, 251, UINT32_MAX - 2}));
}

TEST(PackedPositions, OtherBytesAreNone) {
    using bytes = std::vector<std::uint8_t>;
    const auto good = [](const bytes& given) { return are_packed_positions(given.data(), given.size()); };
    EXPECT_TRUE(good({}));
    EXPECT_TRUE(good({2, 3, 4, 5, 6, 7, 8, 9, 127}));
    for (std::size_t at = 0; at < 12; ++at) {
        bytes wrong(12, 2);
        wrong[at] = 1;
        EXPECT_FALSE(good(wrong)) << "another column, at " << at;
        wrong[at] = 0;
        EXPECT_FALSE(good(wrong)) << at;
    }
    EXPECT_FALSE(good({2, 0x80})) << "cut off";
    EXPECT_FALSE(good({0x80, 0x80, 0x80, 0x80, 0x80, 2})) << "six bytes";
    EXPECT_FALSE(good({0x90, 0x80, 0x80, 0x80, 0x00})) << "more than 32 bits";
    EXPECT_TRUE(good({0x8F, 0xFF, 0xFF, 0xFF, 0x7F}));
}

}  // namespace
