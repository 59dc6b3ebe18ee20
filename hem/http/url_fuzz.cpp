// URLs, percent coding and query strings: no crash; a parsed URL prints to text that parses to itself; encoding is undone by decoding.
#include <cstdlib>

#include "hem/http/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hem::http;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parsed = url::try_parse(text)) {
        const auto again = url::try_parse(parsed->text());
        if (!again || again->target() != parsed->target() || again->authority() != parsed->authority()) std::abort();
    }
    valid_authority(text);
    const auto params = query_params::parse(text);
    const auto again = query_params::parse(params.encode());
    if (again.size() != params.size() || again.encode() != params.encode()) std::abort();
    for (const encode_set set : {encode_set::segment, encode_set::component})
        if (percent_decode(percent_encode(text, set)) != text) std::abort();
    if (form_decode(percent_encode(text, encode_set::form)) != text) std::abort();
    if (percent_decode(text).has_value() != valid_percent_escapes(text)) std::abort();
    return 0;
}
