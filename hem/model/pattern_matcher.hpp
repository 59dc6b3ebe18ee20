// Regular expressions that match in linear time, for `pattern<>`: Thompson's construction, simulated (Thompson 1968; Cox, "Regular
// Expression Matching Can Be Simple And Fast"). No back-references and no look-around.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::detail {

class pattern_matcher {
public:
    // Throws usage_error that names the pattern, the place and what is not understood. Understood are literals, `.`, classes,
    // \d \w \s \D \W \S \b \B \t \n \r \f \v \xHH \uHHHH, groups, `|`, `* + ? {n,m}` (lazy forms too), `^` and `$`.
    explicit pattern_matcher(std::string_view pattern);

    // True if the pattern matches anywhere in the text, which is UTF-8.
    bool search(std::string_view text) const;

private:
    friend class pattern_compiler;
    using code_range = std::pair<std::uint32_t, std::uint32_t>;
    enum class op : std::uint8_t { set, split, jump, begin, end, word_edge, not_word_edge, match };
    struct instruction {
        op code;
        std::uint32_t first = 0;   // target, or first range
        std::uint32_t second = 0;  // other target, or number of ranges
    };
    struct thread_list;
    void follow(thread_list& list, std::uint32_t at, bool at_begin, bool at_end, bool word_before, bool word_after) const;
    bool accepts(const instruction& step, std::uint32_t code) const noexcept;

    std::vector<instruction> program_;
    std::vector<code_range> ranges_;
};

// The compiled form of a pattern that is a constant of the program; kept per thread.
const pattern_matcher& pattern_for(std::string_view constant);

// Next code point of valid UTF-8 text; moves `at`.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept;

}  // namespace hem::detail
