// What broadcast and watch have in common: tasks that wait for news, and the cursor of one subscriber. A wake-up only says that there is
// something to look at; the position in the cursor decides what, so nothing has to be given back when a waiter is cancelled.
#pragma once

#include <cstdint>
#include <string>

#include "hem/core/detail/parking_lot.hpp"

namespace hem::detail {

class news_awaiter;

// The publisher's side.
struct news_source {
    news_source(const char* what, std::string name) : what(what), name(std::move(name)) {}

    void touch() { owner.touch(what, name); }
    void announce() noexcept { waiters.grant_all(this); }

    const char* what;
    std::string name;
    parking_lot waiters;
    loop_owner owner;
    std::size_t subscribers = 0;
    bool closed = false;
};

// The subscriber's side: one call at a time.
struct news_cursor {
    std::uint64_t position = 0;
    news_awaiter* waiting = nullptr;
    bool closed = false;

    // The call that waits gets closed_resource.
    void close(news_source& source) noexcept;
};

class news_awaiter : public wait_node {
public:
    void await_suspend(std::coroutine_handle<> handle);

protected:
    news_awaiter(news_source& source, news_cursor& at, const wait_ops& operations) noexcept
        : wait_node(operations), source_(source), at_(at) {}
    // `there`: something newer than the cursor's position exists.
    bool ready(bool there);
    // After the wait: throws `cancelled`, closed_resource.
    void settle();
    static bool abort(wait_node& node) noexcept;
    static wait_target target(const wait_node& node) noexcept;

private:
    friend struct news_cursor;
    news_source& source_;
    news_cursor& at_;
    bool waits_ = false;
    bool end_closed_ = false;
};

[[noreturn]] void throw_publisher_closed(const char* what, const std::string& name);

}  // namespace hem::detail
