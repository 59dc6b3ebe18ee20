// Character filters: what happens to a text before it is cut.
#include "hem/search/embedded/analysis_chain.hpp"
#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

namespace {

// Builds a filtered text piece by piece and remembers where offsets diverge.
class rewriter {
public:
    explicit rewriter(std::string_view text) : text_(text) { out_.text.reserve(text.size()); }

    void replace(std::size_t bytes, std::string_view with) {
        take(bytes);
        out_.text.append(with);
        out_utf16_ += utf16_length(with);
        correct();
    }
    bool done() const noexcept { return at_ >= text_.size(); }
    std::string_view rest() const noexcept { return text_.substr(at_); }
    filtered_text finish() { return std::move(out_); }
    // One character as it is.
    void keep_one() {
        const auto bytes = decode(text_, at_).bytes;
        const auto piece = take(bytes);
        out_.text.append(piece);
        out_utf16_ += utf16_length(piece);
    }

private:
    std::string_view take(std::size_t bytes) {
        const auto piece = text_.substr(at_, bytes);
        in_utf16_ += utf16_length(piece);
        at_ += piece.size();
        return piece;
    }
    void correct() {
        const auto place = static_cast<std::uint32_t>(out_.text.size());
        out_.corrections.push_back(
            {place, out_utf16_, static_cast<std::int64_t>(at_) - place, static_cast<std::int64_t>(in_utf16_) - out_utf16_});
    }

    std::string_view text_;
    filtered_text out_;
    std::size_t at_ = 0;
    std::uint32_t in_utf16_ = 0, out_utf16_ = 0;
};

// "from => to" pairs; the longest match wins.
class mapping_filter final : public char_filter {
public:
    explicit mapping_filter(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {
        std::ranges::sort(pairs_, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    }
    filtered_text apply(std::string_view text) const override {
        rewriter out(text);
        while (!out.done()) {
            const auto found = std::ranges::find_if(pairs_, [&](const auto& pair) { return out.rest().starts_with(pair.first); });
            if (found == pairs_.end())
                out.keep_one();
            else
                out.replace(found->first.size(), found->second);
        }
        return out.finish();
    }

private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

// Takes tags and comments out and reads the common character references.
class html_filter final : public char_filter {
public:
    filtered_text apply(std::string_view text) const override {
        rewriter out(text);
        while (!out.done()) {
            const auto rest = out.rest();
            if (rest.starts_with("<!--")) {
                const auto end = rest.find("-->");
                out.replace(end == std::string_view::npos ? rest.size() : end + 3, "");
            } else if (rest.front() == '<' && rest.size() > 1 &&
                       (is_letter(rest[1]) || rest[1] == '/' || rest[1] == '!' || rest[1] == '?')) {
                tag(out, rest);
            } else if (rest.front() == '&') {
                reference(out, rest);
            } else {
                out.keep_one();
            }
        }
        return out.finish();
    }

private:
    static bool is_letter(char each) noexcept { return (each | 32) >= 'a' && (each | 32) <= 'z'; }

    static void tag(rewriter& out, std::string_view rest) {
        std::size_t end = 1;
        char quote = 0;
        for (; end < rest.size(); ++end) {
            const char each = rest[end];
            if (quote != 0) {
                if (each == quote) quote = 0;
            } else if (each == '"' || each == '\'') {
                quote = each;
            } else if (each == '>') {
                break;
            }
        }
        if (end == rest.size()) {
            out.keep_one();
            return;
        }
        std::size_t first = rest[1] == '/' ? 2 : 1, last = first;
        while (last < end && (is_letter(rest[last]) || (rest[last] >= '0' && rest[last] <= '9'))) ++last;
        std::string name(rest.substr(first, last - first));
        lower_in_place(name);
        if (rest[1] != '/' && (name == "script" || name == "style")) {
            const auto close = rest.find("</" + name, end);
            const auto after = close == std::string_view::npos ? std::string_view::npos : rest.find('>', close);
            out.replace(after == std::string_view::npos ? rest.size() : after + 1, "\n");
            return;
        }
        static constexpr std::string_view in_line[] = {"a",      "abbr", "acronym", "b",        "basefont", "bdo",   "big",   "cite",
                                                       "code",   "dfn",  "em",      "font",     "i",        "img",   "input", "kbd",
                                                       "label",  "q",    "s",       "samp",     "select",   "small", "span",  "strike",
                                                       "strong", "sub",  "sup",     "textarea", "tt",       "u",     "var"};
        out.replace(end + 1, std::ranges::binary_search(in_line, std::string_view(name)) ? "" : "\n");
    }

    static void reference(rewriter& out, std::string_view rest) {
        const auto end = rest.substr(0, 12).find(';');
        if (end == std::string_view::npos || end < 2) return out.keep_one();
        const auto name = rest.substr(1, end - 1);
        static constexpr std::pair<std::string_view, std::string_view> known[] = {{"amp", "&"},
                                                                                  {"lt", "<"},
                                                                                  {"gt", ">"},
                                                                                  {"quot", "\""},
                                                                                  {"apos", "'"},
                                                                                  {"nbsp", " "},
                                                                                  {"copy", "\xC2\xA9"},
                                                                                  {"hellip", "\xE2\x80\xA6"},
                                                                                  {"mdash", "\xE2\x80\x94"},
                                                                                  {"ndash", "\xE2\x80\x93"},
                                                                                  {"lsquo", "\xE2\x80\x98"},
                                                                                  {"rsquo", "\xE2\x80\x99"},
                                                                                  {"ldquo", "\xE2\x80\x9C"},
                                                                                  {"rdquo", "\xE2\x80\x9D"},
                                                                                  {"eacute", "\xC3\xA9"},
                                                                                  {"auml", "\xC3\xA4"},
                                                                                  {"ouml", "\xC3\xB6"},
                                                                                  {"uuml", "\xC3\xBC"},
                                                                                  {"szlig", "\xC3\x9F"}};
        for (const auto& [each, text] : known) {
            if (each == name) return out.replace(end + 1, text);
        }
        if (name[0] != '#') return out.keep_one();
        char32_t code = 0;
        const bool hexadecimal = name.size() > 1 && (name[1] | 32) == 'x';
        const auto digits = name.substr(hexadecimal ? 2 : 1);
        if (digits.empty()) return out.keep_one();
        for (const char each : digits) {
            const char low = static_cast<char>(each | 32);
            int digit = -1;
            if (each >= '0' && each <= '9')
                digit = each - '0';
            else if (hexadecimal && low >= 'a' && low <= 'f')
                digit = low - 'a' + 10;
            if (digit < 0) return out.keep_one();
            code = code * (hexadecimal ? 16 : 10) + static_cast<char32_t>(digit);
            if (code > 0x10FFFF) return out.keep_one();
        }
        if (code == 0 || (code >= 0xD800 && code < 0xE000)) return out.keep_one();
        std::string text;
        append_utf8(text, code);
        out.replace(end + 1, text);
    }
};

std::string trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return std::string(text);
}

}  // namespace

std::unique_ptr<char_filter> make_char_filter(const analysis_component& component) {
    component_options options(component, "char filter");
    std::unique_ptr<char_filter> made;
    if (component.type == "html_strip") {
        made = std::make_unique<html_filter>();
    } else if (component.type == "mapping") {
        std::vector<std::pair<std::string, std::string>> pairs;
        const auto* rules = options.list("mappings");
        if (rules == nullptr) options.refuse("[mappings] is missing");
        for (const auto& rule : *rules) {
            const auto arrow = rule.find("=>");
            const auto from = arrow == std::string::npos ? std::string() : trimmed(std::string_view(rule).substr(0, arrow));
            if (from.empty()) options.refuse("the rule [" + rule + "] is not of the form a => b");
            pairs.emplace_back(from, trimmed(std::string_view(rule).substr(arrow + 2)));
        }
        made = std::make_unique<mapping_filter>(std::move(pairs));
    } else {
        throw analysis_error("the embedded engine does not support the char filter [" + component.type +
                             "]; it has html_strip mapping (a cluster has more)");
    }
    options.check();
    return made;
}

}  // namespace hem::search::embedded::detail
