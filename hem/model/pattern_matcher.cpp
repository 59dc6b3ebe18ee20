#include "hem/model/pattern_matcher.hpp"

#include "hem/core/errors.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>

namespace hem::detail {

namespace {

constexpr std::uint32_t last_code = 0x10ffff;
constexpr std::size_t longest_program = 20000;
constexpr std::uint32_t unlimited = 0xffffffff;
constexpr int deepest_group = 100;

bool is_word(std::uint32_t code) noexcept {
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '_';
}

}  // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) : 0x80u;
    };
    const std::uint32_t lead = byte(at);
    if (lead < 0x80) return ++at, lead;
    if (lead < 0xe0) return at += 2, (lead & 0x1f) << 6 | (byte(at - 1) & 0x3f);
    if (lead < 0xf0) return at += 3, (lead & 0x0f) << 12 | (byte(at - 2) & 0x3f) << 6 | (byte(at - 1) & 0x3f);
    return at += 4, (lead & 0x07) << 18 | (byte(at - 3) & 0x3f) << 12 | (byte(at - 2) & 0x3f) << 6 | (byte(at - 1) & 0x3f);
}

// Recursive descent; a fragment is the program between two indexes and falls through at its end.
class pattern_compiler {
public:
    pattern_compiler(std::string_view pattern, pattern_matcher& target) : pattern_(pattern), target_(target) {}

    void compile() {
        alternatives(0);
        if (at_ < pattern_.size()) refuse("unbalanced ')'");
        emit({op::match});
    }

private:
    using op = pattern_matcher::op;
    using instruction = pattern_matcher::instruction;
    using ranges = std::vector<pattern_matcher::code_range>;

    [[noreturn]] void refuse(std::string_view what) const {
        throw usage_error(fmt::format("pattern '{}' cannot be used: {} at character {}", pattern_, what, at_));
    }
    bool more() const { return at_ < pattern_.size(); }
    bool take(char c) {
        if (!more() || pattern_[at_] != c) return false;
        ++at_;
        return true;
    }
    std::uint32_t here() const { return static_cast<std::uint32_t>(target_.program_.size()); }
    std::uint32_t emit(instruction step) {
        if (target_.program_.size() >= longest_program) refuse("it is too large");
        target_.program_.push_back(step);
        return here() - 1;
    }
    void emit_set(const ranges& set) {
        const auto first = static_cast<std::uint32_t>(target_.ranges_.size());
        target_.ranges_.insert(target_.ranges_.end(), set.begin(), set.end());
        emit({op::set, first, static_cast<std::uint32_t>(set.size())});
    }
    // Puts an instruction before the fragment that starts at `start`.
    void insert(std::uint32_t start, instruction step) {
        if (target_.program_.size() >= longest_program) refuse("it is too large");
        auto& program = target_.program_;
        program.insert(program.begin() + start, step);
        for (std::uint32_t i = start + 1; i < program.size(); ++i) {
            auto& moved = program[i];
            if (moved.code != op::split && moved.code != op::jump) continue;
            if (moved.first >= start) ++moved.first;
            if (moved.code == op::split && moved.second >= start) ++moved.second;
        }
    }

    void alternatives(int depth) {
        if (depth > deepest_group) refuse("groups are nested too deep");
        const std::uint32_t start = here();
        sequence(depth);
        if (!take('|')) return;
        insert(start, {op::split, start + 1, here() + 2});
        const std::uint32_t jump = emit({op::jump});
        alternatives(depth + 1);
        target_.program_[jump].first = here();
    }
    void sequence(int depth) {
        while (more() && pattern_[at_] != '|' && pattern_[at_] != ')') repeated(depth);
    }
    void repeated(int depth) {
        const std::uint32_t start = here();
        atom(depth);
        while (more()) {
            std::uint32_t least = 0;
            std::uint32_t most = unlimited;
            if (take('*')) {
            } else if (take('+')) {
                least = 1;
            } else if (take('?')) {
                most = 1;
            } else if (pattern_[at_] != '{' || !counts(least, most)) {
                return;
            }
            if (more() && pattern_[at_] == '+') refuse("possessive repetition is not supported");
            take('?');  // lazy: the same texts match
            repeat(start, least, most);
        }
    }
    bool counts(std::uint32_t& least, std::uint32_t& most) {
        const std::size_t saved = at_++;
        const auto number = [&](std::uint32_t& value) {
            const std::size_t first = at_;
            value = 0;
            while (more() && pattern_[at_] >= '0' && pattern_[at_] <= '9') {
                value = value * 10 + static_cast<std::uint32_t>(pattern_[at_++] - '0');
                if (value > 1000) refuse("a repetition above 1000");
            }
            return at_ != first;
        };
        if (!number(least)) {
            at_ = saved;
            return false;  // a brace that stands for itself
        }
        most = least;
        if (take(',') && !number(most)) most = unlimited;
        if (!take('}')) {
            at_ = saved;
            return false;
        }
        if (most < least) refuse("a repetition whose maximum is below its minimum");
        return true;
    }
    void repeat(std::uint32_t start, std::uint32_t least, std::uint32_t most) {
        const std::vector<instruction> body(target_.program_.begin() + start, target_.program_.end());
        target_.program_.resize(start);
        const auto copy = [&] {
            const std::uint32_t moved = here() - start;
            for (instruction step : body) {
                if (step.code == op::split || step.code == op::jump) {
                    step.first += moved;
                    if (step.code == op::split) step.second += moved;
                }
                emit(step);
            }
        };
        for (std::uint32_t i = 0; i < least; ++i) copy();
        if (most == unlimited) {
            const std::uint32_t split = emit({op::split});
            copy();
            emit({op::jump, split});
            target_.program_[split].first = split + 1;
            target_.program_[split].second = here();
            return;
        }
        std::vector<std::uint32_t> exits;
        for (std::uint32_t i = least; i < most; ++i) {
            exits.push_back(emit({op::split}));
            target_.program_[exits.back()].first = here();
            copy();
        }
        for (const std::uint32_t exit : exits) target_.program_[exit].second = here();
    }
    void atom(int depth) {
        const char c = pattern_[at_];
        switch (c) {
        case '(':
            ++at_;
            if (take('?')) {
                if (take(':')) {
                } else if ((take('P') && take('<')) || (take('<') && more() && pattern_[at_] != '=' && pattern_[at_] != '!')) {
                    while (more() && pattern_[at_] != '>') ++at_;
                    if (!take('>')) refuse("a group name without '>'");
                } else {
                    refuse("look-around and flags are not supported");
                }
            }
            alternatives(depth + 1);
            if (!take(')')) refuse("a group without ')'");
            return;
        case '^':
            ++at_;
            emit({op::begin});
            return;
        case '$':
            ++at_;
            emit({op::end});
            return;
        case '.':
            ++at_;
            emit_set({{0, '\n' - 1}, {'\n' + 1, last_code}});
            return;
        case '[':
            ++at_;
            emit_set(character_class());
            return;
        case '*':
        case '+':
        case '?': refuse("a repetition of nothing");
        case '\\': {
            ++at_;
            if (!more()) refuse("a backslash at the end");
            const char letter = pattern_[at_];
            if (letter == 'b' || letter == 'B' || letter == 'A' || letter == 'z' || letter == 'Z') {
                ++at_;
                emit({letter == 'b' ? op::word_edge : letter == 'B' ? op::not_word_edge : letter == 'A' ? op::begin : op::end});
                return;
            }
            ranges set;
            escape(set);
            emit_set(set);
            return;
        }
        default: {
            const std::uint32_t code = next_code_point(pattern_, at_);
            emit_set({{code, code}});
        }
        }
    }
    static ranges inverted(ranges set) {
        std::sort(set.begin(), set.end());
        ranges result;
        std::uint32_t next = 0;
        for (const auto& [first, last] : set) {
            if (first > next) result.emplace_back(next, first - 1);
            next = std::max(next, last + 1);
        }
        if (next <= last_code) result.emplace_back(next, last_code);
        return result;
    }
    std::uint32_t hex(int digits) {
        std::uint32_t value = 0;
        for (int i = 0; i < digits; ++i) {
            const char c = more() ? pattern_[at_] : ' ';
            const char lower = static_cast<char>(c | 0x20);
            if (c >= '0' && c <= '9') {
                value = value * 16 + static_cast<std::uint32_t>(c - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
            } else {
                refuse("a hexadecimal digit is missing");
            }
            ++at_;
        }
        return value;
    }
    // Behind the backslash. Returns the code point of a single one, unlimited for a class.
    std::uint32_t escape(ranges& set) {
        const char c = pattern_[at_];
        const auto one = [&](std::uint32_t code) {
            set.emplace_back(code, code);
            return code;
        };
        const auto whole_class = [&](ranges part, bool negated) {
            if (negated) part = inverted(std::move(part));
            set.insert(set.end(), part.begin(), part.end());
            return unlimited;
        };
        if (static_cast<unsigned char>(c) >= 0x80) return one(next_code_point(pattern_, at_));
        ++at_;
        switch (c) {
        case 'd':
        case 'D': return whole_class({{'0', '9'}}, c == 'D');
        case 'w':
        case 'W': return whole_class({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, c == 'W');
        case 's':
        case 'S': return whole_class({{'\t', '\r'}, {' ', ' '}, {0x85, 0x85}, {0xa0, 0xa0}, {0x2028, 0x2029}}, c == 'S');
        case 't': return one('\t');
        case 'n': return one('\n');
        case 'r': return one('\r');
        case 'f': return one('\f');
        case 'v': return one('\v');
        case 'x': return one(hex(2));
        case 'u': return one(hex(4));
        default: break;
        }
        if (c >= '1' && c <= '9') refuse("back-references are not supported");
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0') refuse(fmt::format("the escape '\\{}' is not supported", c));
        return one(static_cast<unsigned char>(c));
    }
    ranges character_class() {
        ranges set;
        const bool negated = take('^');
        if (take(']')) set.emplace_back(']', ']');  // first in a class it stands for itself
        while (!take(']')) {
            if (!more()) refuse("a class without ']'");
            if (pattern_[at_] == '[' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == ':') refuse("POSIX classes are not supported");
            const std::uint32_t low = class_part(set);
            if (low == unlimited || !more() || pattern_[at_] != '-' || at_ + 1 >= pattern_.size() || pattern_[at_ + 1] == ']') continue;
            ++at_;
            const std::uint32_t high = class_part(set);
            if (high == unlimited || high < low) refuse("a bad range in a class");
            set.emplace_back(low, high);
        }
        return negated ? inverted(std::move(set)) : set;
    }
    std::uint32_t class_part(ranges& set) {
        if (take('\\')) {
            if (!more()) refuse("a class without ']'");
            if (pattern_[at_] == 'b') refuse("the escape '\\b' in a class is not supported");
            return escape(set);
        }
        const std::uint32_t code = next_code_point(pattern_, at_);
        set.emplace_back(code, code);
        return code;
    }

    std::string_view pattern_;
    pattern_matcher& target_;
    std::size_t at_ = 0;
};

pattern_matcher::pattern_matcher(std::string_view pattern) { pattern_compiler(pattern, *this).compile(); }

struct pattern_matcher::thread_list {
    std::vector<std::uint32_t> threads;
    std::vector<std::uint32_t> seen;  // generation in which an instruction was added
    std::vector<std::uint32_t> pending;
    std::uint32_t generation = 0;
    bool matched = false;
};

void pattern_matcher::follow(thread_list& list, std::uint32_t at, bool at_begin, bool at_end, bool word_before, bool word_after) const {
    list.pending.push_back(at);
    while (!list.pending.empty()) {
        const std::uint32_t next = list.pending.back();
        list.pending.pop_back();
        if (list.seen[next] == list.generation) continue;
        list.seen[next] = list.generation;
        const auto& step = program_[next];
        switch (step.code) {
        case op::set: list.threads.push_back(next); break;
        case op::jump: list.pending.push_back(step.first); break;
        case op::split:
            list.pending.push_back(step.second);
            list.pending.push_back(step.first);
            break;
        case op::begin:
            if (at_begin) list.pending.push_back(next + 1);
            break;
        case op::end:
            if (at_end) list.pending.push_back(next + 1);
            break;
        case op::word_edge:
            if (word_before != word_after) list.pending.push_back(next + 1);
            break;
        case op::not_word_edge:
            if (word_before == word_after) list.pending.push_back(next + 1);
            break;
        case op::match: list.matched = true; break;
        }
    }
}

bool pattern_matcher::accepts(const instruction& step, std::uint32_t code) const noexcept {
    for (std::uint32_t i = step.first; i < step.first + step.second; ++i) {
        if (code >= ranges_[i].first && code <= ranges_[i].second) return true;
    }
    return false;
}

bool pattern_matcher::search(std::string_view text) const {
    thread_list list;
    list.seen.assign(program_.size(), 0);
    std::vector<std::uint32_t> alive;
    std::size_t at = 0;
    bool word_before = false;
    for (;;) {
        const bool at_end = at >= text.size();
        std::size_t next_at = at;
        const std::uint32_t code = at_end ? 0 : next_code_point(text, next_at);
        const bool word_after = !at_end && is_word(code);
        ++list.generation;
        list.threads.clear();
        for (const std::uint32_t thread : alive) follow(list, thread, at == 0, at_end, word_before, word_after);
        follow(list, 0, at == 0, at_end, word_before, word_after);
        if (list.matched) return true;
        if (at_end) return false;
        alive.clear();
        for (const std::uint32_t thread : list.threads) {
            if (accepts(program_[thread], code)) alive.push_back(thread + 1);
        }
        at = next_at;
        word_before = word_after;
    }
}

const pattern_matcher& pattern_for(std::string_view constant) {
    static thread_local std::vector<std::pair<std::string_view, std::unique_ptr<pattern_matcher>>> known;
    for (const auto& [text, matcher] : known) {
        if (text.data() == constant.data() && text.size() == constant.size()) return *matcher;
    }
    known.emplace_back(constant, std::make_unique<pattern_matcher>(constant));
    return *known.back().second;
}

}  // namespace hem::detail
