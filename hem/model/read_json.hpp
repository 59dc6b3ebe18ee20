// Reads JSON text into any type that has json_traits, and says everything that is wrong with it.
//
//     std::expected<item, validation_errors> got = read_json<item>(text);
//     item it = from_json<item>(text);                                     // throws validation_error
// A text is parsed once by simdjson and walked once; no tree is kept unless a member is `json`. All errors are collected, in order of
// the members. A text that is not JSON is one error of type json_invalid.
#pragma once

#include "hem/model/detail/json_document.hpp"
#include "hem/model/json_source.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/validation.hpp"

#include <expected>
#include <span>
#include <string_view>

namespace hem {

struct read_json_options {
    bool strict = false;
    std::size_t max_depth = 64;
    std::span<const json> prefix{};  // comes first in each loc, such as {"body"}
};

// A parsed text, for code that reads several values of it (`web`'s bodies with one key each).
class json_input {
public:
    // `text` outlives the input. Only one input at a time is fast in a thread; further ones use memory of their own.
    explicit json_input(std::string_view text, std::size_t max_depth = 64) : text_(text), document_(text, max_depth) {}

    bool valid() const noexcept { return document_.valid(); }
    json_source root() const noexcept { return document_.root(); }  // needs valid()
    // Replaces `errors` by the one entry json_invalid, at prefix + position. For !valid().
    void report_invalid(validation_errors& errors, std::span<const json> prefix) const;
    // The same when a reader met a known key twice (context.duplicate); true if so.
    bool report_duplicate(const read_context& context, validation_errors& errors, std::span<const json> prefix) const;

private:
    std::string_view text_;
    detail::json_document document_;
};

namespace detail {
bool read_json_text(std::string_view text, void* out, bool (*read)(const json_source&, void*, read_context&), validation_errors& errors,
                    const read_json_options& options);
}

// Reads into an object that was default-constructed; members that failed keep their defaults. False: `errors` has entries.
template <class T>
bool read_json_into(std::string_view text, T& out, validation_errors& errors, const read_json_options& options = {}) {
    return detail::read_json_text(text, &out, detail::operations<T>.read, errors, options);
}

template <class T>
std::expected<T, validation_errors> read_json(std::string_view text, const read_json_options& options = {}) {
    std::expected<T, validation_errors> result(std::in_place);
    validation_errors errors;
    if (!read_json_into(text, *result, errors, options)) return std::unexpected(std::move(errors));
    return result;
}

template <class T>
T from_json(std::string_view text, const read_json_options& options = {}) {
    T value{};
    validation_errors errors;
    if (!read_json_into(text, value, errors, options)) throw validation_error(std::move(errors));
    return value;
}

// The object itself after the constraints of its fields, nested ones included, and its `validate` were checked as if it had been
// read; throws validation_error.
template <model T>
T validated(T object) {
    const write_options as_input{.write_only = true};
    std::string text;
    json_writer writer(text, &as_input);
    json_traits<T>::write(writer, object);
    (void)from_json<T>(text);
    return object;
}

// From a tree.
template <class T>
T from_json_value(const json& value, const read_json_options& options = {}) {
    return from_json<T>(value.dump(), options);
}

}  // namespace hem
