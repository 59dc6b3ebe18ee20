#include "apps/blog/item_splitter.hpp"

namespace blog {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void item_splitter::feed(std::string_view bytes) {
    if (begin_ != 0) {
        buffer_.erase(0, begin_);
        begin_ = 0;
    }
    buffer_ += bytes;
}

std::optional<std::string_view> item_splitter::next() {
    if (!error_.empty()) return {};
    if (mode_ == mode::undecided) {
        skip_blanks();
        if (begin_ == buffer_.size()) return {};
        if (buffer_[begin_] == '[') {
            mode_ = mode::array;
            take(1);
        } else {
            mode_ = mode::lines;
        }
    }
    return mode_ == mode::lines ? next_line() : next_element();
}

std::optional<std::string_view> item_splitter::next_line() {
    skip_blanks();
    std::size_t end = buffer_.find('\n', begin_ + scanned_);
    if (end == std::string::npos) {
        scanned_ = buffer_.size() - begin_;
        if (!finished_ || begin_ == buffer_.size()) return {};
        end = buffer_.size();
    }
    scanned_ = 0;
    std::string_view line = take(end - begin_);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    ++items_;
    return line;
}

std::optional<std::string_view> item_splitter::next_element() {
    if (scanned_ == 0) {
        skip_blanks();
        if (begin_ == buffer_.size()) {
            if (finished_ && !closed_) fail("the array is never closed");
            return {};
        }
        const char c = buffer_[begin_];
        if (closed_) {
            fail("something follows the array");
            return {};
        }
        if (c == ']') {
            if (after_element_ || items_ == 0) {
                take(1);
                closed_ = true;
                return next_element();
            }
            fail("an item is missing before ']'");
            return {};
        }
        if (after_element_) {
            if (c != ',') {
                fail("',' or ']' is missing after an item");
                return {};
            }
            take(1);
            after_element_ = false;
            return next_element();
        }
        if (c == ',') {
            fail("an item is missing before ','");
            return {};
        }
    }
    for (std::size_t i = begin_ + scanned_; i < buffer_.size(); ++i) {
        const char c = buffer_[i];
        scanned_ = i - begin_ + 1;
        if (in_string_) {
            if (escaped_) {
                escaped_ = false;
            } else if (c == '\\') {
                escaped_ = true;
            } else if (c == '"') {
                in_string_ = false;
            }
            continue;
        }
        if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
        } else if (depth_ == 0 && (c == ',' || c == ']')) {
            // The end of a number or a word; the character belongs to the array.
            scanned_ = 0;
            after_element_ = true;
            ++items_;
            std::string_view item = take(i - begin_);
            while (!item.empty() && is_blank(item.back())) item.remove_suffix(1);
            return item;
        } else if (c == '}' || c == ']') {
            if (depth_ == 0) {
                fail("a '}' has no '{'");
                return {};
            }
            if (--depth_ == 0) {
                scanned_ = 0;
                after_element_ = true;
                ++items_;
                return take(i + 1 - begin_);
            }
        }
    }
    if (finished_) fail("the array is never closed");
    return {};
}

void item_splitter::skip_blanks() {
    std::size_t end = begin_;
    if (scanned_ != 0) return;
    while (end < buffer_.size() && is_blank(buffer_[end])) ++end;
    take(end - begin_);
}

std::string_view item_splitter::take(std::size_t bytes) {
    const std::string_view taken = std::string_view(buffer_).substr(begin_, bytes);
    begin_ += bytes;
    consumed_ += bytes;
    return taken;
}

void item_splitter::fail(std::string text) { error_ = std::move(text); }

}  // namespace blog
