// How an analyzer is built: tokenizers push tokens through stages; each stage hands what it makes to the next one.
//
// Stages hold the state of one run and are made anew for each text; what they were configured with is shared and immutable.
#pragma once

#include "hem/search/embedded/analysis.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded::detail {

// A token on its way through the stages; the text is owned, so that stages may change it in place.
struct working_token {
    std::string text;
    std::uint32_t position_increment = 1, position_length = 1;
    std::uint32_t start = 0, end = 0, start_utf16 = 0, end_utf16 = 0;
    token_type type = token_type::word;
    bool keyword = false;  // stemmers leave it alone
};

class stage {
public:
    virtual ~stage() = default;
    virtual void accept(working_token& each) = 0;
    // The end of the text; `holes` positions were skipped since the last token.
    virtual void finish(std::uint32_t holes) { next->finish(holes); }
    stage* next = nullptr;
};

class stage_factory {
public:
    virtual ~stage_factory() = default;
    virtual std::unique_ptr<stage> make() const = 0;
};

class tokenizer {
public:
    virtual ~tokenizer() = default;
    virtual void run(std::string_view text, stage& to) const = 0;
};

// A text after character filters, with the way back to offsets of the original.
struct filtered_text {
    struct correction {
        std::uint32_t at, at_utf16;  // from here on in the filtered text
        std::int64_t bytes, units;   // add this
    };
    std::string text;
    std::vector<correction> corrections;
};

class char_filter {
public:
    virtual ~char_filter() = default;
    virtual filtered_text apply(std::string_view text) const = 0;
};

struct analysis_chain {
    std::vector<std::unique_ptr<char_filter>> char_filters;
    std::unique_ptr<detail::tokenizer> tokenizer;
    std::vector<std::unique_ptr<stage_factory>> filters;
};

// Options of a component, by name. Reading one marks it as known; `check` refuses the rest.
class component_options {
public:
    explicit component_options(const analysis_component& component, std::string_view what);
    const std::vector<std::string>* list(std::string_view name);
    std::string text(std::string_view name, std::string_view fallback);
    std::int64_t integer(std::string_view name, std::int64_t fallback);
    bool flag(std::string_view name, bool fallback);
    // Throws analysis_error that names an option nobody has read.
    void check() const;
    [[noreturn]] void refuse(const std::string& reason) const;

private:
    const analysis_component& component_;
    std::string what_;
    std::vector<bool> used_;
};

// Throw analysis_error for an unknown type, with the types there are.
std::unique_ptr<tokenizer> make_tokenizer(const analysis_component& component);
std::unique_ptr<stage_factory> make_filter(const analysis_component& component);
std::unique_ptr<char_filter> make_char_filter(const analysis_component& component);
// `before` is the chain up to this filter, which analyses the rules; `filters` defines it.
std::unique_ptr<stage_factory> make_synonym_filter(const analysis_component& component, const std::vector<analysis_component>& filters,
                                                   const analysis_chain& before);

// Hands the text's tokens to `sink`; returns the holes after the last one.
std::uint32_t run_chain(const analysis_chain& chain, std::string_view text, void* context, void (*sink)(void*, const token&));

// The words of `_english_`, or the given list; `_none_` is empty.
std::vector<std::string> stop_words(const std::vector<std::string>* given);

// Lower case per code point.
void lower_in_place(std::string& text);
void upper_in_place(std::string& text);

}  // namespace hem::search::embedded::detail
