#include "hem/http/headers.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "hem/http/detail/bytes.hpp"
#include "hem/http/errors.hpp"

namespace hem::http {
namespace {

// A look-up name in lower case without allocation: names over 256 bytes are no field that a parser lets through.
struct lower_name {
    explicit lower_name(std::string_view name) noexcept {
        if (name.size() > bytes.size()) return;
        std::transform(name.begin(), name.end(), bytes.begin(), detail::to_lower);
        size = name.size();
    }
    std::string_view text() const noexcept { return {bytes.data(), size}; }

    std::array<char, 256> bytes;
    std::size_t size = 0;
};

std::string quoted_name(std::string_view name) {
    std::string result;
    for (const char c : name.substr(0, 64)) result += detail::has_class(c, detail::token_char) ? c : '?';
    if (name.size() > 64) result += "...";
    return result;
}

}  // namespace

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return detail::has_class(c, detail::token_char); });
}

std::size_t find_invalid_value_byte(std::string_view value) noexcept {
    const auto at = std::find_if(value.begin(), value.end(), [](char c) { return !detail::has_class(c, detail::value_char); });
    return at == value.end() ? std::string_view::npos : static_cast<std::size_t>(at - value.begin());
}

headers::headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    for (const auto& [name, value] : fields) append(name, value);
}

headers::headers(const headers& other) : purpose_(other.purpose_) { *this = other; }

headers& headers::operator=(const headers& other) {
    if (this == &other) return *this;
    clear();
    for (const auto& field : other) {
        if (purpose_ != other.purpose_) check(field.name, field.value, field.id);
        append_view(field.id == field::other ? bytes_.copy(field.name) : field_name(field.id), bytes_.copy(field.value), field.id);
    }
    return *this;
}

void headers::release() noexcept {
    if (entries_ != inline_entries()) delete[] entries_;
    entries_ = inline_entries();
    capacity_ = inline_capacity;
    size_ = 0;
    present_ = 0;
}

std::optional<std::string_view> headers::get(std::string_view name) const noexcept {
    const lower_name lower(name);
    const field id = find_field(lower.text());
    if (id != field::other) return get(id);
    for (const auto& field : *this)
        if (field.id == field::other && field.name == lower.text()) return field.value;
    return std::nullopt;
}

std::vector<std::string_view> headers::get_all(std::string_view name) const {
    const lower_name lower(name);
    std::vector<std::string_view> values;
    for (const auto& field : *this)
        if (field.name == lower.text()) values.push_back(field.value);
    return values;
}

void headers::check(std::string_view name, std::string_view value, field id) const {
    if (!is_token(name)) {
        const auto wrong = std::find_if(name.begin(), name.end(), [](char c) { return !detail::has_class(c, detail::token_char); });
        throw invalid_header("header field name \"" + quoted_name(name) + "\" is not a token: " +
                             (name.empty() ? std::string("it is empty") : "wrong byte at offset " + std::to_string(wrong - name.begin())));
    }
    if (name.size() > 256) throw invalid_header("header field name \"" + quoted_name(name) + "\" is longer than 256 bytes");
    if (const std::size_t wrong = find_invalid_value_byte(value); wrong != std::string_view::npos)
        throw invalid_header("value of header field \"" + quoted_name(name) + "\" has a control byte at offset " + std::to_string(wrong) +
                             "; line breaks and NUL cannot be sent");
    if (purpose_ != purpose::response) return;
    if (id == field::transfer_encoding || id == field::keep_alive || id == field::upgrade || id == field::trailer)
        throw invalid_header("header field \"" + std::string(field_name(id)) + "\" of a response belongs to the server; leave it out");
    if (id == field::connection && !detail::equals_lower(value, "close"))
        throw invalid_header("header field \"connection\" of a response may only be \"close\" (offset 0)");
}

void headers::grow() {
    auto* grown = new entry[std::size_t{capacity_} * 2];
    std::copy_n(entries_, size_, grown);
    if (entries_ != inline_entries()) delete[] entries_;
    entries_ = grown;
    capacity_ *= 2;
}

void headers::append(std::string_view name, std::string_view value) {
    const lower_name lower(name);
    const field id = find_field(lower.text());
    value = detail::trim_blanks(value);
    check(name, value, id);
    append_view(id == field::other ? bytes_.copy(lower.text()) : field_name(id), bytes_.copy(value), id);
}

void headers::append(field id, std::string_view value) {
    value = detail::trim_blanks(value);
    check(field_name(id), value, id);
    append_view(field_name(id), bytes_.copy(value), id);
}

void headers::set(std::string_view name, std::string_view value) {
    const lower_name lower(name);
    const field id = find_field(lower.text());
    value = detail::trim_blanks(value);
    check(name, value, id);
    for (std::uint32_t i = 0; i < size_; ++i) {
        if (entries_[i].name != lower.text()) continue;
        entries_[i].value = bytes_.copy(value);
        erase_from(i + 1, lower.text());
        return;
    }
    append_view(id == field::other ? bytes_.copy(lower.text()) : field_name(id), bytes_.copy(value), id);
}

void headers::set(field id, std::string_view value) { set(field_name(id), value); }

void headers::set_view(field id, std::string_view value) {
    if (contains(id)) {
        for (std::uint32_t i = 0; i < size_; ++i) {
            if (entries_[i].id != id) continue;
            entries_[i].value = value;
            erase_from(i + 1, field_name(id));
            return;
        }
    }
    append_view(field_name(id), value, id);
}

std::size_t headers::erase_from(std::uint32_t index, std::string_view name) noexcept {
    entry* const first = entries_ + index;
    entry* const end = std::remove_if(first, entries_ + size_, [&](const entry& field) { return field.name == name; });
    const auto removed = static_cast<std::size_t>(entries_ + size_ - end);
    size_ -= static_cast<std::uint32_t>(removed);
    return removed;
}

std::size_t headers::erase(std::string_view name) noexcept {
    const lower_name lower(name);
    const field id = find_field(lower.text());
    const std::size_t removed = erase_from(0, lower.text());
    if (removed != 0 && id != field::other) present_ &= ~(std::uint64_t{1} << static_cast<unsigned>(id));
    return removed;
}

std::size_t headers::erase(field id) noexcept { return contains(id) ? erase(field_name(id)) : 0; }

void headers::clear() noexcept {
    size_ = 0;
    present_ = 0;
    bytes_.clear();
}

}  // namespace hem::http
