// Appends to a fixed buffer and goes on counting where it ends, so that a caller learns how much room it needs.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace hem::http::detail {

class writer {
public:
    explicit writer(std::span<char> out) noexcept : at_(out.data()), room_(out.size()) {}

    void text(std::string_view text) noexcept {
        if (size_ + text.size() <= room_ && !text.empty()) std::memcpy(at_ + size_, text.data(), text.size());
        size_ += text.size();
    }
    void number(std::uint64_t value) noexcept {
        char digits[20];
        const auto end = std::to_chars(digits, digits + sizeof digits, value);
        text({digits, static_cast<std::size_t>(end.ptr - digits)});
    }
    void field(std::string_view name, std::string_view value) noexcept {
        text(name);
        text(": ");
        text(value);
        text("\r\n");
    }
    std::size_t size() const noexcept { return size_; }

private:
    char* at_;
    std::size_t room_;
    std::size_t size_ = 0;
};

}  // namespace hem::http::detail
