// A value inside a query: text, number, boolean, date, enumerator or raw JSON, kept as the JSON text that goes on the wire.
// An empty `std::optional` makes an empty value, and a query over an empty value is no query at all, so an optional filter of a
// service needs no `if`.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/field_types.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hem::search {

class query_value {
public:
    query_value() = default;  // empty
    query_value(std::nullopt_t) {}
    query_value(std::string_view text);
    query_value(const char* text) : query_value(std::string_view(text)) {}
    query_value(const std::string& text) : query_value(std::string_view(text)) {}
    query_value(const json& value);
    query_value(const date& time);
    query_value(const date_nanos& time);
    query_value(std::chrono::sys_days day);
    template <class T>
        requires std::same_as<T, bool>
    query_value(T value) : wire_(value ? "true" : "false") {}
    template <class T>
        requires(std::integral<T> && !std::same_as<T, bool>)
    query_value(T value) : wire_(integer_text(value)) {}
    query_value(double value);
    template <class T>
    query_value(const std::optional<T>& value) : query_value(value ? query_value(*value) : query_value()) {}
    template <class T>
    query_value(const std::vector<T>& values) : wire_("[") {
        for (const T& each : values) {
            if (wire_.size() > 1) wire_ += ',';
            wire_ += query_value(each).wire_;
        }
        wire_ += ']';
    }

    // The JSON text; empty if there is no value.
    const std::string& wire() const noexcept { return wire_; }
    bool empty() const noexcept { return wire_.empty(); }

private:
    template <class T>
    static std::string integer_text(T value) {
        if constexpr (std::is_signed_v<T>) {
            return signed_text(static_cast<std::int64_t>(value));
        } else {
            return unsigned_text(static_cast<std::uint64_t>(value));
        }
    }
    static std::string signed_text(std::int64_t value);
    static std::string unsigned_text(std::uint64_t value);

    std::string wire_;
};

}  // namespace hem::search
