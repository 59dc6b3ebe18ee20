// Text analysis of the embedded engine: from a field's text to the terms that are indexed and searched.
//
// An analyzer is a chain of character filters, one tokenizer and token filters, named as Elasticsearch names them. The registry knows
// the built-in analyzers and builds custom ones from neutral definitions (no JSON here). Tokens equal Lucene's: text, position
// increments, offsets in UTF-16 units, types. Analyzers are immutable and may be used by any number of threads at once.
// Sources: UAX #29 (word boundaries), M. F. Porter, "An algorithm for suffix stripping" (1980), observed behaviour of Lucene.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search::embedded {

// Grows when analysis of a built-in analyzer changes; a store written with another version is indexed again when it is opened.
inline constexpr int analysis_version = 1;

enum class token_type : std::uint8_t {
    word,
    alphanum,
    num,
    hangul,
    katakana,
    southeast_asian,
    ideographic,
    hiragana,
    emoji,
    synonym,
    shingle
};

// The name that `_analyze` prints: "word", "<ALPHANUM>", "<NUM>" ...
std::string_view to_string(token_type type) noexcept;

// One term at one position. `text` is valid only during the callback that receives it.
struct token {
    std::string_view text;
    std::uint32_t position_increment = 1;  // 0: at the position of the token before; above 1: holes before it
    std::uint32_t position_length = 1;
    std::uint32_t start = 0, end = 0;              // bytes of the analysed text
    std::uint32_t start_utf16 = 0, end_utf16 = 0;  // the same in UTF-16 units, as the wire counts
    token_type type = token_type::word;
};

// A token that owns its text and knows its absolute position (from 0).
struct owned_token {
    std::string text;
    std::uint32_t position = 0, position_length = 1;
    std::uint32_t start = 0, end = 0, start_utf16 = 0, end_utf16 = 0;
    token_type type = token_type::word;
};

// A definition names something that the engine does not have, or an option is wrong. The text says which and what exists.
class analysis_error : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

// A character filter, tokenizer or token filter: the type and its options. A JSON scalar is a list of one text.
struct analysis_component {
    std::string type;
    std::vector<std::pair<std::string, std::vector<std::string>>> options;
};

struct analyzer_definition {
    std::string name;
    std::vector<analysis_component> char_filters;
    analysis_component tokenizer{"standard", {}};
    std::vector<analysis_component> filters;
};

namespace detail {
struct analysis_chain;  // the compiled form
}

class analyzer {
public:
    // Compiles the definition. Throws analysis_error.
    explicit analyzer(const analyzer_definition& definition);
    ~analyzer();
    analyzer(const analyzer&) = delete;
    analyzer& operator=(const analyzer&) = delete;

    const std::string& name() const noexcept { return name_; }

    // Calls f(const token&) for each token of the text, in order; returns the holes after the last token (they count between the values
    // of an array). The text should be UTF-8; broken bytes read as U+FFFD. Throws only what f throws, and bad_alloc.
    template <class F>
    std::uint32_t analyze(std::string_view text, F&& f) const {
        return run(text, &f, [](void* context, const token& each) { (*static_cast<std::remove_reference_t<F>*>(context))(each); });
    }

    std::vector<owned_token> tokens(std::string_view text) const;

    // The text as one term: what a normalizer makes of a keyword value. Only character filters and per-character filters apply.
    std::string normalize(std::string_view text) const;

private:
    std::uint32_t run(std::string_view text, void* context, void (*sink)(void*, const token&)) const;

    std::string name_;
    std::unique_ptr<detail::analysis_chain> chain_;
};

// The analyzers of one index: built-ins (standard english simple whitespace stop keyword pattern) and the index's own.
class analyzer_registry {
public:
    analyzer_registry();

    // Adds a custom analyzer or normalizer (a normalizer has the tokenizer `keyword`). Throws analysis_error.
    void define(const analyzer_definition& definition);
    // A built-in analyzer under another name with options, such as `standard` with `stopwords` or `max_token_length`. Throws
    // analysis_error.
    void define_configured(const std::string& name, const analysis_component& configured);

    const analyzer* find(std::string_view name) const noexcept;
    // Throws analysis_error that names the analyzers there are.
    const analyzer& get(std::string_view name) const;

private:
    std::map<std::string, std::shared_ptr<const analyzer>, std::less<>> analyzers_;
};

// Positions that one hole-free value would have if it followed others of the same field, `gap` positions apart.
inline constexpr std::uint32_t default_position_increment_gap = 100;

}  // namespace hem::search::embedded
