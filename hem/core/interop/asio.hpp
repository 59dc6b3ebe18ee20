// Asio and Hem in one program. Any operation of Asio can be awaited with `use_hem` as its completion token:
//
//     std::size_t got = co_await socket.async_read_some(asio::buffer(bytes), hem::use_hem);
//
// It gives what the handler would have been given behind the error code (nothing, a value, or a tuple of values) and throws an error code
// as asio::system_error. The operation starts when it is awaited. A cancelled await asks the operation to end, through its cancellation
// slot, and waits for it: if it completed all the same its result is given, else `cancelled` is thrown. An operation that knows no slot
// ends by itself.
//
// The io_context may run on any thread, or on the loop's own: hem::run_on(context, main) runs Hem's loop inside it, so that tasks and
// handlers share one thread and need no locks.
//
// Needs Asio 1.22 or later, without Boost. The header is not part of hem/core.hpp.
#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>

#include "hem/core/from_callback.hpp"
#include "hem/core/loop_host.hpp"
#include "hem/core/run.hpp"
#include "hem/core/task.hpp"

namespace hem {

// The completion token.
struct use_hem_t {};
inline constexpr use_hem_t use_hem{};

namespace detail {

// What an operation's handler is given behind its error.
template <class... Values>
struct asio_value {
    using type = std::tuple<Values...>;
};
template <class Value>
struct asio_value<Value> {
    using type = Value;
};
template <>
struct asio_value<> {
    using type = void;
};

template <class... Args>
struct asio_signature {
    using value = typename asio_value<std::decay_t<Args>...>::type;
    template <class Resolve>
    static void complete(Resolve& resolve, Args... args) {
        if constexpr (sizeof...(Args) <= 1) {
            resolve(std::move(args)...);
        } else {
            resolve(value(std::move(args)...));
        }
    }
};
template <class... Args>
struct asio_signature<asio::error_code, Args...> : asio_signature<Args...> {
    template <class Resolve>
    static void complete(Resolve& resolve, asio::error_code error, Args... args) {
        if (error) return resolve(std::make_exception_ptr(asio::system_error(error)));
        asio_signature<Args...>::complete(resolve, std::move(args)...);
    }
};
template <class... Args>
struct asio_signature<std::exception_ptr, Args...> : asio_signature<Args...> {
    template <class Resolve>
    static void complete(Resolve& resolve, std::exception_ptr error, Args... args) {
        if (error) return resolve(std::move(error));
        asio_signature<Args...>::complete(resolve, std::move(args)...);
    }
};

template <class... Args>
struct asio_handler {
    using cancellation_slot_type = asio::cancellation_slot;
    cancellation_slot_type get_cancellation_slot() const noexcept { return signal->slot(); }
    void operator()(Args... args) { asio_signature<Args...>::complete(resolve, std::move(args)...); }

    resolver<typename asio_signature<Args...>::value> resolve;
    std::shared_ptr<asio::cancellation_signal> signal;
};

// Starts the operation and waits for its handler.
template <class... Args, class Initiation, class... InitArgs>
auto await_asio(Initiation initiation, InitArgs... args) -> task<typename asio_signature<Args...>::value> {
    using value = typename asio_signature<Args...>::value;
    auto signal = std::make_shared<asio::cancellation_signal>();
    // Signals may only be emitted where the operation's handlers run.
    auto executor = asio::get_associated_executor(initiation);
    auto ask = [signal, executor] { asio::post(executor, [signal] { signal->emit(asio::cancellation_type::all); }); };
    std::optional<std::stop_callback<decltype(ask)>> asked;
    try {
        co_return co_await from_callback<value>([&](resolver<value> resolve, std::stop_token stop) {
            asked.emplace(std::move(stop), ask);
            std::move(initiation)(asio_handler<Args...>{std::move(resolve), signal}, std::move(args)...);
        });
    } catch (const asio::system_error& error) {
        // Ended because its task was cancelled: that is what leaves.
        if (error.code() == asio::error::operation_aborted) throw_if_cancelled();
        throw;
    }
}

// What an operation returns: a task in a coat, since Asio hands it through functions of its own, which a task does not allow.
template <class T>
class [[nodiscard("the operation starts when it is awaited: write co_await")]] asio_operation {
public:
    explicit asio_operation(task<T> operation) noexcept : operation_(std::move(operation)) {}
    auto operator co_await() && { return std::move(operation_).operator co_await(); }

private:
    task<T> operation_;
};

// Waits in the io_context instead of in Hem's reactor.
class asio_host final : public loop_host {
public:
    explicit asio_host(asio::io_context& context) : context_(context), timer_(context) {}

    void wait(int descriptor, duration limit) noexcept override {
        if (context_.stopped()) context_.restart();
        if (limit <= duration::zero()) {
            context_.poll();
            return;
        }
        // The two ends of the wait are handlers like any other; a handler of the program may set something going in Hem, so after any of
        // them the loop looks again.
        if (!watched_) watched_.emplace(context_, descriptor);
        watched_->async_wait(asio::posix::stream_descriptor::wait_read, [](asio::error_code) {});
        if (limit != duration::max()) {
            timer_.expires_after(limit);
            timer_.async_wait([](asio::error_code) {});
        }
        context_.run_one();
        watched_->cancel();
        timer_.cancel();
        context_.poll();
    }
    // Before the loop, whose descriptor it is, ends.
    void let_go() noexcept {
        if (watched_) watched_->release();
        watched_.reset();
    }

private:
    asio::io_context& context_;
    asio::steady_timer timer_;
    std::optional<asio::posix::stream_descriptor> watched_;
};

}  // namespace detail

// Runs `f(args...)` as the main task of a loop on this thread, inside `context`: handlers run between tasks. Returns main's value, or
// throws its error, as `run` does; what is left in the context then stays there. Nobody else may run the context meanwhile, and an error
// that leaves one of its handlers ends the program.
template <class F, class... Args>
auto run_on(asio::io_context& context, F&& f, Args&&... args) {
    detail::asio_host host(context);
    std::optional<runner> one;
    {
        const detail::hosted_loop made(host);
        one.emplace();
    }
    struct at_end {
        ~at_end() { host.let_go(); }
        detail::asio_host& host;
    } const end(host);
    return one->run(std::forward<F>(f), std::forward<Args>(args)...);
}

}  // namespace hem

template <class... Args>
class asio::async_result<hem::use_hem_t, void(Args...)> {
public:
    template <class Initiation, class... InitArgs>
    static auto initiate(Initiation&& initiation, hem::use_hem_t, InitArgs&&... args) {
        using value = typename hem::detail::asio_signature<Args...>::value;
        return hem::detail::asio_operation<value>(hem::detail::await_asio<Args...>(
            std::decay_t<Initiation>(std::forward<Initiation>(initiation)), std::decay_t<InitArgs>(std::forward<InitArgs>(args))...));
    }
};
