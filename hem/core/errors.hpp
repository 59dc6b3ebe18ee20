// The errors of the runtime and the categories that errors of every layer carry.
//
// A category is a mix-in: it tells `web` which status to answer and `resilience` whether to try again, without either knowing the
// layer that threw. Mix-ins do not derive from std::exception; a concrete error derives from exactly one standard exception and
// from the mix-ins that apply, so `catch (const std::exception&)` and `catch (const hem::not_found&)` both work.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hem {

// Misuse of the library: the message names the objects involved and what to do instead.
class usage_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

// A task was created in a group that failed, was cancelled or has ended. Callable and arguments were destroyed first.
class group_closed : public usage_error {
public:
    using usage_error::usage_error;
};

// A scope's own deadline struck. Errors of other layers derive from it where a phase of theirs timed out.
class timeout_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The awaited task was cancelled; the waiter was not.
class task_cancelled : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class queue_full : public std::runtime_error {
public:
    queue_full() : std::runtime_error("queue is full") {}
};

class queue_empty : public std::runtime_error {
public:
    queue_empty() : std::runtime_error("queue is empty") {}
};

class queue_closed : public std::runtime_error {
public:
    queue_closed() : std::runtime_error("queue is closed") {}
};

// One's own end was closed before or during the call.
class closed_resource : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The other side is gone, or an owner ended without releasing.
class broken_resource : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Another task is inside the same operation.
class busy_resource : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The barrier was reset or aborted while the task was part of its round, or is broken.
class broken_barrier : public std::runtime_error {
public:
    explicit broken_barrier(const std::string& which) : std::runtime_error("the " + which + " was broken by reset() or abort()") {}
};

class would_block : public std::runtime_error {
public:
    would_block() : std::runtime_error("operation would block") {}
};

// `run` ended because of SIGINT.
class interrupted : public std::runtime_error {
public:
    interrupted() : std::runtime_error("interrupted by SIGINT") {}
};

// The loop that should have run this has ended.
class run_finished : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Nothing can ever wake the tasks that are left.
class deadlock_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A callback that the loop ran threw; the error is nested.
class internal_error : public std::runtime_error, public std::nested_exception {
public:
    using std::runtime_error::runtime_error;
};

// Errors that left a group with `errors::all`, in order of arrival. Never empty, never holds a cancellation.
class exception_group : public std::runtime_error {
public:
    exception_group(const std::string& message, std::vector<std::exception_ptr> errors)
        : std::runtime_error(message), errors_(std::move(errors)) {}

    const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

    // True if any error, in nested groups too, is an E. The groups themselves are not looked for.
    template <class E>
        requires(!std::is_same_v<E, exception_group>)
    bool contains() const {
        return handle<E>([](const E&) {}) > 0;
    }

    // Calls f(const E&) for each error, in nested groups too, that is an E; returns how many there were.
    template <class E, class F>
        requires(!std::is_same_v<E, exception_group>)
    std::size_t handle(F&& f) const {
        std::size_t count = 0;
        for (const auto& error : errors_) {
            try {
                std::rethrow_exception(error);
            } catch (const exception_group& inner) {
                count += inner.handle<E>(f);
            } catch (const E& found) {
                f(found);
                ++count;
            } catch (...) {  // NOLINT(bugprone-empty-catch): an error of another type is not asked for
            }
        }
        return count;
    }

private:
    std::vector<std::exception_ptr> errors_;
};

// ---- categories ---------------------------------------------------------------------------------------------------------------

// Base of the categories: text that may be shown to a client of the service, empty when only the generic phrase may.
class error_category {
public:
    virtual ~error_category() = default;
    const std::string& public_detail() const noexcept { return public_detail_; }

protected:
    error_category() = default;
    explicit error_category(std::string detail) : public_detail_(std::move(detail)) {}

private:
    std::string public_detail_;
};

class not_found : public virtual error_category {
protected:
    not_found() = default;
};

class conflict : public virtual error_category {
protected:
    conflict() = default;
};

class permission_denied : public virtual error_category {
protected:
    permission_denied() = default;
};

// Over capacity or out of reach; `retry_after` says when another try makes sense, if that is known.
class unavailable : public virtual error_category {
public:
    std::optional<std::chrono::nanoseconds> retry_after() const noexcept { return retry_after_; }

protected:
    unavailable() = default;
    explicit unavailable(std::optional<std::chrono::nanoseconds> retry_after) : retry_after_(retry_after) {}

private:
    std::optional<std::chrono::nanoseconds> retry_after_;
};

class rate_limited : public virtual error_category {
public:
    std::optional<std::chrono::nanoseconds> retry_after() const noexcept { return retry_after_; }

protected:
    rate_limited() = default;
    explicit rate_limited(std::optional<std::chrono::nanoseconds> retry_after) : retry_after_(retry_after) {}

private:
    std::optional<std::chrono::nanoseconds> retry_after_;
};

// ---- what resilience asks of an error -------------------------------------------------------------------------------------------

enum class failure_kind {
    not_sent,   // the call provably had no effect: refused, unresolved, reset before the first byte
    transient,  // may have had an effect: timeout, reset in the middle, 502, 504
    overload,   // the other side asks for less: 429, 503
    permanent,  // trying again cannot help
};

// Mix-in of errors that know how they failed and whether the failed operation may be repeated without harm.
class classified_failure {
public:
    virtual ~classified_failure() = default;
    virtual failure_kind kind() const noexcept = 0;
    virtual bool idempotent() const noexcept { return false; }
    // Whether it speaks against the health of the dependency, which is what a circuit breaker counts.
    virtual bool is_fault() const noexcept { return kind() != failure_kind::permanent; }
};

// A peer could not be reached or the connection to it failed.
class network_error : public std::runtime_error, public unavailable, public classified_failure {
public:
    explicit network_error(const std::string& what, failure_kind kind = failure_kind::transient) : std::runtime_error(what), kind_(kind) {}
    failure_kind kind() const noexcept override { return kind_; }

private:
    failure_kind kind_;
};

static_assert(std::is_convertible_v<network_error*, std::exception*>);
static_assert(std::is_convertible_v<internal_error*, std::exception*>);

}  // namespace hem
