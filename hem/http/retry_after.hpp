// Retry-After (RFC 9110 10.2.3): how long a server asks a client to wait.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hem::http {

// Seconds, or a date against `now`; never negative: what lies in the past is 0. Of several values the first counts. A number beyond what a
// duration holds is the longest duration. Empty for what cannot be read.
std::optional<std::chrono::nanoseconds> read_retry_after(std::string_view text,
                                                         std::chrono::sys_time<std::chrono::nanoseconds> now) noexcept;

}  // namespace hem::http
