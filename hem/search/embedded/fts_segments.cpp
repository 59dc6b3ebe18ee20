#include "hem/search/embedded/fts_segments.hpp"

#include "hem/search/embedded/packed_positions.hpp"
#include "hem/search/embedded/store.hpp"

#include <bit>
#include <cstring>

namespace hem::search::embedded::detail {

namespace {

using byte = unsigned char;

constexpr std::size_t header_bytes = 4;  // of a leaf: offset of its first row of a continued doclist, offset of its footer
constexpr std::uint64_t most_segments = 2000, most_levels = 64;  // FTS5_MAX_SEGMENT, FTS5_MAX_LEVEL
constexpr char main_prefix = '0';                                // before each term of the main index

[[noreturn]] void damaged(std::string_view name, std::string_view what) {
    throw store_error(store_failure::corrupt, std::string(name) + " is damaged: " + std::string(what) +
                                                  " of the full-text index cannot be read (it was left as it is; restore a copy)");
}

// SQLite's number: seven bits a byte, high group first, all eight bits of a ninth.
bool take(const byte*& at, const byte* end, std::uint64_t& value) {
    if (at < end && *at < 0x80) [[likely]] {
        value = *at++;
        return true;
    }
    value = 0;
    for (int count = 0; at < end; ++count) {
        const byte each = *at++;
        if (count == 8) {
            value = value << 8 | each;
            return true;
        }
        value = value << 7 | (each & 0x7F);
        if (each < 0x80) return true;
    }
    return false;
}

// Bytes that end a number: each position of a list of one column is one number.
std::uint32_t numbers_in(const byte* at, std::size_t size) {
    std::uint32_t count = 0;
    for (; size >= 8; at += 8, size -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        count += static_cast<std::uint32_t>(std::popcount(~word & 0x8080808080808080));
    }
    for (; size > 0; ++at, --size) count += *at < 0x80 ? 1 : 0;
    return count;
}

// A leaf with its bounds checked.
struct leaf {
    const byte* begin = nullptr;
    std::size_t first_row = 0;  // 0: none that continues a doclist
    std::size_t content = 0;    // its end, where the footer begins
    std::size_t size = 0;

    leaf(std::string_view page, std::string_view name) : begin(reinterpret_cast<const byte*>(page.data())), size(page.size()) {
        if (size < header_bytes) damaged(name, "a page");
        first_row = static_cast<std::size_t>(begin[0] << 8 | begin[1]);
        content = static_cast<std::size_t>(begin[2] << 8 | begin[3]);
        if (content < header_bytes || content > size || (first_row != 0 && (first_row < header_bytes || first_row >= content)))
            damaged(name, "a page");
    }
    bool has_terms() const noexcept { return size > content; }
    // The first term's place; a doclist that comes from the page before ends there.
    std::size_t first_term(std::string_view name) const {
        const byte* at = begin + content;
        std::uint64_t place = 0;
        if (!take(at, begin + size, place) || place < header_bytes || place >= content) damaged(name, "the footer of a page");
        return static_cast<std::size_t>(place);
    }
};

struct span_of_doclist {
    std::size_t begin, end;
    bool may_go_on;  // over the end of the page
};

// Where the doclist of `key` stands on the page. Terms are sorted and each is stored without what it shares with the one before, so one
// comparison of the rest is enough (as fts5LeafSeek does).
std::optional<span_of_doclist> find_term(const leaf& page, std::string_view key, std::string_view name) {
    if (!page.has_terms()) damaged(name, "a page of terms");
    const byte *footer = page.begin + page.content, *const footer_end = page.begin + page.size;
    std::size_t place = 0, matched = 0;
    bool first = true;
    while (footer < footer_end) {
        std::uint64_t step = 0;
        if (!take(footer, footer_end, step) || step >= page.content - place) damaged(name, "the footer of a page");
        place += static_cast<std::size_t>(step);
        if (place < header_bytes) damaged(name, "the footer of a page");
        const byte *at = page.begin + place, *const end = page.begin + page.content;
        std::uint64_t kept = 0, size = 0;
        if ((!first && !take(at, end, kept)) || !take(at, end, size) || size > static_cast<std::size_t>(end - at)) damaged(name, "a term");
        first = false;
        if (kept < matched) return std::nullopt;
        if (kept > matched) continue;
        std::size_t same = 0;
        while (same < size && matched + same < key.size() && at[same] == static_cast<byte>(key[matched + same])) ++same;
        matched += same;
        if (matched == key.size()) {
            if (same < size) return std::nullopt;
            span_of_doclist found{static_cast<std::size_t>(at + size - page.begin), page.content, true};
            if (footer < footer_end) {
                if (!take(footer, footer_end, step) || step >= page.content - place || place + step < found.begin)
                    damaged(name, "the footer of a page");
                found = {found.begin, place + static_cast<std::size_t>(step), false};
            }
            return found;
        }
        if (same < size && at[same] > static_cast<byte>(key[matched])) return std::nullopt;
    }
    return std::nullopt;
}

// Takes the doclist apart, page by page.
class doclist_reader {
public:
    doclist_reader(fts_rows& to, const std::string& name) : to_(to), name_(name) {}

    enum class state { more, done, strange };

    // The bytes from `at` to `end` of a page; `whole_row`: the first row number is no difference.
    state take_part(const byte* at, const byte* end, bool whole_row) {
        while (at < end) {
            std::uint64_t row = 0, size = 0;
            if (!take(at, end, row) || !take(at, end, size)) damaged(name_, "a row");
            if (!whole_row) {
                if (row == 0 || row > std::uint64_t{1} << 62) damaged(name_, "a row");
                row += row_;
            }
            if (row > std::uint64_t{1} << 62 || (any_ && row <= row_)) damaged(name_, "a row");
            if ((size & 1) != 0 || size == 0 || (!any_ && !to_.documents.empty() && row <= to_.documents.back())) return state::strange;
            whole_row = false;
            any_ = true;
            row_ = row;
            if (row >= to_.limit) return state::done;
            size >>= 1;
            to_.documents.push_back(static_cast<docno>(row));
            to_.frequencies.push_back(0);
            const auto here = static_cast<std::size_t>(end - at);
            if (size > here) {
                take_positions(at, here);
                left_ = size - here;
                return state::more;
            }
            take_positions(at, static_cast<std::size_t>(size));
            at += size;
            end_row();
        }
        return state::more;
    }

    // A page after the first.
    state take_page(const leaf& page) {
        const byte* const begin = page.begin + header_bytes;
        const auto end = page.has_terms() ? page.first_term(name_) : page.content;
        if (left_ > 0) {
            const auto room = end - header_bytes;
            if (left_ > room) {
                if (page.first_row != 0 || page.has_terms()) damaged(name_, "a row");
                take_positions(begin, room);
                left_ -= room;
                return state::more;
            }
            take_positions(begin, static_cast<std::size_t>(left_));
            const auto used = header_bytes + static_cast<std::size_t>(left_);
            left_ = 0;
            end_row();
            if (used == end) return page.has_terms() ? state::done : state::more;
            if (page.first_row != used) damaged(name_, "a row");
        } else if (page.first_row == 0) {
            if (!page.has_terms()) damaged(name_, "a row");
            return state::done;
        } else if (page.first_row != header_bytes || page.first_row >= end) {
            damaged(name_, "a row");
        }
        const auto after = take_part(page.begin + page.first_row, page.begin + end, true);
        if (after == state::more && page.has_terms()) {
            if (left_ > 0) damaged(name_, "a row");
            return state::done;
        }
        return after;
    }
    bool inside_a_row() const noexcept { return left_ > 0; }

private:
    void take_positions(const byte* at, std::size_t size) {
        to_.frequencies.back() += numbers_in(at, size);
        if (!to_.with_positions) return;
        // Numbers below 2 would lead to another column.
        if (!are_packed_positions(at, size)) damaged(name_, "a position");
        to_.positions.insert(to_.positions.end(), at, at + size);
    }
    void end_row() {
        if (to_.with_positions) to_.starts.push_back(static_cast<std::uint32_t>(to_.positions.size()));
    }

    fts_rows& to_;
    const std::string& name_;
    std::uint64_t row_ = 0, left_ = 0;  // bytes of the current row's positions that stand on later pages
    bool any_ = false;
};

// False for something strange.
bool read_segment(fts_pages& from, const fts_segment& segment, std::string_view key, const std::string& name, fts_rows& to) {
    from.seek(segment, key);
    const auto bytes = from.next();
    if (!bytes.has_value()) damaged(name, "a segment");
    doclist_reader reader(to, name);
    using state = doclist_reader::state;
    state now;
    {
        const leaf page(*bytes, name);
        const auto found = find_term(page, key, name);
        if (!found.has_value()) return true;
        now = reader.take_part(page.begin + found->begin, page.begin + found->end, true);
        if (!found->may_go_on && now == state::more) {
            if (reader.inside_a_row()) damaged(name, "a row");
            now = state::done;
        }
    }
    while (now == state::more) {
        const auto more = from.next();
        if (!more.has_value()) {
            if (reader.inside_a_row()) damaged(name, "a segment");
            return true;
        }
        now = reader.take_page(leaf(*more, name));
    }
    return now == state::done;
}

}  // namespace

void fts_rows::begin(docno until, bool positions_wanted) {
    documents.clear();
    frequencies.clear();
    starts.clear();
    positions.clear();
    limit = until;
    with_positions = positions_wanted;
}

std::optional<std::vector<fts_segment>> read_fts_structure(std::string_view record, std::string_view name) {
    const auto* at = reinterpret_cast<const byte*>(record.data());
    const auto* const end = at + record.size();
    constexpr std::size_t cookie_bytes = 4;
    if (record.size() < cookie_bytes) damaged(name, "the structure");
    at += cookie_bytes;
    if (at < end && *at == 0xFF) return std::nullopt;  // a later form says so here; no count is that large
    std::uint64_t levels = 0, segments = 0, written = 0;
    if (!take(at, end, levels) || !take(at, end, segments) || !take(at, end, written) || levels > most_levels || segments > most_segments)
        damaged(name, "the structure");
    std::vector<std::vector<fts_segment>> by_level(levels);
    std::uint64_t count = 0;
    for (auto& level : by_level) {
        std::uint64_t merging = 0, size = 0;
        if (!take(at, end, merging) || !take(at, end, size) || size > segments || merging > size) damaged(name, "the structure");
        count += size;
        for (std::uint64_t each = 0; each < size; ++each) {
            std::uint64_t id = 0, first = 0, last = 0;
            if (!take(at, end, id) || !take(at, end, first) || !take(at, end, last) || id == 0 || id > 0xFFFF || last > INT32_MAX ||
                first > last)
                damaged(name, "the structure");
            // A merge has taken all of this segment already.
            if (first == 0) continue;
            level.push_back({static_cast<std::int64_t>(id), static_cast<std::int64_t>(first), static_cast<std::int64_t>(last)});
        }
    }
    if (count != segments) damaged(name, "the structure");
    // Rows wander to higher levels as they grow old; inside a level the oldest segment comes first.
    std::vector<fts_segment> all;
    for (auto level = by_level.rbegin(); level != by_level.rend(); ++level) all.insert(all.end(), level->begin(), level->end());
    return all;
}

bool read_fts_doclist(fts_pages& from, const std::vector<fts_segment>& segments, std::string_view term, fts_rows& to) {
    std::string key(1, main_prefix);
    key += term;
    const auto name = from.name();
    for (const auto& each : segments) {
        if (read_segment(from, each, key, name, to)) continue;
        to.begin(to.limit, to.with_positions);
        return false;
    }
    return true;
}

}  // namespace hem::search::embedded::detail
