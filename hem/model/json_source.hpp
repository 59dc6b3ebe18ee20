// One value that is being read, and the context that collects what is wrong with it: what `json_traits<T>::read` works with.
//
// A `json_source` is a small view, passed by reference: a place in a parsed JSON document, or the text of a path, query, header or
// cookie value. `read_context` knows where in the input we are, collects the errors and says how strict to be. A read function
// returns false after it has reported at least one error, and leaves its target as it was then.
#pragma once

#include "hem/model/json.hpp"
#include "hem/model/validation.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace hem {

class model_info;

namespace detail {
// A parsed document: words in simdjson's tape layout (a type letter in the top byte; containers hold the index behind their end,
// numbers a second word, strings an offset to a 32-bit length and the bytes), and 'b' for a number that fits no machine type.
struct json_tape {
    const std::uint64_t* words;
    const char* strings;
};
}  // namespace detail

class json_source {
public:
    class element_iterator;
    class member_iterator;

    // A value of text form; several texts are a repeated key: a list, or for a single value the last of them.
    static json_source text(const std::string_view* texts, std::size_t count = 1) noexcept { return {nullptr, nullptr, texts, count}; }
    static json_source at_word(const std::uint64_t* word, const detail::json_tape* tape) noexcept { return {word, tape, nullptr, 0}; }

    bool is_text() const noexcept { return word_ == nullptr; }
    std::size_t text_count() const noexcept { return text_count_; }
    json_source text_at(std::size_t index) const noexcept { return text(texts_ + index); }

    // Text values are of kind string.
    json_kind kind() const noexcept;
    bool is_null() const noexcept { return word_ && tag() == 'n'; }
    bool is_string() const noexcept { return !word_ || tag() == '"'; }
    bool is_array() const noexcept { return word_ && tag() == '['; }
    bool is_object() const noexcept { return word_ && tag() == '{'; }

    // Each asks for the kind that the caller has checked.
    bool boolean() const noexcept { return tag() == 't'; }
    std::int64_t integer() const noexcept { return static_cast<std::int64_t>(word_[1]); }
    std::uint64_t unsigned_integer() const noexcept { return word_[1]; }
    double number() const noexcept {
        double value;
        std::memcpy(&value, word_ + 1, sizeof value);
        return value;
    }
    std::string_view string() const noexcept {  // of big_number, too: its digits. Valid as long as the document
        if (!word_) return text_count_ == 0 ? std::string_view() : texts_[text_count_ - 1];
        const char* at = tape_->strings + payload();
        std::uint32_t length;
        std::memcpy(&length, at, sizeof length);
        return {at + sizeof length, length};
    }

    // for (json_source element : source.elements()); for (auto [key, value] : source.members())
    struct element_range {
        element_iterator begin() const noexcept;
        element_iterator end() const noexcept;
        const std::uint64_t* first;
        const std::uint64_t* last;
        const detail::json_tape* tape;
    };
    struct member_range {
        member_iterator begin() const noexcept;
        member_iterator end() const noexcept;
        const std::uint64_t* first;
        const std::uint64_t* last;
        const detail::json_tape* tape;
    };
    element_range elements() const noexcept { return {word_ + 1, after() - 1, tape_}; }
    member_range members() const noexcept { return {word_ + 1, after() - 1, tape_}; }

    // A copy that owns its parts. Text gives a string, several texts an array of strings.
    json value() const;
    // True if the value's JSON text would be longer than `bytes`; looks at no more than that much.
    bool longer_than(std::size_t bytes) const noexcept;
    const std::uint64_t* word() const noexcept { return word_; }
    const detail::json_tape* tape() const noexcept { return tape_; }

private:
    json_source(const std::uint64_t* word, const detail::json_tape* tape, const std::string_view* texts, std::size_t count) noexcept
        : word_(word), tape_(tape), texts_(texts), text_count_(count) {}
    char tag() const noexcept { return static_cast<char>(*word_ >> 56); }
    std::uint64_t payload() const noexcept { return *word_ & 0x00ffffffffffffffu; }
    const std::uint64_t* after() const noexcept;
    void fill(json& out) const;

    const std::uint64_t* word_;
    const detail::json_tape* tape_;
    const std::string_view* texts_;
    std::size_t text_count_;
};

// Where a value stands: a chain of nodes on the reader's stack.
struct json_location {
    const json_location* parent = nullptr;
    std::string_view key{};
    std::size_t index = 0;
    bool is_index = false;
};

struct read_options {
    bool strict = false;
};

class read_context {
public:
    // `errors` and `prefix` outlive the context. The prefix comes first in each loc: ["body"], ["query", "limit"].
    read_context(validation_errors& errors, std::span<const json> prefix = {}, read_options options = {}) noexcept
        : errors_(errors), prefix_(prefix), strict(options.strict) {}
    read_context(const read_context&) = delete;
    read_context& operator=(const read_context&) = delete;

    // Report; they return false so that a reader can `return context.fail(…)`. Context values are copied into the entry.
    bool fail(const json_source& input, std::string_view type, std::string_view msg, json ctx = {});
    bool fail_missing(const json_source* object);  // at the current location; null input without an object
    bool full() const noexcept { return errors_.full(); }
    validation_errors& errors() noexcept { return errors_; }
    std::size_t error_count() const noexcept { return errors_.size(); }
    json location() const;

    // RAII: one step down, by key or index. Keys outlive the step.
    class step {
    public:
        step(read_context& context, std::string_view key) noexcept : context_(context), node_{context.at_, key, 0, false} {
            context.at_ = &node_;
        }
        step(read_context& context, std::size_t index) noexcept : context_(context), node_{context.at_, {}, index, true} {
            context.at_ = &node_;
        }
        ~step() { context_.at_ = node_.parent; }
        step(const step&) = delete;
        step& operator=(const step&) = delete;

    private:
        read_context& context_;
        json_location node_;
    };

    // Keeps the flags of the context and puts them back.
    class flags {
    public:
        explicit flags(read_context& context) noexcept
            : context_(context), strict_(context.strict), allow_inf_nan_(context.allow_inf_nan), secret_(context.secret),
              masking_(context.masking) {}
        ~flags() {
            context_.strict = strict_;
            context_.allow_inf_nan = allow_inf_nan_;
            context_.secret = secret_;
            context_.masking = masking_;
        }
        flags(const flags&) = delete;
        flags& operator=(const flags&) = delete;

    private:
        read_context& context_;
        bool strict_;
        bool allow_inf_nan_;
        bool secret_;
        void (*masking_)(json&);
    };

private:
    bool add(std::string_view type, std::string_view msg, const json_source* input, json ctx);

    validation_errors& errors_;
    std::span<const json> prefix_;
    const json_location* at_ = nullptr;

public:
    bool strict;                               // only the exact JSON type
    bool allow_inf_nan = false;                // `nan` and `inf` are numbers
    bool secret = false;                       // inputs of errors are masked
    void (*masking)(json&) = nullptr;          // hides what is secret in inputs of the value that is being read; null: nothing is
    const std::uint64_t* duplicate = nullptr;  // the tape word of a known key's second occurrence: the document is invalid
};

class json_source::element_iterator {
public:
    json_source operator*() const noexcept { return at_word(word_, tape_); }
    element_iterator& operator++() noexcept {
        word_ = at_word(word_, tape_).after();
        return *this;
    }
    bool operator==(const element_iterator& other) const noexcept { return word_ == other.word_; }

private:
    friend class json_source;
    element_iterator(const std::uint64_t* word, const detail::json_tape* tape) noexcept : word_(word), tape_(tape) {}
    const std::uint64_t* word_;
    const detail::json_tape* tape_;
};

class json_source::member_iterator {
public:
    struct entry {
        std::string_view key;
        json_source value;
    };
    entry operator*() const noexcept { return {at_word(word_, tape_).string(), at_word(word_ + 1, tape_)}; }
    member_iterator& operator++() noexcept {
        word_ = at_word(word_ + 1, tape_).after();
        return *this;
    }
    bool operator==(const member_iterator& other) const noexcept { return word_ == other.word_; }
    const std::uint64_t* word() const noexcept { return word_; }

private:
    friend class json_source;
    member_iterator(const std::uint64_t* word, const detail::json_tape* tape) noexcept : word_(word), tape_(tape) {}
    const std::uint64_t* word_;
    const detail::json_tape* tape_;
};

inline json_source::element_iterator json_source::element_range::begin() const noexcept { return {first, tape}; }
inline json_source::element_iterator json_source::element_range::end() const noexcept { return {last, tape}; }
inline json_source::member_iterator json_source::member_range::begin() const noexcept { return {first, tape}; }
inline json_source::member_iterator json_source::member_range::end() const noexcept { return {last, tape}; }

inline const std::uint64_t* json_source::after() const noexcept {
    switch (tag()) {
    case '{':
    case '[': return tape_->words + (*word_ & 0xffffffffu);
    case 'l':
    case 'u':
    case 'd': return word_ + 2;
    default: return word_ + 1;
    }
}

}  // namespace hem
