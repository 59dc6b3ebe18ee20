#include "hem/testing/check_stream.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "hem/core/cancel_scope.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/sleep.hpp"
#include "hem/core/task_group.hpp"
#include "hem/testing/virtual_clock.hpp"

namespace hem::testing::detail {
namespace {

task<std::string> read_all(any_stream& stream, std::size_t block_size) {
    std::string all;
    std::vector<char> block(block_size);
    while (const auto size = co_await stream.read_some(block)) all.append(block.data(), size);
    co_return all;
}

std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    return text;
}

task<> send(any_stream& stream, const std::string& text, std::size_t piece) {
    for (std::size_t at = 0; at < text.size(); at += piece) co_await stream.write_all(std::string_view(text).substr(at, piece));
    stream.shutdown_write();
}

task<> check_bytes(const callable<task<any_pair>()>& make) {
    constexpr std::size_t sizes[][2] = {{1, 64}, {7, 3}, {1000, 1}, {100'000, 4096}};  // written at once, read at once
    for (const auto& [written, read] : sizes) {
        auto pair = co_await make();
        const auto text = pattern(written * 3);
        std::string got;
        co_await with_task_group([&](task_group& group) -> task<> {
            group.create_task([&]() -> task<> { co_await send(*pair.first, text, written); });
            got = co_await read_all(*pair.second, read);
        });
        EXPECT_TRUE(got == text) << "bytes written " << written << " and read " << read << " at a time arrive changed: " << got.size()
                                 << " of " << text.size();
        char more[4];
        EXPECT_EQ(co_await pair.second->read_some(more), 0u) << "after the end a read gives the end again";
    }
}

task<> check_waiting(const callable<task<any_pair>()>& make) {
    auto pair = co_await make();
    char block[16];
    // A read that is cancelled while it waits took nothing.
    co_await with_task_group([&](task_group& group) -> task<> {
        auto reading = group.create_task([&]() -> task<> { (void)co_await pair.second->read_some(block); });
        co_await wait_all_tasks_blocked();
        EXPECT_FALSE(reading.done()) << "a read of an empty stream does not wait";
        reading.cancel();
    });
    std::string got;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { got = co_await read_all(*pair.second, 16); });
        co_await wait_all_tasks_blocked();
        co_await pair.first->write_all("after");
        pair.first->shutdown_write();
    });
    EXPECT_EQ(got, "after") << "bytes that come while a read waits, or after a cancelled read";
}

task<> check_closing(const callable<task<any_pair>()>& make) {
    {
        auto pair = co_await make();
        pair.second->close();
        bool failed = false;
        // What is under way may still be taken; the error comes once the end is known.
        for (int i = 0; i < 1000 && !failed; ++i) {
            try {
                co_await pair.first->write_all(pattern(1000));
            } catch (const network_error&) {
                failed = true;
            }
            co_await sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_TRUE(failed) << "writing to a peer that closed fails with network_error";
    }
    {
        auto pair = co_await make();
        pair.first->close();
        char block[4];
        EXPECT_EQ(co_await pair.second->read_some(block), 0u) << "a peer that closes ends the stream";
        bool failed = false;
        try {
            co_await pair.first->write_all("x");
        } catch (const std::exception&) {
            failed = true;
        }
        EXPECT_TRUE(failed) << "a closed end cannot be written to";
        pair.first->close();
    }
}

}  // namespace

task<> check_one_way(callable<task<any_pair>()> make) {
    co_await check_bytes(make);
    co_await check_waiting(make);
    co_await check_closing(make);
}

task<> check_two_way(callable<task<any_pair>()> make) {
    co_await check_one_way([&]() -> task<any_pair> { co_return co_await make(); });
    co_await check_one_way([&]() -> task<any_pair> {
        auto pair = co_await make();
        std::swap(pair.first, pair.second);
        co_return pair;
    });
    auto pair = co_await make();
    const auto there = pattern(50'000);
    const auto back = pattern(70'000);
    std::string got_there;
    std::string got_back;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await send(*pair.first, there, 999); });
        group.create_task([&]() -> task<> { co_await send(*pair.second, back, 1001); });
        group.create_task([&]() -> task<> { got_there = co_await read_all(*pair.second, 777); });
        got_back = co_await read_all(*pair.first, 778);
    });
    EXPECT_TRUE(got_there == there && got_back == back) << "both directions at once";
    auto half = co_await make();
    half.first->shutdown_write();
    char block[4];
    EXPECT_EQ(co_await half.second->read_some(block), 0u);
    std::string answer;
    co_await with_task_group([&](task_group& group) -> task<> {
        group.create_task([&]() -> task<> { co_await send(*half.second, "still open", 3); });
        answer = co_await read_all(*half.first, 16);
    });
    EXPECT_EQ(answer, "still open") << "the end of one direction leaves the other open";
}

}  // namespace hem::testing::detail
