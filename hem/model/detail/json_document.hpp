// The parsed form of a JSON text: a tape that simdjson wrote, or the plain scanner where simdjson refuses a text that is valid
// (integers beyond 64 bits, floats beyond double, the last permitted depth). Internal to the layer.
#pragma once

#include "hem/model/json_source.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hem::detail {

struct json_fault {
    std::string reason;      // empty: none
    std::size_t offset = 0;  // bytes
};

// Reads the whole text into a tape, word for word as simdjson would, plus 'b' words. `places`, if given, receives the byte offset of
// each word's text (zero for the second words of numbers).
class json_scanner {
public:
    // False when the text is not valid; `fault` says why.
    bool scan(std::string_view text, std::size_t max_depth, std::vector<std::size_t>* places = nullptr);
    json_fault fault;
    std::vector<std::uint64_t> words;
    std::string strings;

private:
    struct frame;
};

// Parses into memory that the calling thread keeps and uses again for the next document of the thread: finish with one document
// before the next is made (nested use falls back to memory of its own).
class json_document {
public:
    json_document(std::string_view text, std::size_t max_depth);
    ~json_document();
    json_document(const json_document&) = delete;
    json_document& operator=(const json_document&) = delete;

    bool valid() const noexcept { return fault_.reason.empty(); }
    const json_fault& fault() const noexcept { return fault_; }
    // The document's value; needs valid().
    json_source root() const noexcept { return json_source::at_word(tape_.words + 1, &tape_); }
    // Byte offset in the text of a word of the tape; scans the text again.
    std::size_t offset_of(const std::uint64_t* word) const;

private:
    std::string_view text_;
    std::size_t max_depth_;
    json_tape tape_{};
    json_fault fault_;
    void* borrowed_ = nullptr;  // the thread's parser
    json_scanner scanner_;
};

struct text_position {
    std::size_t character = 0;  // code points from 0
    std::size_t line = 1;
    std::size_t column = 1;
};
text_position position_of(std::string_view text, std::size_t offset) noexcept;

// Offset of the first byte that is not part of valid UTF-8; npos if all is.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

}  // namespace hem::detail
