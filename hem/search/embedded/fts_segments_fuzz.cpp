// Any bytes as an FTS5 index: its structure, then pages of a chosen size. Rows, or a store_error.
#include "hem/search/embedded/fts_segments.hpp"

#include "hem/search/embedded/store.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace hem::search::embedded;
using namespace hem::search::embedded::detail;

// Each page is on the heap with its exact size, so that reading past it is seen.
class given_pages final : public fts_pages {
public:
    given_pages(std::string_view bytes, std::size_t page_bytes) : bytes_(bytes), page_bytes_(page_bytes) {}
    void seek(const fts_segment& segment, std::string_view) override {
        at_ = std::min(bytes_.size(), static_cast<std::size_t>(segment.first_page) * page_bytes_);
    }
    std::optional<std::string_view> next() override {
        if (at_ >= bytes_.size()) return std::nullopt;
        const auto found = bytes_.substr(at_, page_bytes_);
        at_ += found.size();
        page_.assign(found.begin(), found.end());
        page_.shrink_to_fit();
        return std::string_view(page_.data(), page_.size());
    }
    std::string name() const override { return "bytes"; }

private:
    std::string_view bytes_;
    std::size_t page_bytes_, at_ = 0;
    std::vector<char> page_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t head = std::min<std::size_t>(data[0], size - 4), page_bytes = 8 + data[1];
    const bool positions = (data[2] & 1) != 0;
    const std::string term(data[2] >> 6, static_cast<char>(data[3]));
    const auto record = bytes.substr(4, head), pages = bytes.substr(4 + head);
    try {
        auto segments = read_fts_structure(record, "bytes");
        if (!segments.has_value()) segments.emplace();
        segments->push_back({1, 0, 100});
        fts_rows rows;
        rows.begin(1'000'000, positions);
        given_pages from(pages, page_bytes);
        if (!read_fts_doclist(from, *segments, term, rows)) {
            if (!rows.documents.empty()) std::abort();
            return 0;
        }
        if (rows.documents.size() != rows.frequencies.size() || !std::ranges::is_sorted(rows.documents)) std::abort();
        if (positions && rows.starts.size() != rows.documents.size()) std::abort();
    } catch (const store_error& error) {
        if (error.failure() != store_failure::corrupt) std::abort();
    }
    return 0;
}
