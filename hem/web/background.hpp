// Work after the answer: `background.add_task(send_email, saved.email, std::string("Order Confirmation"))`.
//
// A handler asks for a `web::background&` parameter. Its tasks run after the response has been sent, in order, in the app's own group, so a
// disconnect cannot cancel them; a handler that fails adds none. An error is reported and the next task runs. At shutdown they are awaited
// within the grace time, then cancelled. What must not be lost does not belong here.
#pragma once

#include "hem/core/errors.hpp"
#include "hem/core/is_spawn_safe.hpp"
#include "hem/core/task.hpp"
#include "hem/web/inputs.hpp"

#include <memory>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace hem::web {

namespace detail {

struct app_core;
class request_graph;

class background_call {
public:
    virtual ~background_call() = default;
    virtual task<void> run() = 0;
};

template <class T>
inline constexpr bool is_dependency_handle = false;
template <class T, class... Options>
inline constexpr bool is_dependency_handle<depends<T, Options...>> = true;

template <class F, class... Args>
class background_call_of final : public background_call {
public:
    template <class G, class... Given>
    explicit background_call_of(G&& f, Given&&... given) : f_(std::forward<G>(f)), arguments_(std::forward<Given>(given)...) {}
    HEM_CORO_WRAPPER task<void> run() override { return run_on(*this, std::index_sequence_for<Args...>()); }

private:
    template <std::size_t... I>
    static task<void> run_on(background_call_of& self, std::index_sequence<I...>) {
        if constexpr (requires { self.f_(std::move(std::get<I>(self.arguments_))...).operator co_await(); }) {
            co_await self.f_(std::move(std::get<I>(self.arguments_))...);
        } else {
            self.f_(std::move(std::get<I>(self.arguments_))...);
        }
        co_return;
    }
    F f_;
    std::tuple<Args...> arguments_;
};

}  // namespace detail

// Too much background work waits: answered with 503.
class background_full : public std::runtime_error, public unavailable {
public:
    background_full();
};

class background {
public:
    background() = default;
    background(const background&) = delete;
    background& operator=(const background&) = delete;

    // Moves function and arguments in; `f(args...)` may be a coroutine or a plain function. Starts nothing yet. Throws background_full
    // when as much work waits as the app allows.
    template <class F, class... Args>
    void add_task(F&& f, Args&&... args) {
        static_assert(!(detail::is_dependency_handle<std::decay_t<Args>> || ...),
                      "hem: a dependency ends before background work begins; move the values in that it needs");
        static_assert((is_spawn_safe<std::decay_t<Args>> && ...),
                      "hem: an argument is a view or raw pointer that may dangle after the answer: move the value in");
        check_room();
        calls_.push_back(std::make_unique<detail::background_call_of<std::decay_t<F>, std::decay_t<Args>...>>(std::forward<F>(f),
                                                                                                              std::forward<Args>(args)...));
    }
    std::size_t size() const noexcept { return calls_.size(); }

private:
    friend struct detail::app_core;
    friend class detail::request_graph;
    void check_room() const;

    std::vector<std::unique_ptr<detail::background_call>> calls_;
    const detail::app_core* app_ = nullptr;
};

}  // namespace hem::web
