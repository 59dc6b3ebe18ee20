// Reading postings and dictionaries for a generation.
#include "hem/search/embedded/fts_read.hpp"
#include "hem/search/embedded/store_internal.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

namespace {

// The documents' norms come along, so that scoring touches no other memory.
void append(const fts_rows& rows, const grow_array<std::uint8_t>::view& norms, posting_list& list) {
    const auto offset = static_cast<std::uint32_t>(list.positions.size());
    list.documents.insert(list.documents.end(), rows.documents.begin(), rows.documents.end());
    list.frequencies.reserve(list.documents.size());
    for (const auto each : rows.frequencies) list.frequencies.push_back(each);
    list.positions.insert(list.positions.end(), rows.positions.begin(), rows.positions.end());
    for (const auto each : rows.starts) list.starts.push_back(offset + each);
    const std::size_t before = list.norms.size();
    list.norms.resize(before + rows.documents.size());
    for (std::size_t at = 0; at < rows.documents.size(); ++at) list.norms[before + at] = norms[rows.documents[at]];
}

// Appends the documents from `from` on that have the value.
void scan_ordinals(const column_view& column, std::uint32_t ordinal, docno from, docno limit, posting_list& list) {
    if (column.single_valued()) {
        constexpr std::size_t chunk = grow_array<std::uint32_t>::chunk;
        for (std::size_t base = from / chunk * chunk; base < limit; base += chunk) {
            const std::uint32_t* values = column.ordinals.chunk_at(base / chunk);
            const std::size_t end = std::min<std::size_t>(chunk, limit - base);
            for (std::size_t at = base < from ? from - base : 0; at < end; ++at) {
                if (values[at] == ordinal) list.documents.push_back(static_cast<docno>(base + at));
            }
        }
        return;
    }
    for (docno document = from; document < limit; ++document) {
        for (auto at = column.first(document), last = column.last(document); at < last; ++at) {
            if (column.ordinal(at) == ordinal) {
                list.documents.push_back(document);
                break;
            }
        }
    }
}

void scan_integers(const column_view& column, std::int64_t value, docno from, docno limit, posting_list& list) {
    for (docno document = from; document < limit; ++document) {
        for (auto at = column.first(document), last = column.last(document); at < last; ++at) {
            if (column.integer(at) == value) {
                list.documents.push_back(document);
                break;
            }
        }
    }
}

}  // namespace

shared_postings index_generation::postings(const field_spec& field, std::string_view term, bool positions) const {
    const auto key = posting_cache::key(core->id, field.number, term);
    auto& cache = core->shared->cache;
    const auto cached = cache.find(key);
    if (cached != nullptr && cached->limit >= limit_ && (!positions || cached->has_positions())) return cached;

    auto made = std::make_shared<posting_list>();
    const bool extend = cached != nullptr && cached->limit < limit_ && (!positions || cached->has_positions());
    if (extend) *made = *cached;
    const docno from = made->limit;
    made->limit = limit_;
    if (const auto* values = column(field.number)) {
        if (values->kind == field_kind::keyword) {
            if (const auto ordinal = values->find(term)) scan_ordinals(*values, *ordinal, from, limit_, *made);
        } else {
            scan_integers(*values, term == "1" ? 1 : 0, from, limit_, *made);
        }
    } else {
        const bool with_positions = positions || made->has_positions();
        if (with_positions && made->starts.empty()) made->starts.push_back(0);
        thread_local fts_rows rows;  // the room is kept for the next list of this thread
        rows.begin(limit_, with_positions);
        const auto table = core->table('f', field.number);
        const auto link = core->shared->readers.acquire();
        // FTS5 finds the few rows after `from` by its index of long doclists.
        if (from > 0 || !read_fts_pages(link->link, link->statements, table, term, rows))
            step_fts_rows(link->link, link->statements, table, term, from, rows);
        append(rows, norms_[field.number], *made);
    }
    cache.put(key, made);
    return made;
}

void index_generation::vocabulary(const field_spec& field, std::string_view from, bool (*each)(void*, std::string_view),
                                  void* context) const {
    if (const auto* values = column(field.number)) {
        std::vector<std::string_view> terms;
        for (std::uint32_t at = 0; at < values->ordinal_count(); ++at) {
            if (values->term(at) >= from) terms.push_back(values->term(at));
        }
        std::ranges::sort(terms);
        for (const auto term : terms) {
            if (!each(context, term)) return;
        }
        return;
    }
    const auto link = core->shared->readers.acquire();
    const auto table = "v" + std::to_string(core->id) + "_" + std::to_string(field.number);
    link->link.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp." + table + " USING fts5vocab(main, " + core->table('f', field.number) +
                       ", row)");
    auto& rows = link.prepared("SELECT term FROM temp." + table + " WHERE term >= ?");
    const reset_guard guard(rows);
    rows.bind(1, from);
    while (rows.step()) {
        if (!each(context, rows.text(0))) return;
    }
}

shared_postings index_generation::holes(std::uint32_t field, docno document) const {
    const std::uint32_t block = document / holes_block;
    const docno first = block * holes_block, end = first + holes_block;
    const auto key = posting_cache::holes_key(core->id, field, block);
    auto& cache = core->shared->cache;
    if (auto cached = cache.find(key); cached != nullptr && cached->limit >= std::min(limit_, end)) return cached;

    auto made = std::make_shared<posting_list>();
    made->limit = std::min(limit_, end);
    made->starts.push_back(0);
    {
        const auto link = core->shared->readers.acquire();
        auto& rows = link.prepared("SELECT docno, gaps FROM " + core->table('g', field) + " WHERE docno >= ? AND docno < ? ORDER BY docno");
        const reset_guard guard(rows);
        rows.bind(1, static_cast<std::int64_t>(first)).bind(2, static_cast<std::int64_t>(made->limit));
        while (rows.step()) {
            const auto bytes = rows.blob(1);
            made->documents.push_back(static_cast<docno>(rows.integer(0)));
            made->positions.insert(made->positions.end(), bytes.begin(), bytes.end());
            made->starts.push_back(static_cast<std::uint32_t>(made->positions.size()));
        }
    }
    cache.put(key, made);
    return made;
}

}  // namespace hem::search::embedded::detail
