// Cuts a stream of posts into its items: the elements of a JSON array, or the lines of NDJSON. What begins with `[` is an array.
//
// Fed with pieces of any size, it holds the item in hand and nothing else, so a body of 32 MiB is never in memory as a whole. It looks
// only at brackets and quotes; whether an item is JSON is found out by whoever reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blog {

class item_splitter {
public:
    // Appends bytes of the body; `finish` says that there are no more.
    void feed(std::string_view bytes);
    void finish() noexcept { finished_ = true; }

    // The text of the next item, without blanks around it; empty when more bytes are needed or all items were taken. The view lives until
    // the next call of `feed` or `next`.
    std::optional<std::string_view> next();

    // What is wrong with the array around the items, and where (bytes from 0); nothing follows after it. Empty: nothing is.
    const std::string& error() const noexcept { return error_; }
    std::uint64_t error_position() const noexcept { return consumed_; }
    std::uint64_t items() const noexcept { return items_; }
    // True if the body had anything but blanks.
    bool begun() const noexcept { return mode_ != mode::undecided; }

private:
    enum class mode { undecided, lines, array };

    std::optional<std::string_view> next_line();
    std::optional<std::string_view> next_element();
    void skip_blanks();
    std::string_view take(std::size_t bytes);
    void fail(std::string text);

    std::string buffer_;
    std::size_t begin_ = 0;    // of what is not consumed yet
    std::size_t scanned_ = 0;  // of the element in hand, from begin_
    std::uint64_t consumed_ = 0;
    std::uint64_t items_ = 0;
    std::string error_;
    mode mode_ = mode::undecided;
    int depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    bool after_element_ = false;
    bool closed_ = false;
    bool finished_ = false;
};

}  // namespace blog
