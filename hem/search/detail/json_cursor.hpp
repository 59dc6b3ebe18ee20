// Walks over JSON text that a server sent, without building values: responses are read once, and a document's bytes are only stepped
// over until somebody looks at them. It checks as much as it needs to find its way; text that is cut or out of shape throws cursor_error.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace hem::search::detail {

class cursor_error : public std::exception {
public:
    cursor_error(std::string path, std::string reason)
        : path_(std::move(path)), reason_(std::move(reason)), text_(path_ + ": " + reason_) {}
    const char* what() const noexcept override { return text_.c_str(); }
    const std::string& path() const noexcept { return path_; }
    const std::string& reason() const noexcept { return reason_; }

private:
    std::string path_;
    std::string reason_;
    std::string text_;
};

class json_cursor {
public:
    // `text` outlives the cursor.
    explicit json_cursor(std::string_view text) : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

    // First character of the next value; 0 at the end.
    char peek() noexcept;
    bool at_null() noexcept { return peek() == 'n'; }

    // `begin_object(); while (next_key(key)) { … read or skip the value … }`. The key lives until the next call of next_key.
    void begin_object();
    bool next_key(std::string_view& key);
    void begin_array();
    bool next_element();

    void read_string(std::string& out);
    std::string read_string();
    std::int64_t read_integer();  // a fraction of zeros is accepted, as are numbers in quotes
    std::uint64_t read_unsigned();
    double read_number();
    bool read_bool();
    void read_null();
    std::string_view skip();  // the bytes of the value
    bool finished() noexcept { return peek() == 0; }

    // Path of the member that is being read, for errors.
    void enter(std::string_view member) noexcept;
    void leave() noexcept { --depth_; }
    [[noreturn]] void fail(const char* reason) const;
    [[noreturn]] void fail_expected(const char* what);

private:
    void skip_string();
    std::string_view number_text();

    const char* begin_;
    const char* at_;
    const char* end_;
    std::string key_;
    std::array<std::string_view, 32> path_{};
    std::size_t depth_ = 0;
};

}  // namespace hem::search::detail
