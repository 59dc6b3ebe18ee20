#include "hem/search/embedded/patterns.hpp"

#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>
#include <array>

namespace hem::search::embedded::detail {

namespace {

constexpr char32_t any_run = 0x110000, any_one = 0x110001;

}  // namespace

std::vector<char32_t> code_points(std::string_view text) {
    std::vector<char32_t> all;
    all.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto found = decode(text, at);
        all.push_back(found.value);
        at += found.bytes;
    }
    return all;
}

// ---- wildcards --------------------------------------------------------------------------------------------------------------------

wildcard::wildcard(std::string_view pattern, bool ignore_case) : ignore_case_(ignore_case) {
    bool plain = !ignore_case;
    const auto points = code_points(pattern);
    for (std::size_t at = 0; at < points.size(); ++at) {
        char32_t each = points[at];
        if (each == U'*' || each == U'?') {
            plain = false;
            pattern_.push_back(each == U'*' ? any_run : any_one);
            continue;
        }
        if (each == U'\\' && at + 1 < points.size()) each = points[++at];
        if (plain) append_utf8(prefix_, each);
        pattern_.push_back(ignore_case ? lower(each) : each);
    }
}

bool wildcard::matches(std::string_view text) const {
    std::size_t at = 0, back = 0, back_text = 0, byte = 0;
    bool can_go_back = false;
    while (byte < text.size()) {
        const auto found = decode(text, byte);
        const char32_t each = ignore_case_ ? lower(found.value) : found.value;
        if (at < pattern_.size() && pattern_[at] == any_run) {
            can_go_back = true;
            back = ++at;
            back_text = byte;
        } else if (at < pattern_.size() && (pattern_[at] == any_one || pattern_[at] == each)) {
            ++at;
            byte += found.bytes;
        } else if (can_go_back) {
            at = back;
            back_text += decode(text, back_text).bytes;
            byte = back_text;
        } else {
            return false;
        }
    }
    while (at < pattern_.size() && pattern_[at] == any_run) ++at;
    return at == pattern_.size();
}

// ---- regular expressions ----------------------------------------------------------------------------------------------------------

// A program of instructions over sets of threads (K. Thompson, "Regular expression search algorithm", 1968).
struct regular_expression::program {
    enum class op : std::uint8_t { set, split, match, fail };
    struct range {
        char32_t first, last;
    };
    struct instruction {
        op what;
        std::uint32_t next = 0, other = 0;  // split: both; set: next
        std::uint32_t ranges = 0, count = 0;
        bool negated = false;
    };
    std::vector<instruction> code;
    std::vector<range> ranges;
    std::uint32_t start = 0;

    std::uint32_t emit(instruction made) {
        if (code.size() >= 20'000)
            throw query_error("Determinizing automaton would require more than 10000 states: the regular expression is too large");
        code.push_back(made);
        return static_cast<std::uint32_t>(code.size() - 1);
    }
};

namespace {

using program_range = std::pair<char32_t, char32_t>;

struct pattern_node {
    enum class kind : std::uint8_t { empty, nothing, set, sequence, either, repeat } what = kind::empty;
    std::vector<program_range> ranges;
    bool negated = false;
    int low = 0, high = -1;  // repeat; -1 without bound
    std::vector<pattern_node> children;
};

class pattern_parser {
public:
    pattern_parser(std::string_view pattern, bool ignore_case) : points_(code_points(pattern)), ignore_case_(ignore_case) {}

    pattern_node parse() {
        auto whole = alternatives(0);
        if (at_ < points_.size()) fail("end-of-string expected");
        return whole;
    }

private:
    [[noreturn]] void fail(const std::string& reason) const { throw query_error(reason + " at position " + std::to_string(at_)); }
    bool more() const noexcept { return at_ < points_.size(); }
    bool take(char32_t each) noexcept {
        if (!more() || points_[at_] != each) return false;
        ++at_;
        return true;
    }
    char32_t literal() {
        if (take(U'\\') && !more()) fail("unexpected end-of-string after \\");
        return points_[at_++];
    }
    pattern_node set_of(char32_t each) const {
        pattern_node made{.what = pattern_node::kind::set, .ranges = {{each, each}}, .children = {}};
        if (ignore_case_) {
            if (lower(each) != each) made.ranges.push_back({lower(each), lower(each)});
            if (upper(each) != each) made.ranges.push_back({upper(each), upper(each)});
        }
        return made;
    }
    pattern_node alternatives(int depth) {
        if (depth > 200) fail("groups are nested too deep");
        auto first = sequence(depth);
        if (!more() || points_[at_] != U'|') return first;
        pattern_node made{.what = pattern_node::kind::either, .ranges = {}, .children = {}};
        made.children.push_back(std::move(first));
        while (take(U'|')) made.children.push_back(sequence(depth));
        return made;
    }
    pattern_node sequence(int depth) {
        pattern_node made{.what = pattern_node::kind::sequence, .ranges = {}, .children = {}};
        while (more() && points_[at_] != U'|' && points_[at_] != U')') {
            if (points_[at_] == U'&' || points_[at_] == U'~') {
                fail("the embedded engine does not support the operators & and ~ of regular expressions (a cluster has them)");
            }
            made.children.push_back(repeated(depth));
        }
        return made;
    }
    pattern_node repeated(int depth) {
        auto made = single(depth);
        for (;;) {
            int low = 0, high = -1;
            if (take(U'?'))
                high = 1;
            else if (take(U'*'))
                high = -1;
            else if (take(U'+'))
                low = 1;
            else if (take(U'{'))
                bounds(low, high);
            else
                return made;
            pattern_node outer{.what = pattern_node::kind::repeat, .ranges = {}, .low = low, .high = high, .children = {}};
            outer.children.push_back(std::move(made));
            made = std::move(outer);
        }
    }
    int number() {
        if (!more() || points_[at_] < U'0' || points_[at_] > U'9') fail("integer expected");
        int value = 0;
        while (more() && points_[at_] >= U'0' && points_[at_] <= U'9') {
            value = value * 10 + static_cast<int>(points_[at_++] - U'0');
            if (value > 1000) fail("a repetition above 1000");
        }
        return value;
    }
    void bounds(int& low, int& high) {
        low = number();
        high = low;
        if (take(U',')) high = more() && points_[at_] != U'}' ? number() : -1;
        if (!take(U'}')) fail("expected '}'");
        if (high != -1 && low > high) fail("invalid repetition range(out of order): " + std::to_string(low) + ".." + std::to_string(high));
    }
    pattern_node single(int depth) {
        if (take(U'.')) return {.what = pattern_node::kind::set, .ranges = {{0, 0x10FFFF}}, .children = {}};
        if (take(U'#')) return {.what = pattern_node::kind::nothing, .ranges = {}, .children = {}};
        if (take(U'@')) {
            pattern_node made{.what = pattern_node::kind::repeat, .ranges = {}, .low = 0, .high = -1, .children = {}};
            made.children.push_back({.what = pattern_node::kind::set, .ranges = {{0, 0x10FFFF}}, .children = {}});
            return made;
        }
        if (take(U'"')) {
            pattern_node made{.what = pattern_node::kind::sequence, .ranges = {}, .children = {}};
            while (more() && points_[at_] != U'"') made.children.push_back(set_of(points_[at_++]));
            if (!take(U'"')) fail("expected '\"'");
            return made;
        }
        if (take(U'(')) {
            if (take(U')')) return {};
            auto made = alternatives(depth + 1);
            if (!take(U')')) fail("expected ')'");
            return made;
        }
        if (take(U'[')) return character_class();
        if (more() && points_[at_] == U'<')
            fail("the embedded engine does not support numeric ranges of regular expressions (a cluster has them)");
        if (more() && (points_[at_] == U'*' || points_[at_] == U'+' || points_[at_] == U'?')) ++at_, fail("nothing to repeat");
        if (!more()) throw query_error("unexpected end-of-string");
        if (points_[at_] == U'\\' && at_ + 1 < points_.size()) {
            if (auto named = named_class(points_[at_ + 1]); named.what == pattern_node::kind::set) {
                at_ += 2;
                return named;
            }
        }
        return set_of(literal());
    }
    static pattern_node named_class(char32_t name) {
        pattern_node made{.what = pattern_node::kind::set, .ranges = {}, .children = {}};
        switch (name) {
        case U'd':
        case U'D': made.ranges = {{U'0', U'9'}}; break;
        case U'w':
        case U'W': made.ranges = {{U'0', U'9'}, {U'A', U'Z'}, {U'_', U'_'}, {U'a', U'z'}}; break;
        case U's':
        case U'S': made.ranges = {{U'\t', U'\n'}, {U'\r', U'\r'}, {U' ', U' '}}; break;
        default: made.what = pattern_node::kind::empty; return made;
        }
        made.negated = name < U'a';
        return made;
    }
    pattern_node character_class() {
        pattern_node made{.what = pattern_node::kind::set, .ranges = {}, .children = {}};
        made.negated = take(U'^');
        if (!more()) throw query_error("unexpected end-of-string");
        do {
            if (!more()) fail("expected ']'");
            const char32_t first = literal();
            char32_t last = first;
            if (at_ + 1 < points_.size() && points_[at_] == U'-' && points_[at_ + 1] != U']') {
                ++at_;
                last = literal();
                if (last < first) fail("invalid range: from (" + std::to_string(first) + ") cannot be > to (" + std::to_string(last) + ")");
            }
            made.ranges.push_back({first, last});
            if (ignore_case_) {
                for (char32_t each = first; each <= last && each - first < 1000; ++each) {
                    made.ranges.push_back({lower(each), lower(each)});
                    made.ranges.push_back({upper(each), upper(each)});
                }
            }
        } while (more() && points_[at_] != U']');
        if (!take(U']')) fail("expected ']'");
        return made;
    }

    std::vector<char32_t> points_;
    bool ignore_case_;
    std::size_t at_ = 0;
};

}  // namespace

namespace {

// Emits code for `node` that goes on at `next`; returns where it starts.
template <class Program>
std::uint32_t compile(Program& into, const pattern_node& node, std::uint32_t next) {
    using kind = pattern_node::kind;
    using op = typename Program::op;
    switch (node.what) {
    case kind::empty: return next;
    case kind::nothing: return into.emit({.what = op::fail});
    case kind::set: {
        const auto first = static_cast<std::uint32_t>(into.ranges.size());
        for (const auto& [low, high] : node.ranges) into.ranges.push_back({low, high});
        return into.emit({.what = op::set,
                          .next = next,
                          .ranges = first,
                          .count = static_cast<std::uint32_t>(node.ranges.size()),
                          .negated = node.negated});
    }
    case kind::sequence:
        for (auto each = node.children.rbegin(); each != node.children.rend(); ++each) next = compile(into, *each, next);
        return next;
    case kind::either: {
        std::uint32_t start = compile(into, node.children.back(), next);
        for (auto each = std::next(node.children.rbegin()); each != node.children.rend(); ++each) {
            const auto branch = compile(into, *each, next);
            start = into.emit({.what = op::split, .next = branch, .other = start});
        }
        return start;
    }
    case kind::repeat: {
        const auto& inner = node.children.front();
        if (node.high < 0) {
            const auto loop = into.emit({.what = op::split, .next = next, .other = next});
            into.code[loop].next = compile(into, inner, loop);
            next = loop;
        } else {
            const auto after = next;
            for (int each = node.low; each < node.high; ++each) {
                const auto branch = compile(into, inner, next);
                next = into.emit({.what = op::split, .next = branch, .other = after});
            }
        }
        for (int each = 0; each < node.low; ++each) next = compile(into, inner, next);
        return next;
    }
    }
    return next;
}

}  // namespace

regular_expression::regular_expression(std::string_view pattern, bool ignore_case) : program_(std::make_unique<program>()) {
    const auto parsed = pattern_parser(pattern, ignore_case).parse();
    const auto end = program_->emit({.what = program::op::match});
    program_->start = compile(*program_, parsed, end);
}
regular_expression::~regular_expression() = default;
regular_expression::regular_expression(regular_expression&&) noexcept = default;

bool regular_expression::matches(std::string_view text) const {
    const auto& code = program_->code;
    std::vector<std::uint32_t> now, then, stack;
    std::vector<std::uint32_t> seen(code.size(), 0);
    std::uint32_t round = 0;
    auto add = [&](std::vector<std::uint32_t>& to, std::uint32_t first) {
        stack.push_back(first);
        while (!stack.empty()) {
            const auto at = stack.back();
            stack.pop_back();
            if (seen[at] == round) continue;
            seen[at] = round;
            if (code[at].what == program::op::split) {
                stack.push_back(code[at].next);
                stack.push_back(code[at].other);
            } else {
                to.push_back(at);
            }
        }
    };
    ++round;
    add(now, program_->start);
    for (std::size_t byte = 0; byte < text.size() && !now.empty();) {
        const auto found = decode(text, byte);
        byte += found.bytes;
        ++round;
        then.clear();
        for (const auto at : now) {
            const auto& each = code[at];
            if (each.what != program::op::set) continue;
            bool inside = false;
            for (std::uint32_t k = 0; k < each.count && !inside; ++k) {
                const auto& range = program_->ranges[each.ranges + k];
                inside = found.value >= range.first && found.value <= range.last;
            }
            if (inside != each.negated) add(then, each.next);
        }
        std::swap(now, then);
    }
    return std::ranges::any_of(now, [&](std::uint32_t at) { return code[at].what == program::op::match; });
}

// ---- edit distance ----------------------------------------------------------------------------------------------------------------

std::uint32_t edit_distance(const std::vector<char32_t>& a, const std::vector<char32_t>& b, std::uint32_t limit, bool transpositions) {
    const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
    if (gap > limit) return limit + 1;
    thread_local std::vector<std::uint32_t> rows;
    const std::size_t width = b.size() + 1;
    rows.assign(width * 3, 0);
    auto* before = rows.data();
    auto* last = before + width;
    auto* row = last + width;
    for (std::size_t j = 0; j < width; ++j) last[j] = static_cast<std::uint32_t>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<std::uint32_t>(i);
        std::uint32_t least = row[0];
        for (std::size_t j = 1; j < width; ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            if (transpositions && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
            least = std::min(least, row[j]);
        }
        if (least > limit) return limit + 1;
        std::swap(before, last);
        std::swap(last, row);
    }
    return std::min(last[b.size()], limit + 1);
}

}  // namespace hem::search::embedded::detail
