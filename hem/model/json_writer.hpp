// Appends JSON text to a string: the writer of everything that this layer writes, usable by itself on hot paths.
//
// It places commas and colons; it does not check that keys stand only in objects. `raw` appends text that is JSON already.
// Nothing is allocated but the string's own growth.
#pragma once

#include "hem/model/json.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace hem {

// Appends `text` in quotes. Only `"`, `\` and control characters are escaped; UTF-8 stays as it is and is not checked.
void append_json_string(std::string& out, std::string_view text);
// Shortest form that reads back; 1.0 stays `1.0`. Throws json_type_error for NaN and infinity.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_json_integer(std::string& out, std::int64_t value);
void append_json_integer(std::string& out, std::uint64_t value);

class json_writer {
public:
    // `out` outlives the writer; what it holds already stays in front.
    explicit json_writer(std::string& out) noexcept : out_(out) {}
    json_writer(const json_writer&) = delete;
    json_writer& operator=(const json_writer&) = delete;

    json_writer& begin_object() {
        separate();
        out_ += '{';
        comma_ = false;
        return *this;
    }
    json_writer& end_object() {
        out_ += '}';
        comma_ = true;
        return *this;
    }
    json_writer& begin_array() {
        separate();
        out_ += '[';
        comma_ = false;
        return *this;
    }
    json_writer& end_array() {
        out_ += ']';
        comma_ = true;
        return *this;
    }
    json_writer& key(std::string_view name) {
        separate();
        append_json_string(out_, name);
        out_ += ':';
        comma_ = false;
        return *this;
    }
    // `quoted` is a key with its quotes and colon, made once: `"name":`.
    json_writer& quoted_key(std::string_view quoted) {
        separate();
        out_ += quoted;
        comma_ = false;
        return *this;
    }

    json_writer& value(std::nullptr_t) { return raw("null"); }
    json_writer& value(std::same_as<bool> auto flag) { return raw(flag ? "true" : "false"); }
    json_writer& value(detail::json_integer auto number) {
        separate();
        if constexpr (std::signed_integral<decltype(number)>) {
            append_json_integer(out_, static_cast<std::int64_t>(number));
        } else {
            append_json_integer(out_, static_cast<std::uint64_t>(number));
        }
        return *this;
    }
    json_writer& value(double number) {
        separate();
        append_json_number(out_, number);
        return *this;
    }
    json_writer& value(float number) {
        separate();
        append_json_number(out_, number);
        return *this;
    }
    json_writer& value(std::string_view text) {
        separate();
        append_json_string(out_, text);
        return *this;
    }
    json_writer& value(const char* text) { return value(std::string_view(text)); }
    json_writer& value(const std::string& text) { return value(std::string_view(text)); }
    json_writer& value(const json& any);

    json_writer& raw(std::string_view text) {
        separate();
        out_ += text;
        return *this;
    }

    template <class T>
    json_writer& member(std::string_view name, const T& any) {
        key(name);
        return value(any);
    }

    std::string& out() noexcept { return out_; }

private:
    void separate() {
        if (comma_) out_ += ',';
        comma_ = true;
    }
    void write_tree(const json& any);

    std::string& out_;
    bool comma_ = false;
};

}  // namespace hem
