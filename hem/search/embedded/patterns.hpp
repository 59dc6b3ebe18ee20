// Matching terms by form: wildcards, regular expressions, edit distance. Everything counts code points.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded::detail {

// `*` any run, `?` one character, `\` escapes. Whole text; linear in the usual case, quadratic at worst.
class wildcard {
public:
    wildcard(std::string_view pattern, bool ignore_case);
    bool matches(std::string_view text) const;
    // What every match begins with; empty when case is ignored.
    const std::string& prefix() const noexcept { return prefix_; }

private:
    std::vector<char32_t> pattern_;  // any_run and any_one stand for the operators
    bool ignore_case_;
    std::string prefix_;
};

// Lucene's regular expressions, anchored at both ends: . ? + * | {n} {n,} {n,m} [a-z^] () "literal" \c and # (nothing), @ (anything).
// Runs as a set of states, so no pattern takes exponential time. Throws query_error for a bad pattern.
class regular_expression {
public:
    regular_expression(std::string_view pattern, bool ignore_case);
    ~regular_expression();
    regular_expression(regular_expression&&) noexcept;
    bool matches(std::string_view text) const;

private:
    struct program;
    std::unique_ptr<program> program_;
};

// Edits from one word to another, at most `limit` + 1. With transpositions two neighbours that are swapped count once.
std::uint32_t edit_distance(const std::vector<char32_t>& a, const std::vector<char32_t>& b, std::uint32_t limit, bool transpositions);
std::vector<char32_t> code_points(std::string_view text);

}  // namespace hem::search::embedded::detail
