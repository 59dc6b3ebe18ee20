// Says to `retry` that an attempt may be repeated, whatever the reason; whoever retries catches it, it reaches no caller.
#pragma once

#include "hem/core/errors.hpp"

#include <optional>
#include <stdexcept>
#include <string>

namespace hem::search::detail {

class worth_repeating : public std::runtime_error, public hem::unavailable, public classified_failure {
public:
    worth_repeating(const std::string& what, std::optional<duration> retry_after)
        : std::runtime_error(what), hem::unavailable(retry_after) {}
    failure_kind kind() const noexcept override { return failure_kind::not_sent; }
};

}  // namespace hem::search::detail
