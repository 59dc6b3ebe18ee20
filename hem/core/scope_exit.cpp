#include "hem/core/scope_exit.hpp"

#include "hem/core/with.hpp"

namespace hem::detail {
namespace {

task<> run_exits(exit_chain& chain, promise_base& owner, const exit_chain::owner_ops& ops) {
    while (!chain.cleanups.empty()) {
        task<> next = std::move(chain.cleanups.back());
        chain.cleanups.pop_back();
        std::exception_ptr error;
        try {
            co_await shield(std::move(next));
        } catch (...) {
            error = std::current_exception();
        }
        if (!error) continue;
        if (ops.failed(owner)) {
            report_cleanup_error(error);
        } else {
            ops.fail(owner, std::move(error));
        }
    }
}

}  // namespace

constinit exit_chain not_started;

exit_chain::exit_chain(promise_base& owner, const owner_ops& ops) : driver(run_exits(*this, owner, ops)) {}

void add_exit(promise_base& owner, const exit_chain::owner_ops& ops, task<> cleanup) {
    if (!owner.exits) owner.exits = new exit_chain(owner, ops);
    owner.exits->cleanups.push_back(std::move(cleanup));
}

std::coroutine_handle<> begin_exits(promise_base& promise, std::coroutine_handle<> then) noexcept {
    auto driver = task_access::handle(promise.exits->driver);
    driver.promise().continuation = then;
    driver.promise().start();
    return driver;
}

}  // namespace hem::detail
