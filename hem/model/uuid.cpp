#include "hem/model/uuid.hpp"

namespace hem {

std::optional<uuid> uuid::parse(std::string_view text) noexcept {
    if (text.starts_with("urn:uuid:")) text.remove_prefix(9);
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}') text = text.substr(1, text.size() - 2);
    const bool hyphens = text.size() == 36;
    if (!hyphens && text.size() != 32) return std::nullopt;
    uuid result;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (hyphens && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (c != '-') return std::nullopt;
            continue;
        }
        const char lower = static_cast<char>(c | 0x20);
        int value = 0;
        if (c >= '0' && c <= '9') {
            value = c - '0';
        } else if (lower >= 'a' && lower <= 'f') {
            value = lower - 'a' + 10;
        } else {
            return std::nullopt;
        }
        auto& byte = result.bytes[digits / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | value);
        ++digits;
    }
    return result;
}

std::string uuid::to_string() const {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

bool json_traits<uuid>::read(const json_source& in, uuid& out, read_context& context) {
    if (!in.is_string()) return context.fail(in, "uuid_type", "UUID input should be a string, bytes or UUID object");
    const auto value = uuid::parse(in.string());
    if (!value) {
        const char* const why = "expected 32 hexadecimal digits with or without hyphens";
        return context.fail(in, "uuid_parsing", std::string("Input should be a valid UUID, ") + why, json::object({{"error", why}}));
    }
    out = *value;
    return true;
}

}  // namespace hem
