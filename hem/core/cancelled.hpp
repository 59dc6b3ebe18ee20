// The exception that interrupts an await. It derives from nothing, so `catch (const std::exception&)` lets it pass, and only Hem can
// make one. Whoever catches it to clean up throws it on with `throw;`; a scope that swallowed it is interrupted again at its next await.
#pragma once

#include <memory>
#include <source_location>
#include <string>

namespace hem {

enum class cancel_kind { requested, deadline, sibling_failed, interrupt, shutdown };

struct cancel_reason {
    cancel_kind kind = cancel_kind::requested;
    std::string text;                 // what the canceller said, may be empty
    std::string task;                 // name of the task that asked or failed, may be empty
    std::source_location location{};  // where it was asked for
};

std::string to_string(const cancel_reason& reason);

namespace detail {
struct cancelled_access;
}

class cancelled {
public:
    // Why the scope was cancelled: the first reason that was given. Valid as long as this exception.
    const cancel_reason& reason() const noexcept { return *reason_; }

private:
    friend struct detail::cancelled_access;
    explicit cancelled(std::shared_ptr<const cancel_reason> reason) noexcept : reason_(std::move(reason)) {}
    std::shared_ptr<const cancel_reason> reason_;
};

}  // namespace hem
