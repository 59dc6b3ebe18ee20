// For the tests of the parsers: one verdict per message, fed whole or split.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hem/http/chunk_decoder.hpp"
#include "hem/http/parser.hpp"

namespace hem::http::detail {

struct head_verdict {
    parse_result result = parse_result::need_more;
    refusal why = refusal::none;
    std::size_t size = 0;
    std::string method;
    std::string target;
    std::string host;
    std::vector<std::pair<std::string, std::string>> fields;
    body_kind body = body_kind::none;
    std::uint64_t length = 0;
    bool keep_alive = false;
    bool expect_continue = false;

    bool operator==(const head_verdict&) const = default;
};

// Feeds the bytes up to each of `stops` (rising), then all of them; each time from another address.
inline head_verdict judge_head(std::string_view bytes, const std::vector<std::size_t>& stops, const request_rules& rules = {},
                               const head_limits& limits = {}) {
    head_parser parser(limits);
    head_verdict verdict;
    std::string known;
    const auto feed = [&](std::size_t size) {
        std::string moved(known);
        moved.append(bytes.substr(known.size(), size - known.size()));
        known.swap(moved);
        verdict.result = parser.parse(known.data(), known.size());
        return verdict.result == parse_result::need_more;
    };
    for (const std::size_t stop : stops)
        if (!feed(stop)) break;
    if (verdict.result == parse_result::need_more) feed(bytes.size());
    if (verdict.result == parse_result::refused) verdict.why = parser.why();
    if (verdict.result != parse_result::done) return verdict;

    framing framing;
    verdict.why = decide_framing(parser, known.data(), rules, framing);
    verdict.size = parser.size();
    verdict.method = parser.method(known.data());
    verdict.target = parser.target(known.data());
    verdict.host = framing.host;
    for (std::uint32_t i = 0; i < parser.field_count(); ++i)
        verdict.fields.emplace_back(parser.name(known.data(), i), parser.value(known.data(), i));
    verdict.body = framing.body;
    verdict.length = framing.length;
    verdict.keep_alive = framing.keep_alive;
    verdict.expect_continue = framing.expect_continue;
    return verdict;
}

struct chunk_verdict {
    chunk_decoder::event end = chunk_decoder::event::need_more;
    refusal why = refusal::none;
    std::string data;
    std::size_t consumed = 0;  // only after `end`
    std::vector<std::pair<std::string, std::string>> trailers;

    bool operator==(const chunk_verdict&) const = default;
};

inline chunk_verdict judge_chunks(std::string_view bytes, const std::vector<std::size_t>& stops, const body_limits& limits = {}) {
    chunk_decoder decoder(limits);
    chunk_verdict verdict;
    std::size_t at = 0;
    const auto feed = [&](std::size_t stop) {
        while (true) {
            const auto step = decoder.next(bytes.substr(at, stop - at));
            at += step.consumed;
            verdict.end = step.kind;
            verdict.data += step.data;
            if (step.kind != chunk_decoder::event::data) return step.kind == chunk_decoder::event::need_more;
        }
    };
    bool more = true;
    for (const std::size_t stop : stops)
        if (more) more = feed(stop);
    if (more) feed(bytes.size());
    verdict.why = decoder.why();
    if (verdict.end != chunk_decoder::event::end) return verdict;
    verdict.consumed = at;
    headers trailers;
    decoder.append_trailers_to(trailers);
    for (const auto& field : trailers) verdict.trailers.emplace_back(field.name, field.value);
    return verdict;
}

}  // namespace hem::http::detail
