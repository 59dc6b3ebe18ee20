// The asciifolding filter's table: letters with marks, ligatures, signs and digits of other shapes as plain ASCII (ß is ss, Ø is O).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

struct ascii_fold {
    std::string_view text;
    std::u16string_view points;  // each folds to `text`
};
extern const ascii_fold ascii_folds[];
extern const std::size_t ascii_fold_count;

// Empty when the code point stays as it is.
std::string_view ascii_of(char32_t point);

// True when something changed.
bool fold_to_ascii(std::string& text);

}  // namespace hem::search::embedded::detail
