// A child whose task and outcome lie in the combinator's own frame: nothing is allocated for it. A watched child also tells a listener that
// it has ended, so that combinators that look at single ends (race, as_completed) stand on non-template cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hem/core/detail/group_core.hpp"
#include "hem/core/task.hpp"

namespace hem::detail {

std::exception_ptr empty_task_error();

template <class T>
class joined_task : public task_header {
public:
    explicit joined_task(task<T> body) noexcept : body_(std::move(body)) {}
    joined_task(joined_task&& other) noexcept : body_(std::move(other.body_)) {}  // before it is spawned only

    void start() override {
        auto handle = task_access::handle(body_);
        if (!handle) {
            result.set_error(empty_task_error());
            loop->just_finished = this;
            return;
        }
        handle.promise().start();
        handle.resume();
    }
    std::exception_ptr finish() noexcept override {
        if (auto handle = task_access::handle(body_)) result = std::move(handle.promise().result);
        body_ = task<T>();
        return result.error();
    }
    void set_cancelled() noexcept override { result.set_cancelled(); }
    void set_error(std::exception_ptr error) noexcept override { result.set_error(std::move(error)); }
    void discard() noexcept { task_access::discard(body_); }

    outcome<T> result;

protected:
    ~joined_task() = default;

private:
    task<T> body_;
};

template <class T>
class joined_child final : public joined_task<T> {
public:
    using joined_task<T>::joined_task;
    void release() noexcept override {}
};

struct watched_tag;
class watched_node;

// Runs in the loop, after everything of the child but its outcome is gone; resumes nobody.
class child_listener {
public:
    virtual void child_ended(watched_node& child) noexcept = 0;

protected:
    ~child_listener() = default;
};

class watched_node : public list_link<watched_tag> {
public:
    enum class ending : std::uint8_t { none, value, error, cancelled };

    virtual task_header& header() noexcept = 0;
    // It never started and shall not: destroys its task without a report.
    virtual void call_off() noexcept = 0;

    child_listener* listener = nullptr;
    std::size_t index = 0;
    ending ended = ending::none;
    std::exception_ptr error;

protected:
    ~watched_node() = default;
};

using watched_list = intrusive_list<watched_node, watched_tag>;

template <class T>
class watched_child final : public joined_task<T>, public watched_node {
public:
    explicit watched_child(task<T> body) noexcept : joined_task<T>(std::move(body)) {}
    watched_child(watched_child&& other) noexcept : joined_task<T>(std::move(other)), watched_node() {}

    task_header& header() noexcept override { return *this; }
    void call_off() noexcept override {
        this->discard();
        this->result.set_cancelled();
    }
    void release() noexcept override {
        error = this->result.error();
        ended = this->result.has_value() ? ending::value : error ? ending::error : ending::cancelled;
        listener->child_ended(*this);
    }
};

// void becomes monostate, so that results fit into tuples.
template <class T>
using lifted_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
lifted_t<T> take_value(outcome<T>& result) {
    if constexpr (std::is_void_v<T>) {
        return {};
    } else {
        return std::move(result).value();
    }
}

inline void spawn_child(group_core& group, task_header& child) noexcept {
    child.context = current_task_header().context;
    group.spawn(child);
}

// All of one range; a range that is moved in gives its awaitables away.
template <class Child, class Range>
std::vector<Child> collect_children(Range&& awaitables) {
    std::vector<Child> children;
    if constexpr (requires { awaitables.size(); }) children.reserve(awaitables.size());
    for (auto&& each : awaitables) children.emplace_back(as_task(std::move(each)));
    return children;
}

template <class Range>
concept awaitable_range = !awaitable<Range> && requires(Range& range) {
    range.end();
    requires awaitable<std::remove_cvref_t<decltype(*range.begin())>>;
};
template <class Range>
using range_result_t = await_result_t<std::remove_cvref_t<decltype(*std::declval<Range&>().begin())>>;

}  // namespace hem::detail
