// The head parser and its framing decision: no crash, and the same verdict whole, split where the first byte says, and byte by byte.
#include <cstdlib>

#include "hem/http/detail/head_testing.hpp"
#include "hem/http/request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hem::http;
    if (size == 0 || size > 40'000) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const request_rules rules{.body_limit = 1 << 20};
    const auto whole = detail::judge_head(bytes, {}, rules);
    if (detail::judge_head(bytes, {bytes.size() * data[0] / 256}, rules) != whole) std::abort();
    if (bytes.size() < 300) {
        std::vector<std::size_t> every;
        for (std::size_t i = 0; i < bytes.size(); ++i) every.push_back(i);
        if (detail::judge_head(bytes, every, rules) != whole) std::abort();
    }
    std::string copy(bytes);
    head_parser parser;
    framing framing;
    if (parser.parse(copy.data(), copy.size()) != parse_result::done) return 0;
    if (decide_framing(parser, copy.data(), rules, framing) != refusal::none) return 0;
    request message;
    message.assign(parser, copy.data(), framing);
    if (message.path().empty() || message.headers().size() != parser.field_count()) std::abort();
    return 0;
}
