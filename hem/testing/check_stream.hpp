// Whether a stream keeps the promises of streams: for tests of transports, wrappers and test doubles. A stream has
//
//     task<std::size_t> read_some(std::span<char>);      0 at the end
//     task<> write_all(std::string_view);
//     void shutdown_write();                             sends the end
//     void close();
//
// `make` gives a connected pair, anew in each call: an object with `first` and `second`, as memory_stream_pair does, or a task of one.
//
//     co_await hem::testing::check_two_way_stream([] { return hem::testing::memory_stream_pair(); });
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hem/core/callable.hpp"
#include "hem/core/task.hpp"

namespace hem::testing {

namespace detail {

class any_stream {
public:
    virtual ~any_stream() = default;
    virtual task<std::size_t> read_some(std::span<char> into) = 0;
    virtual task<> write_all(std::string_view bytes) = 0;
    virtual void shutdown_write() = 0;
    virtual void close() = 0;
};

template <class Stream>
class some_stream final : public any_stream {
public:
    explicit some_stream(Stream&& stream) : stream_(std::move(stream)) {}
    HEM_CORO_WRAPPER task<std::size_t> read_some(std::span<char> into) override { return stream_.read_some(into); }
    HEM_CORO_WRAPPER task<> write_all(std::string_view bytes) override { return stream_.write_all(bytes); }
    void shutdown_write() override { stream_.shutdown_write(); }
    void close() override { stream_.close(); }

private:
    Stream stream_;
};

struct any_pair {
    std::unique_ptr<any_stream> first;
    std::unique_ptr<any_stream> second;
};

template <class Pair>
any_pair erase(Pair pair) {
    return {std::make_unique<some_stream<decltype(pair.first)>>(std::move(pair.first)),
            std::make_unique<some_stream<decltype(pair.second)>>(std::move(pair.second))};
}

template <class Make>
callable<task<any_pair>()> pair_maker(Make make) {
    return [make = std::move(make)]() mutable -> task<any_pair> {
        if constexpr (hem::detail::awaitable<decltype(make())>) {
            co_return erase(co_await make());
        } else {
            co_return erase(make());
        }
    };
}

task<> check_one_way(callable<task<any_pair>()> make);
task<> check_two_way(callable<task<any_pair>()> make);

}  // namespace detail

// Bytes from first to second: all of them, in order, whatever the sizes of reads and writes; the end after the bytes, again and again; a
// cancelled read took nothing; a read that waits goes on when bytes or the end come; writing to a closed peer fails with network_error;
// using a closed end fails. Fails the test with the promise that does not hold.
template <class Make>
task<> check_one_way_stream(Make make) {
    co_await detail::check_one_way(detail::pair_maker(std::move(make)));
}

// The same in both directions, at once, and the end of one direction leaves the other open.
template <class Make>
task<> check_two_way_stream(Make make) {
    co_await detail::check_two_way(detail::pair_maker(std::move(make)));
}

}  // namespace hem::testing
