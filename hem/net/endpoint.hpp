// Where to listen or connect: "127.0.0.1:8000", "[::1]:8000", "localhost:80", "unix:/run/app.sock", "unix:@name" (abstract).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hem::net {

struct endpoint {
    std::string host;  // address or name, without brackets; the path (or "@name") of a Unix socket
    std::uint16_t port = 0;
    bool is_unix = false;

    // Throws std::invalid_argument that quotes the text and says what is accepted.
    static endpoint parse(std::string_view text);
    std::string to_string() const;
    bool operator==(const endpoint&) const = default;
};

}  // namespace hem::net
