// The postings of one term, read from FTS5's own segment pages.
//
// Stepping a MATCH statement costs some 100 ns a row, most of it for the virtual machine; a row is three bytes on the page. This reader
// takes the bytes as FTS5 1.x writes them (`%_config` version 4, one column, detail=full): the structure record, the leaf pages with their
// term footers, and doclists that run over page ends. The format is the one that SQLite's fts5_index.c describes at its top.
// It reads what committed transactions left; it never writes. A form that it does not know is no error: the caller steps FTS5 instead.
// Bytes that no FTS5 writes are a store_error (corrupt); no bytes make it crash or read outside a page.
#pragma once

#include "hem/search/embedded/columns.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded::detail {

struct fts_segment {
    std::int64_t id = 0, first_page = 0, last_page = 0;
};

// Oldest rows first. Nothing for a form that is not known. Throws store_error for damage; `name` says of what.
std::optional<std::vector<fts_segment>> read_fts_structure(std::string_view record, std::string_view name);

// Where pages come from: a statement, or the bytes of a test.
class fts_pages {
public:
    // The next call of `next` gives the page that may hold `key`: the last whose first term is not above it.
    virtual void seek(const fts_segment& segment, std::string_view key) = 0;
    // The page after the one given last; nothing after the segment's last page. The bytes live until the next call.
    virtual std::optional<std::string_view> next() = 0;
    // For messages: the table and its file.
    virtual std::string name() const = 0;

protected:
    ~fts_pages() = default;
};

// Rows in ascending order, as a posting list keeps them.
struct fts_rows {
    std::vector<docno> documents;
    std::vector<std::uint32_t> frequencies, starts;  // `starts` holds the end of each row's positions
    std::vector<std::uint8_t> positions;             // packed
    docno limit = 0;                                 // rows from here on are left out
    bool with_positions = false;

    // Empties it; the room is kept.
    void begin(docno until, bool positions_wanted);
};

// Appends the rows of `term` in all segments. False, with the rows emptied, when the pages hold something that only FTS5 itself can
// read: tombstones, or rows that are not ascending from segment to segment.
bool read_fts_doclist(fts_pages& from, const std::vector<fts_segment>& segments, std::string_view term, fts_rows& to);

}  // namespace hem::search::embedded::detail
