// SHA-256 (FIPS 180-4) for hashes of embedded content: Content-Security-Policy sources and entity tags. Not for secrets.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace hem::web::detail {

std::array<std::uint8_t, 32> sha256(std::string_view bytes) noexcept;

// "sha256-<base64>", as a CSP source without its quotes.
std::string csp_hash(std::string_view bytes);

// A strong entity tag with its quotes, from the content.
std::string content_etag(std::string_view bytes);

}  // namespace hem::web::detail
