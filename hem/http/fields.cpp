#include "hem/http/fields.hpp"

#include <array>
#include <cstring>

namespace hem::http {
namespace {

constexpr std::array<std::string_view, field_count> names = {
    "",
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "origin",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "sec-websocket-key",
    "sec-websocket-version",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
};

// Perfect for the names above; another name that lands in a full slot fails the comparison.
constexpr std::size_t slot_of(std::size_t size, char first, char last) {
    return (size * 9 + static_cast<unsigned char>(first) * 58 + static_cast<unsigned char>(last) * 56) & 255;
}

struct slots {
    std::array<std::uint8_t, 256> id{};
    bool perfect = true;

    constexpr slots() {
        for (std::size_t i = 1; i < field_count; ++i) {
            auto& slot = id[slot_of(names[i].size(), names[i].front(), names[i].back())];
            if (slot != 0) perfect = false;
            slot = static_cast<std::uint8_t>(i);
        }
    }
};
constexpr slots table;
static_assert(table.perfect, "two known fields share a slot: choose other factors in slot_of");

constexpr std::array<std::string_view, 10> methods = {"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"};

}  // namespace

std::string_view field_name(field id) noexcept { return names[static_cast<std::size_t>(id)]; }

field find_field(std::string_view name) noexcept {
    if (name.empty()) return field::other;
    const std::uint8_t index = table.id[slot_of(name.size(), name.front(), name.back())];
    const std::string_view known = names[index];
    if (known.size() != name.size() || std::memcmp(known.data(), name.data(), name.size()) != 0) return field::other;
    return static_cast<field>(index);
}

method_kind find_method(std::string_view method) noexcept {
    switch (method.size()) {
    case 3:
        if (method == "GET") return method_kind::get;
        if (method == "PUT") return method_kind::put;
        break;
    case 4:
        if (method == "POST") return method_kind::post;
        if (method == "HEAD") return method_kind::head;
        break;
    case 5:
        if (method == "PATCH") return method_kind::patch;
        if (method == "TRACE") return method_kind::trace;
        break;
    case 6:
        if (method == "DELETE") return method_kind::del;
        break;
    case 7:
        if (method == "OPTIONS") return method_kind::options;
        if (method == "CONNECT") return method_kind::connect;
        break;
    default: break;
    }
    return method_kind::other;
}

std::string_view method_name(method_kind kind) noexcept { return methods[static_cast<std::size_t>(kind)]; }

}  // namespace hem::http
