#include "hem/search/embedded/fts_read.hpp"

#include "hem/search/embedded/fts_tokenizer.hpp"
#include "hem/search/embedded/packed_positions.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace hem::search::embedded::detail {

namespace {

constexpr std::int64_t known_format = 4;        // FTS5_CURRENT_VERSION; 5 has rows deleted in place
constexpr std::int64_t structure_row = 10;      // FTS5_STRUCTURE_ROWID
constexpr int segment_shift = 37;               // FTS5_SEGMENT_ROWID: segment, doclist index bit, height, page
constexpr unsigned continued_in_index_bit = 1;  // lowest bit of a page number in `%_idx`: the page has a doclist index

// One state of the tables for several statements. In memory the connection may be inside a write's transaction already.
class read_transaction {
public:
    explicit read_transaction(connection& link, statement_cache& statements) : link_(link), statements_(statements) {
        own_ = sqlite3_get_autocommit(link.get()) != 0;
        if (own_) statements_.get(link_, "BEGIN").run();
    }
    ~read_transaction() {
        if (own_) sqlite3_exec(link_.get(), "COMMIT", nullptr, nullptr, nullptr);
    }
    read_transaction(const read_transaction&) = delete;
    read_transaction& operator=(const read_transaction&) = delete;

private:
    connection& link_;
    statement_cache& statements_;
    bool own_ = false;
};

class table_pages final : public fts_pages {
public:
    table_pages(connection& link, statement_cache& statements, const std::string& table)
        : link_(link), table_(table),
          places_(statements.get(link, "SELECT pgno FROM " + table + "_idx WHERE segid=? AND term<=? ORDER BY term DESC LIMIT 1")),
          pages_(statements.get(link, "SELECT id, block FROM " + table + "_data WHERE id BETWEEN ? AND ?")) {}
    ~table_pages() { pages_.reset(); }
    table_pages(const table_pages&) = delete;
    table_pages& operator=(const table_pages&) = delete;

    void seek(const fts_segment& segment, std::string_view key) override {
        std::int64_t page = segment.first_page;
        {
            const reset_guard guard(places_);
            if (places_.bind(1, segment.id).bind_blob(2, key).step()) page = std::max(page, places_.integer(0) >> continued_in_index_bit);
        }
        pages_.reset();
        expected_ = (segment.id << segment_shift) + page;
        pages_.bind(1, expected_).bind(2, (segment.id << segment_shift) + segment.last_page);
    }
    std::optional<std::string_view> next() override {
        if (!pages_.step()) return std::nullopt;
        if (pages_.integer(0) != expected_++) {
            throw store_error(store_failure::corrupt,
                              name() + " is damaged: a page of the full-text index is missing (it was left as it is; restore a copy)");
        }
        return pages_.blob(1);
    }
    std::string name() const override { return "the search store " + link_.path() + ", table " + table_ + ","; }

private:
    connection& link_;
    const std::string& table_;
    statement &places_, &pages_;
    std::int64_t expected_ = 0;
};

}  // namespace

bool read_fts_pages(connection& link, statement_cache& statements, const std::string& table, std::string_view term, fts_rows& to) {
    const read_transaction one_state(link, statements);
    {
        auto& version = statements.get(link, "SELECT v FROM " + table + "_config WHERE k='version'");
        const reset_guard guard(version);
        if (!version.step() || version.integer(0) != known_format) return false;
    }
    table_pages pages(link, statements, table);
    std::optional<std::vector<fts_segment>> segments;
    {
        auto& structure = statements.get(link, "SELECT block FROM " + table + "_data WHERE id=" + std::to_string(structure_row));
        const reset_guard guard(structure);
        if (!structure.step()) return false;
        segments = read_fts_structure(structure.blob(0), pages.name());
    }
    return segments.has_value() && read_fts_doclist(pages, *segments, term, to);
}

void step_fts_rows(connection& link, statement_cache& statements, const std::string& table, std::string_view term, docno from,
                   fts_rows& to) {
    struct taker {
        fts_rows& rows;
        bool done = false;
        static void accept(void* context, std::int64_t row, const std::uint32_t* found, std::uint32_t count) {
            auto& [rows, done] = *static_cast<taker*>(context);
            if (row >= rows.limit) {
                done = true;
                return;
            }
            rows.documents.push_back(static_cast<docno>(row));
            rows.frequencies.push_back(count);
            if (found == nullptr) return;
            append_positions(rows.positions, {found, count});
            rows.starts.push_back(static_cast<std::uint32_t>(rows.positions.size()));
        }
    } taking{to};
    posting_sink sink{taker::accept, &taking, to.with_positions};
    auto& rows = statements.get(link, "SELECT hem_collect(" + table + ") FROM " + table + " WHERE " + table + " MATCH ?1" +
                                          (from > 0 ? " AND rowid >= ?2" : ""));
    const reset_guard guard(rows);
    const auto expression = match_expression(term);
    rows.bind(1, std::string_view(expression));
    if (from > 0) rows.bind(2, static_cast<std::int64_t>(from));
    struct sink_guard {
        connection& link;
        ~sink_guard() { link.set_sink(nullptr); }
    } const unset{link};
    link.set_sink(&sink);
    while (!taking.done && rows.step()) {
    }
}

}  // namespace hem::search::embedded::detail
