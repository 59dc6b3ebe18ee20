#include "hem/search/embedded/ascii_folding.hpp"

#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace hem::search::embedded::detail {

std::string_view ascii_of(char32_t point) {
    static const auto by_point = [] {
        std::vector<std::pair<char32_t, std::string_view>> all;
        for (std::size_t row = 0; row < ascii_fold_count; ++row)
            for (const char16_t each : ascii_folds[row].points) all.emplace_back(each, ascii_folds[row].text);
        std::ranges::sort(all);
        return all;
    }();
    const auto found = std::ranges::lower_bound(by_point, point, {}, &std::pair<char32_t, std::string_view>::first);
    return found != by_point.end() && found->first == point ? found->second : std::string_view();
}

bool fold_to_ascii(std::string& text) {
    if (std::ranges::all_of(text, [](char each) { return static_cast<signed char>(each) >= 0; })) return false;
    std::string out;
    out.reserve(text.size());
    bool changed = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto found = decode(text, at);
        const auto plain = found.value < 0x80 ? std::string_view() : ascii_of(found.value);
        if (plain.empty())
            out.append(text, at, found.bytes);
        else {
            out += plain;
            changed = true;
        }
        at += found.bytes;
    }
    if (changed) text = std::move(out);
    return changed;
}

}  // namespace hem::search::embedded::detail
