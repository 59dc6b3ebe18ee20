// How a record becomes a line: escaping, cuts, masking. Shared by both forms so that no path can forget one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hem/telemetry/log.hpp"

namespace hem::log::detail {

inline constexpr std::size_t max_field_bytes = 8u << 10;
inline constexpr std::size_t max_record_bytes = 64u << 10;
inline constexpr std::size_t max_name_bytes = 128;

// Bound fields are written once, in both forms, when they are bound.
struct bound_field {
    std::string name;
    std::string console;
    std::string json;
};
struct bound_fields {
    std::vector<bound_field> values;
};

struct record_head {
    std::chrono::sys_time<std::chrono::nanoseconds> time;
    log::level level = level::info;
    std::string_view event;
    std::optional<std::uint32_t> loop;  // none outside of a loop
    std::string_view task;              // empty outside of a task
    std::string_view trace_id;          // empty without a trace
    std::source_location where;
};

// Appends one line, newline included, of at most max_record_bytes. Fields that do not fit are left out and counted in the line.
void append_record(std::string& out, const record_head& head, const bound_fields* bound, fields values, bool json, bool color);

// Appends the field's value in that form.
void append_value(std::string& out, const field& value, bool json);
// Appends text with control characters, invisible direction marks and quotes escaped and invalid UTF-8 replaced by U+FFFD.
void append_escaped(std::string& out, std::string_view text);
// True for names whose values are never shown: authorization, cookie, password, token, api_key, secret, alone or after a prefix.
bool is_secret_name(std::string_view name) noexcept;

std::string_view to_string(log::level at) noexcept;

}  // namespace hem::log::detail
