#include "hem/model/detail/json_document.hpp"

#include <algorithm>
#include <memory>
#include <simdjson.h>

namespace hem::detail {

namespace {

constexpr std::size_t kept_bytes = 4u << 20;  // a thread keeps no more than about this for the next document

struct thread_parser {
    simdjson::dom::parser parser;
    std::unique_ptr<char[]> padded;
    std::size_t padded_size = 0;
    std::size_t depth = 0;
    bool busy = false;

    bool parse(std::string_view text, std::size_t max_depth) {
        if (max_depth == 0 || text.size() > 0xfffffff0u) return false;
        if (padded_size < text.size() + simdjson::SIMDJSON_PADDING) {
            padded_size = std::max<std::size_t>(4096, text.size() + text.size() / 2 + simdjson::SIMDJSON_PADDING);
            padded.reset(new char[padded_size]);
        }
        if (depth != max_depth || parser.capacity() < text.size()) {
            if (parser.allocate(std::max<std::size_t>(4096, text.size() + text.size() / 2), max_depth) != simdjson::SUCCESS) return false;
            depth = max_depth;
        }
        std::memcpy(padded.get(), text.data(), text.size());
        std::memset(padded.get() + text.size(), ' ', simdjson::SIMDJSON_PADDING);
        return parser.parse(padded.get(), text.size(), false).error() == simdjson::SUCCESS;
    }
    void release() {
        busy = false;
        if (padded_size <= kept_bytes) return;
        padded.reset();
        padded_size = 0;
        depth = 0;
        parser = simdjson::dom::parser();
    }
};

// One for the usual depth, one for the engine's.
thread_parser& parser_of_thread(std::size_t max_depth) {
    static thread_local thread_parser usual;
    static thread_local thread_parser other;
    return max_depth == 64 ? usual : other;
}

}  // namespace

json_document::json_document(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {
    auto& parser = parser_of_thread(max_depth);
    if (!parser.busy && parser.parse(text, max_depth)) {
        parser.busy = true;
        borrowed_ = &parser;
        tape_ = {parser.parser.doc.tape.get(), reinterpret_cast<const char*>(parser.parser.doc.string_buf.get())};
        return;
    }
    if (scanner_.scan(text, max_depth)) {
        tape_ = {scanner_.words.data(), scanner_.strings.data()};
    } else {
        fault_ = scanner_.fault;
    }
}

json_document::~json_document() {
    if (borrowed_) static_cast<thread_parser*>(borrowed_)->release();
}

std::size_t json_document::offset_of(const std::uint64_t* word) const {
    json_scanner scanner;
    std::vector<std::size_t> places;
    if (!scanner.scan(text_, max_depth_, &places)) return 0;
    const auto index = static_cast<std::size_t>(word - tape_.words);
    return index < places.size() ? places[index] : 0;
}

}  // namespace hem::detail
