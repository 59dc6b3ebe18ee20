// The cleanups that scope_exit registered with one coroutine. Made by the first of them, so that ending needs no memory; owned by the
// coroutine's promise.
#pragma once

#include <exception>
#include <vector>

#include "hem/core/task.hpp"

namespace hem::detail {

struct exit_chain {
    // How the cleanups see the coroutine's own outcome.
    struct owner_ops {
        bool (*failed)(const promise_base&) noexcept;
        void (*fail)(promise_base&, std::exception_ptr) noexcept;
    };

    exit_chain() noexcept = default;
    exit_chain(promise_base& owner, const owner_ops& ops);

    std::vector<task<>> cleanups;  // run last in, first out
    task<> driver;
};

// Registers `cleanup` with a running coroutine.
void add_exit(promise_base& owner, const exit_chain::owner_ops& ops, task<> cleanup);

}  // namespace hem::detail
