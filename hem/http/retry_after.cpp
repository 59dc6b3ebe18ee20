#include "hem/http/retry_after.hpp"

#include <algorithm>
#include <charconv>

#include "hem/core/clock.hpp"
#include "hem/http/serialise.hpp"

namespace hem::http {

std::optional<std::chrono::nanoseconds> read_retry_after(std::string_view text,
                                                         std::chrono::sys_time<std::chrono::nanoseconds> now) noexcept {
    const auto trimmed = [](std::string_view part) {
        while (part.starts_with(' ') || part.starts_with('\t')) part.remove_prefix(1);
        while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
        return part;
    };
    text = trimmed(text);
    if (const auto date = parse_date(text)) {
        const auto whole = std::chrono::floor<std::chrono::seconds>(now);
        const auto left = hem::detail::to_duration(std::chrono::seconds(*date) - whole.time_since_epoch());
        return std::max(left == duration::max() ? left : left - (now - whole), duration::zero());
    }
    const auto first = trimmed(text.substr(0, text.find(',')));
    double seconds = 0;
    // The RFC allows digits only; servers send fractions and exponents, too.
    const auto [end, fault] = std::from_chars(first.data(), first.data() + first.size(), seconds);
    if (end != first.data() + first.size() || first.find_first_not_of("0123456789+-.eE") != first.npos) return std::nullopt;
    if (fault == std::errc::result_out_of_range) return duration::max();
    if (fault != std::errc()) return std::nullopt;
    return std::max(hem::detail::to_duration(std::chrono::duration<double>(seconds)), duration::zero());
}

}  // namespace hem::http
