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
#include <vector>

namespace hem {

// Appends `text` in quotes. Only `"`, `\` and control characters are escaped; UTF-8 stays as it is and is not checked.
void append_json_string(std::string& out, std::string_view text);
// Shortest form that reads back; 1.0 stays `1.0`. Throws json_type_error for NaN and infinity.
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, float value);
void append_json_integer(std::string& out, std::int64_t value);
void append_json_integer(std::string& out, std::uint64_t value);

// What is left out when a model is written. `include` and `exclude` name members of the outermost models on the wire.
struct write_options {
    bool exclude_none = false;      // optionals without value, null
    bool exclude_unset = false;     // members that the reader did not see; the model needs a `fields_set` member
    bool exclude_defaults = false;  // members that equal the model's initial value
    bool by_alias = true;           // false: C++ names
    bool write_only = false;        // members that are write_only are written, computed ones are not: the form that is read
    std::vector<std::string_view> include{};
    std::vector<std::string_view> exclude{};
};

class json_writer {
public:
    // `out` and `options` outlive the writer; what `out` holds already stays in front.
    explicit json_writer(std::string& out, const write_options* options = nullptr) noexcept : out_(out), options_(options) {}
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
    const write_options* options() const noexcept { return options_; }  // null: all is written
    // Number of models that are being written around the current place; models count it.
    int& model_depth() noexcept { return model_depth_; }

private:
    void separate() {
        if (comma_) out_ += ',';
        comma_ = true;
    }
    void write_tree(const json& any);

    std::string& out_;
    const write_options* options_;
    int model_depth_ = 0;
    bool comma_ = false;
};

}  // namespace hem
