// What a suspended task waits for. One node per wait, inside the awaiter: the primitive queues it, grants it, or the task's scope aborts
// it.
//
//   idle -> parked -> granted -> (resumed)
//                  \-> cancelled -> (resumed, throws)
//   granted -> cancelled, if a cancellation comes before the task resumes and the grant can be given back
#pragma once

#include <coroutine>
#include <cstdint>
#include <string_view>

#include "hem/core/clock.hpp"
#include "hem/core/detail/intrusive_list.hpp"

namespace hem::detail {

struct task_header;
struct wait_node;

// What a wait is about: for task lists, and to find waits that wait for each other.
struct wait_target {
    std::string_view name = {};    // of the object, empty if it has none
    task_header* owner = nullptr;  // who has to act before the wait can end, if that is known
    const void* object = nullptr;
    int descriptor = -1;                   // for I/O
    time_point until = time_point::max();  // for time
};

// How a kind of wait behaves. Plain functions, no allocation, no user code: they run inside cancel().
struct wait_ops {
    const char* kind;  // "sleep", "lock.acquire": shown in task lists
    // Takes a parked node out of what it waits in; false if that is impossible now (a kernel operation in flight). Null: cannot be aborted.
    bool (*abort)(wait_node&) noexcept;
    // Gives a grant back before the task resumed, to the next waiter or to the object; false if the effect cannot be undone. Null: nothing
    // has to be given back.
    bool (*revoke)(wait_node&) noexcept;
    // What it waits for. Null: nothing but the kind is known.
    wait_target (*target)(const wait_node&) noexcept = nullptr;
};

struct wait_tag;

struct wait_node : list_link<wait_tag> {
    enum class status : std::uint8_t { idle, parked, granted, cancelled };

    explicit wait_node(const wait_ops& operations) noexcept : ops(&operations) {}
    // An awaiter may be handed on to a combinator until it is awaited, not afterwards.
    wait_node(wait_node&& unused) noexcept : list_link(), ops(unused.ops) {}
    wait_node& operator=(wait_node&&) = delete;

    const wait_ops* ops;
    task_header* task = nullptr;
    status state = status::idle;
};

using wait_list = intrusive_list<wait_node, wait_tag>;

}  // namespace hem::detail
