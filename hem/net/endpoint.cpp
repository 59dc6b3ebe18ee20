#include "hem/net/endpoint.hpp"

#include <charconv>
#include <stdexcept>

namespace hem::net {

endpoint endpoint::parse(std::string_view text) {
    const auto refuse = [&](const char* why) -> std::invalid_argument {
        return std::invalid_argument("'" + std::string(text) + "' is no endpoint: " + why +
                                     "; write host:port, [v6-address]:port, unix:/path or unix:@name");
    };
    if (text.starts_with("unix:")) {
        const auto path = text.substr(5);
        if (path.empty()) throw refuse("the path is missing");
        if (path.size() > 107) throw refuse("the path is longer than 107 bytes");
        return {.host = std::string(path), .port = 0, .is_unix = true};
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) throw refuse("the port is missing");
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        throw refuse("an IPv6 address needs brackets");
    }
    if (host.empty()) throw refuse("the host is missing");
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) throw refuse("the port is no number from 0 to 65535");
    return {.host = std::string(host), .port = port, .is_unix = false};
}

std::string endpoint::to_string() const {
    if (is_unix) return "unix:" + host;
    return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace hem::net
