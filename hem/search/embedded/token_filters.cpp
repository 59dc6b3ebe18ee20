// Token filters: what happens to a term between the tokenizer and the index.
#include "hem/search/embedded/analysis_chain.hpp"
#include "hem/search/embedded/ascii_folding.hpp"
#include "hem/search/embedded/gram_stages.hpp"
#include "hem/search/embedded/porter.hpp"
#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>
#include <set>

namespace hem::search::embedded::detail {

namespace {

bool ascii(std::string_view text) noexcept {
    for (const char each : text) {
        if (static_cast<signed char>(each) < 0) return false;
    }
    return true;
}

template <class Map>
void map_in_place(std::string& text, std::size_t from, Map map) {
    std::string out(text, 0, from);
    out.reserve(text.size() + 4);
    for (std::size_t at = from; at < text.size();) {
        const auto found = decode(text, at);
        append_utf8(out, map(found.value));
        at += found.bytes;
    }
    text = std::move(out);
}

// Byte length of the first `count` code points.
std::size_t prefix_bytes(std::string_view text, std::size_t count) noexcept {
    std::size_t at = 0;
    while (count-- > 0 && at < text.size()) at += decode(text, at).bytes;
    return std::min(at, text.size());
}

class lowercase_stage final : public stage {
public:
    void accept(working_token& each) override {
        lower_in_place(each.text);
        next->accept(each);
    }
};

class uppercase_stage final : public stage {
public:
    void accept(working_token& each) override {
        upper_in_place(each.text);
        next->accept(each);
    }
};

class ascii_folding_stage final : public stage {
public:
    explicit ascii_folding_stage(bool preserve) : preserve_(preserve) {}
    void accept(working_token& each) override {
        if (!preserve_) {
            fold_to_ascii(each.text);
            next->accept(each);
            return;
        }
        working_token original = each;
        const bool changed = fold_to_ascii(each.text);
        next->accept(each);
        if (!changed) return;
        original.position_increment = 0;
        next->accept(original);
    }

private:
    bool preserve_;
};

class porter_stage final : public stage {
public:
    void accept(working_token& each) override {
        if (!each.keyword) {
            if (ascii(each.text))
                each.text.resize(porter_stem(each.text.data(), each.text.size()));
            else
                wide(each.text);
        }
        next->accept(each);
    }

private:
    static void wide(std::string& text) {
        std::u16string units;
        for (std::size_t at = 0; at < text.size();) {
            const auto found = decode(text, at);
            at += found.bytes;
            if (found.value < 0x10000) {
                units.push_back(static_cast<char16_t>(found.value));
            } else {
                units.push_back(static_cast<char16_t>(0xD7C0 + (found.value >> 10)));
                units.push_back(static_cast<char16_t>(0xDC00 + (found.value & 0x3FF)));
            }
        }
        units.resize(porter_stem(units.data(), units.size()));
        text.clear();
        for (std::size_t at = 0; at < units.size(); ++at) {
            const char32_t unit = units[at];
            if (unit >= 0xD800 && unit < 0xDC00 && at + 1 < units.size())
                append_utf8(text, (unit << 10) + units[++at] - 0x35FDC00);
            else
                append_utf8(text, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
        }
    }
};

// Strips a final 's, with any of the three apostrophes.
class possessive_stage final : public stage {
public:
    void accept(working_token& each) override {
        std::string& text = each.text;
        if (text.size() >= 2 && (text.back() == 's' || text.back() == 'S')) {
            const std::string_view head(text.data(), text.size() - 1);
            for (const std::string_view apostrophe : {"'", "\xE2\x80\x99", "\xEF\xBC\x87"}) {
                if (head.ends_with(apostrophe)) {
                    text.resize(head.size() - apostrophe.size());
                    break;
                }
            }
        }
        next->accept(each);
    }
};

// Drops tokens; the positions they held become a hole before the next one.
class dropping_stage : public stage {
public:
    void accept(working_token& each) final {
        if (!keeps(each)) {
            holes_ += each.position_increment;
            return;
        }
        each.position_increment += holes_;
        holes_ = 0;
        next->accept(each);
    }
    void finish(std::uint32_t holes) final { next->finish(holes + holes_); }
    virtual bool keeps(const working_token& each) = 0;

private:
    std::uint32_t holes_ = 0;
};

class word_set {
public:
    explicit word_set(std::vector<std::string> words) : words_(std::move(words)) {
        std::ranges::sort(words_);
        for (const auto& each : words_) {
            shortest_ = std::min(shortest_, each.size());
            longest_ = std::max(longest_, each.size());
        }
    }
    bool contains(std::string_view word) const {
        return word.size() >= shortest_ && word.size() <= longest_ && std::binary_search(words_.begin(), words_.end(), word);
    }

private:
    std::vector<std::string> words_;
    std::size_t shortest_ = SIZE_MAX, longest_ = 0;
};

class stop_stage final : public dropping_stage {
public:
    stop_stage(const word_set& words, bool ignore_case) : words_(words), ignore_case_(ignore_case) {}
    bool keeps(const working_token& each) override {
        if (!ignore_case_) return !words_.contains(each.text);
        std::string lowered = each.text;
        lower_in_place(lowered);
        return !words_.contains(lowered);
    }

private:
    const word_set& words_;
    bool ignore_case_;
};

class length_stage final : public dropping_stage {
public:
    length_stage(std::int64_t smallest, std::int64_t largest) : smallest_(smallest), largest_(largest) {}
    bool keeps(const working_token& each) override {
        const auto length = static_cast<std::int64_t>(utf16_length(each.text));
        return length >= smallest_ && length <= largest_;
    }

private:
    std::int64_t smallest_, largest_;
};

class unique_stage final : public dropping_stage {
public:
    explicit unique_stage(bool only_same_position) : only_same_position_(only_same_position) {}
    bool keeps(const working_token& each) override {
        if (only_same_position_ && each.position_increment > 0) seen_.clear();
        return seen_.insert(each.text).second;
    }

private:
    bool only_same_position_;
    std::set<std::string, std::less<>> seen_;
};

class limit_stage final : public stage {
public:
    explicit limit_stage(std::int64_t most) : left_(most) {}
    void accept(working_token& each) override {
        if (left_-- > 0) next->accept(each);
    }

private:
    std::int64_t left_;
};

class trim_stage final : public stage {
public:
    void accept(working_token& each) override {
        std::size_t first = 0, last = each.text.size();
        while (first < last && static_cast<unsigned char>(each.text[first]) <= ' ') ++first;
        while (last > first && static_cast<unsigned char>(each.text[last - 1]) <= ' ') --last;
        each.text = each.text.substr(first, last - first);
        next->accept(each);
    }
};

class truncate_stage final : public stage {
public:
    explicit truncate_stage(std::size_t most) : most_(most) {}
    void accept(working_token& each) override {
        each.text.resize(prefix_bytes(each.text, most_));
        next->accept(each);
    }

private:
    std::size_t most_;
};

class elision_stage final : public stage {
public:
    explicit elision_stage(const word_set& articles) : articles_(articles) {}
    void accept(working_token& each) override {
        for (const std::string_view apostrophe : {"'", "\xE2\x80\x99"}) {
            const auto at = each.text.find(apostrophe);
            if (at == std::string::npos) continue;
            std::string article = each.text.substr(0, at);
            lower_in_place(article);
            if (articles_.contains(article)) each.text.erase(0, at + apostrophe.size());
            break;
        }
        next->accept(each);
    }

private:
    const word_set& articles_;
};

class keyword_marker_stage final : public stage {
public:
    keyword_marker_stage(const word_set& words, bool ignore_case) : words_(words), ignore_case_(ignore_case) {}
    void accept(working_token& each) override {
        std::string compared = each.text;
        if (ignore_case_) lower_in_place(compared);
        if (words_.contains(compared)) each.keyword = true;
        next->accept(each);
    }

private:
    const word_set& words_;
    bool ignore_case_;
};

template <class Make>
class factory final : public stage_factory {
public:
    explicit factory(Make make) : make_(std::move(make)) {}
    std::unique_ptr<stage> make() const override { return make_(); }

private:
    Make make_;
};

template <class Make>
std::unique_ptr<stage_factory> by(Make make) {
    return std::make_unique<factory<Make>>(std::move(make));
}

std::vector<std::string> lowered(std::vector<std::string> words, bool wanted) {
    if (wanted) {
        for (auto& each : words) lower_in_place(each);
    }
    return words;
}

}  // namespace

void lower_in_place(std::string& text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char each = text[at];
        if (static_cast<signed char>(each) < 0) return map_in_place(text, at, lower);
        if (each >= 'A' && each <= 'Z') text[at] = static_cast<char>(each + 32);
    }
}

void upper_in_place(std::string& text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char each = text[at];
        if (static_cast<signed char>(each) < 0) return map_in_place(text, at, upper);
        if (each >= 'a' && each <= 'z') text[at] = static_cast<char>(each - 32);
    }
}

std::vector<std::string> stop_words(const std::vector<std::string>* given) {
    static const std::vector<std::string> english{"a",   "an",    "and",  "are",   "as",    "at",   "be",   "but", "by",  "for",  "if",
                                                  "in",  "into",  "is",   "it",    "no",    "not",  "of",   "on",  "or",  "such", "that",
                                                  "the", "their", "then", "there", "these", "they", "this", "to",  "was", "will", "with"};
    if (given == nullptr) return english;
    std::vector<std::string> all;
    for (const auto& each : *given) {
        if (each == "_english_")
            all.insert(all.end(), english.begin(), english.end());
        else if (each == "_none_")
            continue;
        else if (each.size() > 2 && each.front() == '_' && each.back() == '_')
            throw analysis_error("the embedded engine does not support the stop words " + each + "; it has _english_ and _none_");
        else
            all.push_back(each);
    }
    return all;
}

std::unique_ptr<stage_factory> make_filter(const analysis_component& component) {
    component_options options(component, "token filter");
    const std::string_view type = component.type;
    std::unique_ptr<stage_factory> made;
    auto count = [&](std::string_view name, std::int64_t fallback) {
        const auto value = options.integer(name, fallback);
        if (value < 0 || value > 1'000'000) options.refuse("[" + std::string(name) + "] is out of range");
        return static_cast<std::size_t>(value);
    };
    auto words = [&](std::string_view name, bool lower) {
        const auto* given = options.list(name);
        if (given == nullptr) options.refuse("[" + std::string(name) + "] is missing");
        return std::make_shared<word_set>(lowered(*given, lower));
    };
    if (type == "lowercase") {
        made = by([] { return std::make_unique<lowercase_stage>(); });
    } else if (type == "uppercase") {
        made = by([] { return std::make_unique<uppercase_stage>(); });
    } else if (type == "asciifolding") {
        made = by([preserve = options.flag("preserve_original", false)] { return std::make_unique<ascii_folding_stage>(preserve); });
    } else if (type == "stop") {
        const bool ignore_case = options.flag("ignore_case", false);
        options.flag("remove_trailing", true);
        made = by([set = std::make_shared<word_set>(lowered(stop_words(options.list("stopwords")), ignore_case)), ignore_case] {
            return std::make_unique<stop_stage>(*set, ignore_case);
        });
    } else if (type == "porter_stem") {
        made = by([] { return std::make_unique<porter_stage>(); });
    } else if (type == "stemmer") {
        const auto* short_name = options.list("name");
        const auto language = options.text("language", short_name != nullptr && !short_name->empty() ? short_name->front() : "english");
        if (language == "english")
            made = by([] { return std::make_unique<porter_stage>(); });
        else if (language == "possessive_english")
            made = by([] { return std::make_unique<possessive_stage>(); });
        else
            options.refuse("the embedded engine does not support the language [" + language +
                           "]; it has english possessive_english (a cluster has more)");
    } else if (type == "length") {
        made = by([low = options.integer("min", 0), high = options.integer("max", INT32_MAX)] {
            return std::make_unique<length_stage>(low, high);
        });
    } else if (type == "unique") {
        made = by([same = options.flag("only_on_same_position", false)] { return std::make_unique<unique_stage>(same); });
    } else if (type == "trim") {
        made = by([] { return std::make_unique<trim_stage>(); });
    } else if (type == "truncate") {
        made = by([most = count("length", 10)] { return std::make_unique<truncate_stage>(most); });
    } else if (type == "limit") {
        made = by([most = options.integer("max_token_count", 1)] { return std::make_unique<limit_stage>(most); });
    } else if (type == "elision") {
        made = by([set = words("articles", options.flag("articles_case", false))] { return std::make_unique<elision_stage>(*set); });
    } else if (type == "keyword_marker") {
        const bool ignore_case = options.flag("ignore_case", false);
        made =
            by([set = words("keywords", ignore_case), ignore_case] { return std::make_unique<keyword_marker_stage>(*set, ignore_case); });
    } else if (type == "ngram" || type == "edge_ngram") {
        const auto low = count("min_gram", 1), high = count("max_gram", 2);
        if (low == 0 || low > high) options.refuse("[min_gram] must be at least 1 and not above [max_gram]");
        const bool preserve = options.flag("preserve_original", false);
        made = by([low, high, edge = type == "edge_ngram", preserve] { return make_ngrams(low, high, edge, preserve); });
    } else if (type == "shingle") {
        const auto low = count("min_shingle_size", 2), high = count("max_shingle_size", 2);
        if (low < 2 || low > high) options.refuse("[min_shingle_size] must be at least 2 and not above [max_shingle_size]");
        const bool unigrams = options.flag("output_unigrams", true);
        made = by([low, high, unigrams, separator = options.text("token_separator", " "), filler = options.text("filler_token", "_")] {
            return make_shingles(low, high, unigrams, separator, filler);
        });
    } else {
        throw analysis_error(
            "the embedded engine does not support the token filter [" + component.type +
            "]; it has asciifolding edge_ngram elision keyword_marker length limit lowercase ngram porter_stem shingle stemmer stop synonym trim "
            "truncate unique uppercase (a cluster has more)");
    }
    options.check();
    return made;
}

}  // namespace hem::search::embedded::detail
