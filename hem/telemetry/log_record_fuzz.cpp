// Any bytes as event, name and value: one line of bounded length, no control character, valid JSON strings, no secret.
#include "hem/telemetry/detail/log_record.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hem::log;
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto half = all.substr(0, size / 2), rest = all.substr(size / 2);
    for (const bool json : {true, false}) {
        std::string line;
        detail::append_record(line, {.event = half, .task = rest}, nullptr, {{half, rest}, {rest, half}, {"all", all}, {"password", all}},
                              json, false);
        if (line.size() > detail::max_record_bytes || !line.ends_with('\n')) std::abort();
        bool quoted = false;
        for (std::size_t i = 0; i + 1 < line.size(); ++i) {
            const auto c = static_cast<unsigned char>(line[i]);
            if (c < 0x20 || c == 0x7F) std::abort();
            if (c == '\\') {
                if (json && !quoted) std::abort();
                ++i;
            } else if (c == '"') {
                quoted = !quoted;
            }
        }
        if (json && (quoted || line.find("\"password\":\"**********\"") == line.npos)) std::abort();
    }
    return 0;
}
