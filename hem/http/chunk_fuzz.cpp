// The chunk decoder: no crash, and the same data, end and refusal whole and byte by byte.
#include <cstdlib>

#include "hem/http/detail/head_testing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hem::http;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const body_limits limits{.body = 4096, .chunk_extension = 32, .chunk_extensions_total = 64, .trailer_section = 256};
    const auto whole = detail::judge_chunks(bytes, {}, limits);
    std::vector<std::size_t> every;
    for (std::size_t i = 0; i < bytes.size(); ++i) every.push_back(i);
    const auto single = detail::judge_chunks(bytes, every, limits);
    if (single.end != whole.end || single.why != whole.why || single.trailers != whole.trailers) std::abort();
    if (single.data != whole.data || single.consumed != whole.consumed) std::abort();
    if (whole.data.size() > limits.body) std::abort();
    return 0;
}
