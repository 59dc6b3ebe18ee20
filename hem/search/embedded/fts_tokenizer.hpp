// What the store plugs into FTS5: a tokenizer that only splits what was analysed before, and a function that hands postings out.
//
// Packed form: each token ends with 0x1F; one that stands at the position of the token before begins with 0x1E. The bytes 00, 1B, 1E, 1F
// inside a token are written as 1B and the byte plus 0x40.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;

namespace hem::search::embedded::detail {

void append_packed(std::string& to, std::string_view token, bool same_position);

// The MATCH expression that finds one token.
std::string match_expression(std::string_view token);

// Receives the postings of one term while a statement with `hem_collect(f)` is stepped.
struct posting_sink {
    void (*accept)(void* context, std::int64_t row, const std::uint32_t* positions, std::uint32_t count) = nullptr;
    void* context = nullptr;
    bool positions = false;  // false: `positions` is null
};

// `sink` is where the connection's statements find their sink; it must outlive the connection. Throws store_error if the SQLite library
// has no FTS5.
void register_fts_extensions(sqlite3* database, posting_sink* const* sink);

}  // namespace hem::search::embedded::detail
