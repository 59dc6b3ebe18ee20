#include "hem/search/embedded/similarity.hpp"

#include <bit>
#include <cmath>

#pragma clang fp contract(off)

namespace hem::search::embedded {

namespace {

constexpr std::uint32_t exact_lengths = 24;

}  // namespace

std::uint8_t encode_length(std::uint32_t length) noexcept {
    if (length < exact_lengths) return static_cast<std::uint8_t>(length);
    const std::uint32_t rest = length - exact_lengths;
    if (rest < 8) return static_cast<std::uint8_t>(exact_lengths + rest);
    const int shift = static_cast<int>(std::bit_width(rest)) - 4;
    return static_cast<std::uint8_t>(exact_lengths + (((rest >> shift) & 7) | static_cast<std::uint32_t>(shift + 1) << 3));
}

std::uint32_t decode_length(std::uint8_t norm) noexcept {
    if (norm < exact_lengths) return norm;
    const std::uint32_t code = norm - exact_lengths;
    if (code < 8) return exact_lengths + code;
    return exact_lengths + (((code & 7) | 8) << ((code >> 3) - 1));
}

float inverse_document_frequency(std::int64_t documents, std::int64_t frequency) noexcept {
    const auto all = static_cast<double>(documents), with = static_cast<double>(frequency);
    return static_cast<float>(std::log(1.0 + (all - with + 0.5) / (with + 0.5)));
}

norm_factors make_norm_factors(std::int64_t documents, std::int64_t total_terms, const similarity_options& options) noexcept {
    norm_factors made{};
    const auto average = static_cast<float>(static_cast<double>(total_terms) / static_cast<double>(documents));
    for (int code = 0; code < 256; ++code) {
        const auto length = static_cast<float>(decode_length(static_cast<std::uint8_t>(code)));
        made[static_cast<std::size_t>(code)] = 1.0f / (options.k1 * ((1.0f - options.b) + options.b * length / average));
    }
    return made;
}

float term_weight(float boost, float idf, const similarity_options& options) noexcept {
    if (options.legacy) return boost * (1.0f + options.k1) * idf;
    return boost * idf;
}

}  // namespace hem::search::embedded
