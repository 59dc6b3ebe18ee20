// Tokenizers: where a text is cut.
#include "hem/search/embedded/analysis_chain.hpp"
#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

namespace {

class standard_tokenizer final : public tokenizer {
public:
    explicit standard_tokenizer(std::uint32_t longest) : longest_(longest) {}
    void run(std::string_view text, stage& to) const override {
        word_cursor cursor(text, longest_);
        word_segment found;
        working_token each;
        while (cursor.next(found)) {
            each.text.assign(text.substr(found.start, found.end - found.start));
            each.position_increment = each.position_length = 1;
            each.start = found.start;
            each.end = found.end;
            each.start_utf16 = found.start_utf16;
            each.end_utf16 = found.end_utf16;
            each.type = found.type;
            each.keyword = false;
            to.accept(each);
        }
        to.finish(0);
    }

private:
    std::uint32_t longest_;
};

enum class keep : std::uint8_t { letters, not_spaces, not_listed };

// Runs of characters that belong to a token by their kind alone.
class run_tokenizer final : public tokenizer {
public:
    run_tokenizer(keep what, bool lower_case, std::uint32_t longest, std::u32string listed = {}, std::uint8_t listed_flags = 0,
                  bool punctuation = false)
        : what_(what), lower_(lower_case), longest_(longest), listed_(std::move(listed)), listed_flags_(listed_flags),
          punctuation_(punctuation) {}

    void run(std::string_view text, stage& to) const override {
        working_token each;
        std::uint32_t byte = 0, unit = 0;
        bool open = false;
        auto close = [&] {
            if (!open) return;
            open = false;
            each.end = byte;
            each.end_utf16 = unit;
            each.position_increment = each.position_length = 1;
            each.type = token_type::word;
            each.keyword = false;
            to.accept(each);
        };
        while (byte < text.size()) {
            const auto found = decode(text, byte);
            const std::uint32_t units = found.value >= 0x10000 ? 2 : 1;
            if (!belongs(found.value)) {
                close();
            } else {
                if (open && unit - each.start_utf16 >= longest_) close();
                if (!open) {
                    open = true;
                    each.text.clear();
                    each.start = byte;
                    each.start_utf16 = unit;
                }
                if (lower_)
                    append_utf8(each.text, lower(found.value));
                else
                    each.text.append(text.substr(byte, found.bytes));
            }
            byte += found.bytes;
            unit += units;
        }
        close();
        to.finish(0);
    }

private:
    bool belongs(char32_t code) const noexcept {
        const auto flags = unicode(code).flags;
        switch (what_) {
        case keep::letters: return (flags & flag_alphabetic) != 0;
        case keep::not_spaces: return (flags & flag_space) == 0;
        case keep::not_listed: break;
        }
        if ((flags & listed_flags_) != 0) return false;
        if (punctuation_ && code < 0x80 && code > 0x20 && (flags & (flag_alphabetic | flag_digit)) == 0) return false;
        return listed_.find(code) == std::u32string::npos;
    }

    keep what_;
    bool lower_;
    std::uint32_t longest_;
    std::u32string listed_;
    std::uint8_t listed_flags_;
    bool punctuation_;
};

class keyword_tokenizer final : public tokenizer {
public:
    void run(std::string_view text, stage& to) const override {
        if (!text.empty()) {
            working_token each;
            each.text = text;
            each.end = static_cast<std::uint32_t>(text.size());
            each.end_utf16 = utf16_length(text);
            to.accept(each);
        }
        to.finish(0);
    }
};

// The analyzer `pattern` without options: cuts at everything but ASCII letters, digits and the underscore.
class non_word_tokenizer final : public tokenizer {
public:
    void run(std::string_view text, stage& to) const override {
        std::size_t unit_byte = 0, from = 0;
        std::uint32_t unit = 0;
        for (std::size_t at = 0; at <= text.size(); ++at) {
            const auto byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
            const bool inside = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
            if (inside) continue;
            if (from < at) {
                unit += utf16_length(text.substr(unit_byte, from - unit_byte));
                unit_byte = from;
                working_token each;
                each.text = text.substr(from, at - from);
                each.start = static_cast<std::uint32_t>(from);
                each.end = static_cast<std::uint32_t>(at);
                each.start_utf16 = unit;
                each.end_utf16 = unit + static_cast<std::uint32_t>(at - from);
                to.accept(each);
            }
            from = at + 1;
        }
        to.finish(0);
    }
};

// Every run of `smallest` to `largest` characters; edge: only those that begin the text (or a run of kept characters).
class ngram_tokenizer final : public tokenizer {
public:
    ngram_tokenizer(std::uint32_t smallest, std::uint32_t largest, bool edge, std::uint8_t kept)
        : smallest_(smallest), largest_(largest), edge_(edge), kept_(kept) {}
    void run(std::string_view text, stage& to) const override {
        struct character {
            std::uint32_t byte, unit;
        };
        std::vector<character> run;
        std::uint32_t byte = 0, unit = 0;
        auto flush = [&] {
            const auto count = run.size();
            run.push_back({byte, unit});
            for (std::size_t from = 0; from < (edge_ ? std::min<std::size_t>(1, count) : count); ++from) {
                for (std::size_t length = smallest_; length <= largest_ && from + length <= count; ++length) {
                    working_token each;
                    each.text = text.substr(run[from].byte, run[from + length].byte - run[from].byte);
                    each.start = run[from].byte;
                    each.end = run[from + length].byte;
                    each.start_utf16 = run[from].unit;
                    each.end_utf16 = run[from + length].unit;
                    to.accept(each);
                }
            }
            run.clear();
        };
        while (byte < text.size()) {
            const auto found = decode(text, byte);
            const bool inside = kept_ == 0 || (unicode(found.value).flags & kept_) != 0;
            if (inside)
                run.push_back({byte, unit});
            else
                flush();
            byte += found.bytes;
            unit += found.value >= 0x10000 ? 2 : 1;
        }
        flush();
        to.finish(0);
    }

private:
    std::uint32_t smallest_, largest_;
    bool edge_;
    std::uint8_t kept_;
};

// /a/b/c gives /a, /a/b, /a/b/c, all at one position.
class path_tokenizer final : public tokenizer {
public:
    path_tokenizer(char delimiter, char replacement) : delimiter_(delimiter), replacement_(replacement) {}
    void run(std::string_view text, stage& to) const override {
        bool first = true;
        for (std::size_t at = 1; at <= text.size(); ++at) {
            if (at < text.size() && text[at] != delimiter_) continue;
            working_token each;
            each.text = text.substr(0, at);
            std::ranges::replace(each.text, delimiter_, replacement_);
            each.end = static_cast<std::uint32_t>(at);
            each.end_utf16 = utf16_length(text.substr(0, at));
            each.position_increment = first ? 1 : 0;
            first = false;
            to.accept(each);
        }
        to.finish(0);
    }

private:
    char delimiter_, replacement_;
};

std::uint32_t positive(component_options& options, std::string_view name, std::int64_t fallback, std::int64_t largest) {
    const auto value = options.integer(name, fallback);
    if (value < 1 || value > largest) options.refuse("[" + std::string(name) + "] must be from 1 to " + std::to_string(largest));
    return static_cast<std::uint32_t>(value);
}

std::uint8_t character_classes(component_options& options) {
    std::uint8_t kept = 0;
    if (const auto* classes = options.list("token_chars")) {
        for (const auto& each : *classes) {
            if (each == "letter")
                kept |= flag_alphabetic;
            else if (each == "digit")
                kept |= flag_digit;
            else if (each == "whitespace")
                kept |= flag_space;
            else
                options.refuse("the embedded engine does not support token_chars [" + each + "]; it has letter digit whitespace");
        }
    }
    return kept;
}

char one_character(component_options& options, std::string_view name, std::string_view fallback) {
    const auto written = options.text(name, fallback);
    if (written.size() != 1) options.refuse("[" + std::string(name) + "] must be one ASCII character");
    return written.front();
}

std::unique_ptr<tokenizer> char_group(component_options& options) {
    std::u32string listed;
    std::uint8_t flags = 0;
    bool punctuation = false;
    if (const auto* given = options.list("tokenize_on_chars")) {
        for (const auto& each : *given) {
            if (each == "whitespace")
                flags |= flag_space;
            else if (each == "letter")
                flags |= flag_alphabetic;
            else if (each == "digit")
                flags |= flag_digit;
            else if (each == "punctuation")
                punctuation = true;
            else if (each == "\\n")
                listed.push_back(U'\n');
            else if (each == "\\t")
                listed.push_back(U'\t');
            else if (code_point_count(each) == 1)
                listed.push_back(decode(each, 0).value);
            else
                options.refuse("[tokenize_on_chars] has [" + each + "], which is no single character and no class");
        }
    }
    return std::make_unique<run_tokenizer>(keep::not_listed, false, positive(options, "max_token_length", 255, 1 << 20), listed, flags,
                                           punctuation);
}

}  // namespace

std::unique_ptr<tokenizer> make_tokenizer(const analysis_component& component) {
    component_options options(component, "tokenizer");
    const std::string_view type = component.type;
    std::unique_ptr<tokenizer> made;
    constexpr std::int64_t longest = 1 << 20;
    if (type == "standard") {
        made = std::make_unique<standard_tokenizer>(positive(options, "max_token_length", 255, longest));
    } else if (type == "letter" || type == "lowercase") {
        made = std::make_unique<run_tokenizer>(keep::letters, type == "lowercase", 255);
    } else if (type == "whitespace") {
        made = std::make_unique<run_tokenizer>(keep::not_spaces, false, positive(options, "max_token_length", 255, longest));
    } else if (type == "keyword") {
        options.integer("buffer_size", 256);
        made = std::make_unique<keyword_tokenizer>();
    } else if (type == "pattern") {
        if (options.text("pattern", "\\W+") != "\\W+")
            options.refuse("the embedded engine supports only the [pattern] \\W+ (a cluster has others)");
        made = std::make_unique<non_word_tokenizer>();
    } else if (type == "ngram" || type == "edge_ngram") {
        const auto smallest = positive(options, "min_gram", 1, 1000);
        const auto largest = positive(options, "max_gram", 2, 1000);
        if (smallest > largest) options.refuse("[min_gram] must not be above [max_gram]");
        made = std::make_unique<ngram_tokenizer>(smallest, largest, type == "edge_ngram", character_classes(options));
    } else if (type == "path_hierarchy") {
        const char delimiter = one_character(options, "delimiter", "/");
        made = std::make_unique<path_tokenizer>(delimiter, one_character(options, "replacement", std::string_view(&delimiter, 1)));
    } else if (type == "char_group") {
        made = char_group(options);
    } else {
        throw analysis_error("the embedded engine does not support the tokenizer [" + component.type +
                             "]; it has char_group edge_ngram keyword letter lowercase ngram path_hierarchy pattern standard whitespace "
                             "(a cluster has more)");
    }
    options.check();
    return made;
}

}  // namespace hem::search::embedded::detail
