// A list of header fields: ordered, repeated names allowed, looked up without regard to case, names kept in lower case.
//
// Names and values are checked when they are set, never when they are sent, so a value with a line break cannot reach the wire.
// Views that `get` and iteration give live as long as the list, also when it grows, and stay valid when it is moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "hem/http/detail/arena.hpp"
#include "hem/http/fields.hpp"

namespace hem::http {

// True for a non-empty token (RFC 9110 5.6.2).
bool is_token(std::string_view text) noexcept;

// The offset of the first byte that a field value must not hold (control bytes but HTAB), or npos.
std::size_t find_invalid_value_byte(std::string_view value) noexcept;

class headers {
public:
    struct entry {
        std::string_view name;  // lower case
        std::string_view value;
        field id = field::other;
    };
    using const_iterator = const entry*;

    // Which fields may be set: a response leaves framing to the server (`transfer-encoding`, `keep-alive`, `upgrade` and `trailer`
    // are refused, `connection` takes only `close`).
    enum class purpose : std::uint8_t { any, response };

    headers() noexcept = default;
    explicit headers(purpose purpose) noexcept : purpose_(purpose) {}
    headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);
    headers(const headers& other);
    headers(headers&& other) noexcept : purpose_(other.purpose_) { take(other); }
    headers& operator=(const headers& other);  // keeps its own purpose
    headers& operator=(headers&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    ~headers() {
        if (entries_ != inline_entries()) delete[] entries_;
    }

    // The first value of that name.
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::optional<std::string_view> get(field id) const noexcept {
        const entry* found = find(id);
        return found != nullptr ? std::optional{found->value} : std::nullopt;
    }

    // All values of that name, in order.
    std::vector<std::string_view> get_all(std::string_view name) const;

    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }
    bool contains(field id) const noexcept { return (present_ >> static_cast<unsigned>(id) & 1) != 0 && id != field::other; }

    // Replaces every field of that name by one, at the place of the first. Blanks around the value are cut.
    // Throws `invalid_header`, which names the field and the offset of the wrong byte, never the value.
    void set(std::string_view name, std::string_view value);
    void set(field id, std::string_view value);

    // Adds a field after the others. Throws as `set` does.
    void append(std::string_view name, std::string_view value);
    void append(field id, std::string_view value);

    // Without copy and check, for values that live at least as long as the list: literals, or bytes of the request that owns it.
    void set_view(field id, std::string_view value);
    void append_view(std::string_view lower_name, std::string_view value, field id) {
        *add() = {lower_name, value, id};
        present_ |= std::uint64_t{1} << static_cast<unsigned>(id);
    }
    // With a copy, without check: for what a parser has read.
    void append_copy(std::string_view lower_name, std::string_view value, field id) {
        append_view(id == field::other ? bytes_.copy(lower_name) : field_name(id), bytes_.copy(value), id);
    }

    // Removes every field of that name; returns how many there were.
    std::size_t erase(std::string_view name) noexcept;
    std::size_t erase(field id) noexcept;

    // Removes all fields, keeps the memory.
    void clear() noexcept;

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    const_iterator begin() const noexcept { return entries_; }
    const_iterator end() const noexcept { return entries_ + size_; }
    const entry& operator[](std::size_t index) const noexcept { return entries_[index]; }

private:
    static constexpr std::uint32_t inline_capacity = 4;

    const entry* find(field id) const noexcept {
        if (!contains(id)) return nullptr;
        for (const entry* at = entries_;; ++at)
            if (at->id == id) return at;
    }
    void check(std::string_view name, std::string_view value, field id) const;
    entry* add() {
        if (size_ == capacity_) grow();
        return &entries_[size_++];
    }
    void grow();
    void take(headers& other) noexcept {
        if (other.entries_ == other.inline_entries()) {
            for (std::uint32_t i = 0; i < other.size_; ++i) inline_entries()[i] = other.inline_entries()[i];
        } else {
            entries_ = std::exchange(other.entries_, other.inline_entries());
            capacity_ = std::exchange(other.capacity_, inline_capacity);
        }
        size_ = std::exchange(other.size_, 0);
        present_ = std::exchange(other.present_, 0);
        bytes_ = std::move(other.bytes_);
    }
    void release() noexcept;
    entry* inline_entries() noexcept { return reinterpret_cast<entry*>(inline_bytes_); }
    std::size_t erase_from(std::uint32_t index, std::string_view name) noexcept;

    entry* entries_ = inline_entries();
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = inline_capacity;
    std::uint64_t present_ = 0;  // one bit per known field
    purpose purpose_ = purpose::any;
    detail::arena bytes_;
    // Entries begin to live when they are written: most responses move several times with two fields.
    alignas(entry) std::byte inline_bytes_[inline_capacity * sizeof(entry)];
};

}  // namespace hem::http
