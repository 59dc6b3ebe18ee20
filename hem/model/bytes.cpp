#include "hem/model/bytes.hpp"

#include <array>
#include <fmt/format.h>

namespace hem {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> make_values() {
    std::array<signed char, 256> values{};
    for (auto& value : values) value = -1;
    for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
    values['-'] = 62;
    values['_'] = 63;
    return values;
}
constexpr auto values = make_values();

}  // namespace

std::string encode_base64(std::span<const std::byte> data) {
    std::string text;
    text.reserve((data.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t count = data.size() - i < 3 ? data.size() - i : 3;
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? std::to_integer<std::uint32_t>(data[i + k]) : 0);
        for (std::size_t k = 0; k < 4; ++k) text += k <= count ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::optional<bytes> decode_base64(std::string_view text, std::string* error) {
    const auto refuse = [&](std::string why) -> std::optional<bytes> {
        if (error) *error = std::move(why);
        return std::nullopt;
    };
    const std::size_t whole = text.size();
    if (whole % 4 == 0) {
        if (text.ends_with('=')) text.remove_suffix(1);
        if (text.ends_with('=')) text.remove_suffix(1);
    }
    bytes data;
    data.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    int bits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const signed char value = values[static_cast<unsigned char>(text[i])];
        if (value < 0)
            return refuse(fmt::format("Invalid symbol {}, offset {}.", static_cast<unsigned>(static_cast<unsigned char>(text[i])), i));
        group = group << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            data.push_back(static_cast<std::byte>(group >> bits & 0xff));
        }
    }
    if (bits == 6) return refuse(fmt::format("Invalid input length: {}", whole));
    if ((group & ((1u << bits) - 1)) != 0)
        return refuse(fmt::format("Invalid last symbol {}, offset {}.", static_cast<unsigned>(static_cast<unsigned char>(text.back())),
                                  text.size() - 1));
    return data;
}

bool json_traits<bytes>::read(const json_source& in, bytes& out, read_context& context) {
    if (!in.is_string()) return context.fail(in, "bytes_type", "Input should be a valid bytes");
    std::string error;
    auto data = decode_base64(in.string(), &error);
    if (!data) {
        return context.fail(in, "bytes_invalid_encoding", fmt::format("Data should be valid base64: {}", error),
                            json::object({{"encoding", "base64"}, {"encoding_error", error}}));
    }
    out = std::move(*data);
    return true;
}

}  // namespace hem
