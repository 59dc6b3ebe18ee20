// Signals as a stream, while in scope. Only on the main thread's loop. Signals of one number coalesce until they are taken.
//
//     co_await hem::with(hem::signals({SIGTERM, SIGHUP}), [&](hem::signal_stream& arriving) -> hem::task<> {
//         while (auto number = co_await arriving.next()) { ... }
//     });
#pragma once

#include <csignal>
#include <initializer_list>
#include <memory>
#include <optional>

#include "hem/core/detail/kernel.hpp"
#include "hem/core/task.hpp"

namespace hem {

class signal_stream {
public:
    signal_stream(signal_stream&&) noexcept;
    ~signal_stream();

    class [[nodiscard("not awaited: write co_await")]] next_awaiter : public detail::wait_node {
    public:
        explicit next_awaiter(signal_stream& stream) noexcept : wait_node(ops), stream_(stream) {}
        bool await_ready();
        void await_suspend(std::coroutine_handle<> handle);
        std::optional<int> await_resume();

    private:
        static bool abort(detail::wait_node& node) noexcept;
        static detail::wait_target target(const detail::wait_node& node) noexcept;
        static const detail::wait_ops ops;
        signal_stream& stream_;
    };
    // The next signal's number. A cancel point; cancelled, it took none. A second task that waits here gets busy_resource.
    next_awaiter next() noexcept { return next_awaiter(*this); }

    // Restores the handlers that were there before; a signal that came and was not taken is raised again for them.
    task<> aclose();

private:
    friend signal_stream signals(std::initializer_list<int> numbers);
    struct state;
    explicit signal_stream(std::unique_ptr<state> s) noexcept;
    std::unique_ptr<state> state_;
};

// Installs handlers. std::invalid_argument for an empty list or a bad number (nothing stays installed then), usage_error on another thread.
[[nodiscard("signals are received while the stream is in use: pass it to with")]] signal_stream signals(std::initializer_list<int> numbers);

}  // namespace hem
