#include "hem/search/embedded/porter.hpp"

#include <cstring>
#include <span>

namespace hem::search::embedded::detail {

namespace {

struct rule {
    const char* suffix;
    const char* replacement;
};

template <class Char>
class stemmer {
public:
    stemmer(Char* word, std::size_t size) noexcept : word_(word), size_(size) {}

    std::size_t run() noexcept {
        if (size_ <= 2) return size_;
        plurals();
        past_and_gerund();
        final_y();
        double_suffixes();
        single_suffixes();
        bare_suffixes();
        final_e();
        return size_;
    }

private:
    bool consonant(std::size_t at) const noexcept {
        switch (word_[at]) {
        case 'a':
        case 'e':
        case 'i':
        case 'o':
        case 'u': return false;
        case 'y': return at == 0 || !consonant(at - 1);
        default: return true;
        }
    }

    // How many times a vowel run is followed by a consonant run in the first `length` letters.
    int measure(std::size_t length) const noexcept {
        int count = 0;
        bool vowel_before = false;
        for (std::size_t at = 0; at < length; ++at) {
            const bool is_consonant = consonant(at);
            if (is_consonant && vowel_before) ++count;
            vowel_before = !is_consonant;
        }
        return count;
    }
    bool has_vowel(std::size_t length) const noexcept {
        for (std::size_t at = 0; at < length; ++at) {
            if (!consonant(at)) return true;
        }
        return false;
    }
    bool double_consonant() const noexcept { return size_ >= 2 && word_[size_ - 1] == word_[size_ - 2] && consonant(size_ - 1); }
    // Consonant, vowel, consonant other than w, x, y at the end of the first `length` letters: "hop", not "snow".
    bool short_end(std::size_t length) const noexcept {
        if (length < 3 || !consonant(length - 1) || consonant(length - 2) || !consonant(length - 3)) return false;
        const auto last = word_[length - 1];
        return last != 'w' && last != 'x' && last != 'y';
    }
    bool ends(const char* suffix, std::size_t& stem) const noexcept {
        const std::size_t length = std::strlen(suffix);
        if (length > size_) return false;
        stem = size_ - length;
        for (std::size_t at = 0; at < length; ++at) {
            if (word_[stem + at] != static_cast<Char>(suffix[at])) return false;
        }
        return true;
    }
    void put(std::size_t stem, const char* replacement) noexcept {
        size_ = stem;
        for (; *replacement != 0; ++replacement) word_[size_++] = static_cast<Char>(*replacement);
    }

    void plurals() noexcept {  // step 1a
        std::size_t stem;
        if (word_[size_ - 1] != 's') return;
        if (ends("sses", stem))
            put(stem, "ss");
        else if (ends("ies", stem))
            put(stem, "i");
        else if (word_[size_ - 2] != 's')
            --size_;
    }

    void past_and_gerund() noexcept {  // step 1b
        std::size_t stem;
        if (ends("eed", stem)) {
            if (measure(stem) > 0) --size_;
            return;
        }
        if (!(ends("ed", stem) && has_vowel(stem)) && !(ends("ing", stem) && has_vowel(stem))) return;
        size_ = stem;
        if (ends("at", stem))
            put(stem, "ate");
        else if (ends("bl", stem))
            put(stem, "ble");
        else if (ends("iz", stem))
            put(stem, "ize");
        else if (double_consonant()) {
            const auto last = word_[size_ - 1];
            if (last != 'l' && last != 's' && last != 'z') --size_;
        } else if (measure(size_) == 1 && short_end(size_)) {
            put(size_, "e");
        }
    }

    void final_y() noexcept {  // step 1c
        if (word_[size_ - 1] == 'y' && has_vowel(size_ - 1)) word_[size_ - 1] = 'i';
    }

    // The first rule whose suffix fits decides, whether or not the stem is long enough.
    void apply(std::span<const rule> rules) noexcept {
        std::size_t stem;
        for (const auto& each : rules) {
            if (ends(each.suffix, stem)) {
                if (measure(stem) > 0) put(stem, each.replacement);
                return;
            }
        }
    }
    void double_suffixes() noexcept {  // step 2
        static constexpr rule rules[] = {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
                                         {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
                                         {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
                                         {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
                                         {"logi", "log"}};
        apply(rules);
    }
    void single_suffixes() noexcept {  // step 3
        static constexpr rule rules[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                         {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
        apply(rules);
    }
    void bare_suffixes() noexcept {  // step 4
        static constexpr const char* suffixes[] = {"al",  "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement", "ment",
                                                   "ent", "ion",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize"};
        std::size_t stem;
        for (const char* suffix : suffixes) {
            if (!ends(suffix, stem)) continue;
            const bool ion = std::strcmp(suffix, "ion") == 0;
            if (ion && (stem == 0 || (word_[stem - 1] != 's' && word_[stem - 1] != 't'))) continue;
            if (measure(stem) > 1) size_ = stem;
            return;
        }
    }
    void final_e() noexcept {  // step 5
        if (word_[size_ - 1] == 'e') {
            const int m = measure(size_ - 1);
            if (m > 1 || (m == 1 && !short_end(size_ - 1))) --size_;
        }
        if (size_ >= 2 && word_[size_ - 1] == 'l' && double_consonant() && measure(size_ - 1) > 1) --size_;
    }

    Char* word_;
    std::size_t size_;
};

}  // namespace

std::size_t porter_stem(char* word, std::size_t size) noexcept { return stemmer<char>(word, size).run(); }
std::size_t porter_stem(char16_t* word, std::size_t size) noexcept { return stemmer<char16_t>(word, size).run(); }

}  // namespace hem::search::embedded::detail
