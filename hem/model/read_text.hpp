// Reads the texts of a path, query, header, cookie or form value into a typed value, by the rules of web frameworks: `?page=2`.
//
// Numbers, words for true and false, dates and so on are read from their text form; a list takes the texts of a repeated key; a single
// value takes the last of them. Texts must be UTF-8.
#pragma once

#include "hem/model/json_source.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/validation.hpp"

#include <expected>
#include <span>
#include <string_view>

namespace hem {

// False after reporting to the context, whose prefix or steps say where the text came from (["query", "page"]).
template <class T>
bool read_text(std::span<const std::string_view> texts, T& out, read_context& context) {
    return json_traits<T>::read(json_source::text(texts.data(), texts.size()), out, context);
}

template <class T>
std::expected<T, validation_errors> read_text(std::string_view text) {
    std::expected<T, validation_errors> result(std::in_place);
    validation_errors errors;
    read_context context(errors);
    if (!read_text(std::span(&text, 1), *result, context)) return std::unexpected(std::move(errors));
    return result;
}

// Where the texts of one member of a model come from: appends those of `name` and returns how many there were.
struct text_lookup {
    std::size_t (*find)(const void* source, std::string_view name, std::vector<std::string_view>& out);
    const void* source;
};
// Reads one member of a model each from its texts: a query, header or form model. `validate` runs as for a body. With `header_names`
// a `_` of a name is looked up as `-`, and errors show the C++ name. Missing members are reported with `missing_input`.
bool read_text_model(const model_info& info, void* out, const text_lookup& lookup, bool header_names, const json& missing_input,
                     read_context& context);

}  // namespace hem
