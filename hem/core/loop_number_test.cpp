// Numbers of loops: small, and free again when their loop has ended.
#include <thread>

#include "hem/core.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;

task<std::uint32_t> own_number() { co_return loop::current().id(); }

TEST(LoopNumber, IsTheLowestThatNoLivingLoopHas) {
    const auto alone = hem::run(own_number);
    EXPECT_EQ(hem::run(own_number), alone);
    const auto pair = hem::run([]() -> task<std::pair<std::uint32_t, std::uint32_t>> {
        const auto mine = loop::current().id();
        std::uint32_t other = mine;
        std::thread([&] { other = hem::run(own_number); }).join();
        co_return std::pair(mine, other);
    });
    EXPECT_EQ(pair.first, alone);
    EXPECT_EQ(pair.second, alone + 1);
}

}  // namespace
