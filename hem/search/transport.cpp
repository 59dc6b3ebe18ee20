#include "hem/search/transport.hpp"

namespace hem::search {
namespace {

void append_encoded(std::string& out, std::string_view text, std::string_view kept) {
    constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kept.find(c) != std::string_view::npos;
        if (plain) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

}  // namespace

std::string encode_query(const string_pairs& params) {
    std::string out;
    for (const auto& [name, value] : params) {
        if (!out.empty()) out += '&';
        append_encoded(out, name, "-._~");
        out += '=';
        append_encoded(out, value, "-._~,*:");
    }
    return out;
}

std::string encode_segment(std::string_view text) {
    std::string out;
    append_encoded(out, text, "-._~,*");
    return out;
}

}  // namespace hem::search
