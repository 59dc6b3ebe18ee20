#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "hem/net.hpp"
#include "hem/testing.hpp"

namespace {

using namespace hem;
using net::open_mode;

struct folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("hem-file-test-" + std::to_string(::getpid()));
    folder() { std::filesystem::create_directories(path); }
    ~folder() { std::filesystem::remove_all(path); }
    std::string operator/(const char* name) const { return (path / name).string(); }
    std::size_t entries() const { return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {})); }
};

ASYNC_TEST(File, WritesReadsAndSyncs) {
    folder place;
    co_await with(net::open_file(place / "log", open_mode::append), [](net::file& log) -> task<> {
        co_await log.write_all("first\n");
        co_await log.sync();
        EXPECT_EQ(log.size(), 6u);
    });
    co_await with(net::open_file(place / "log", open_mode::append), [](net::file& log) -> task<> { co_await log.write_all("second\n"); });
    EXPECT_EQ(co_await net::read_file(place / "log"), "first\nsecond\n");
    co_await with(net::open_file(place / "log", open_mode::read_write), [](net::file& log) -> task<> {
        co_await log.write_at("F", 0);
        char block[5];
        EXPECT_EQ(co_await log.read_at(block, 1), 5u);
        EXPECT_EQ(std::string_view(block, 5), "irst\n");
        EXPECT_EQ(co_await log.read_some(block), 5u);
        EXPECT_EQ(std::string_view(block, 5), "First");
        EXPECT_EQ(co_await log.read_at(block, 1000), 0u);
    });
}

ASYNC_TEST(File, ErrorsNameTheFile) {
    folder place;
    try {
        (void)co_await net::read_file(place / "absent");
        ADD_FAILURE();
    } catch (const not_found&) {
    }
    try {
        (void)co_await net::open_file(place / "absent");
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find("absent"), std::string::npos) << error.what();
        EXPECT_EQ(error.code().value(), ENOENT);
    }
    CO_EXPECT_THROW(co_await net::read_file(place.path.string()), std::system_error);
    CO_EXPECT_THROW(co_await net::read_file(std::string("a\0b", 3)), std::invalid_argument);
    auto once = co_await net::open_file(place / "once", open_mode::create_new);
    CO_EXPECT_THROW(co_await net::open_file(place / "once", open_mode::create_new), std::system_error);
    co_await once.aclose();
    CO_EXPECT_THROW(co_await once.write_all("late"), closed_resource);
}

ASYNC_TEST(File, ReadsLargeOnesAndThoseThatSayNothingOfTheirSize) {
    folder place;
    std::string large(1'000'000, 'x');
    large += "end";
    co_await net::write_file(place / "large", large);
    EXPECT_EQ(co_await net::read_file(place / "large"), large);
    CO_EXPECT_THROW(co_await net::read_file(place / "large", 1000), std::length_error);
    EXPECT_FALSE((co_await net::read_file("/proc/self/status")).empty());
    CO_EXPECT_THROW(co_await net::read_file("/proc/self/status", 10), std::length_error);
}

ASYNC_TEST(File, WriteFileReplacesOrLeavesTheOldOne) {
    folder place;
    co_await net::write_file(place / "page", "old");
    co_await net::write_file(place / "page", "new", 0600);
    EXPECT_EQ(co_await net::read_file(place / "page"), "new");
    struct stat about;
    EXPECT_EQ(::stat((place / "page").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    CO_EXPECT_THROW(co_await net::write_file(place / "no folder/page", "x"), std::system_error);
    EXPECT_EQ(place.entries(), 1u);
}

// begun, it is waited for; its result is given.
TEST(File, IsSafeUnderACancellationAtEveryAwait) {
    folder place;
    int written = 0;
    hem::testing::cancel_at_every_await(
        [&]() -> task<> {
            co_await net::write_file(place / "page", "content");
            ++written;
        },
        [&]() -> task<> {
            EXPECT_LE(place.entries(), 1u);  // nothing is left beside it
            if (place.entries() == 1) {
                EXPECT_EQ(co_await net::read_file(place / "page"), "content");
            }
        });
    EXPECT_GE(written, 1);
}

}  // namespace
