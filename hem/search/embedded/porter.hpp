// Porter's stemmer of 1980 for English, as search engines use it: with `bli` to `ble` and `logi` to `log`.
// Source: M. F. Porter, "An algorithm for suffix stripping", Program 14 (3), 1980, and the departures he published for it.
#pragma once

#include <cstddef>

namespace hem::search::embedded::detail {

// Stems a lower-case word in place and returns its new length, which is never longer. Words of one or two letters stay.
std::size_t porter_stem(char* word, std::size_t size) noexcept;
std::size_t porter_stem(char16_t* word, std::size_t size) noexcept;

}  // namespace hem::search::embedded::detail
