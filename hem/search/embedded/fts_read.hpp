// All rows of one term of a text field's FTS5 table, on one connection.
#pragma once

#include "hem/search/embedded/fts_segments.hpp"
#include "hem/search/embedded/store_internal.hpp"

#include <string>
#include <string_view>

namespace hem::search::embedded::detail {

// Reads the segments' pages, all of one committed state; `to` says where to stop. False, with the rows emptied, when only FTS5 itself can
// read them (a later format of the table, tombstones): step it then. Throws store_error.
bool read_fts_pages(connection& link, statement_cache& statements, const std::string& table, std::string_view term, fts_rows& to);

// Steps a MATCH statement: the rows of the term from `from` on. Reads every form; slower by a factor of five and more.
void step_fts_rows(connection& link, statement_cache& statements, const std::string& table, std::string_view term, docno from,
                   fts_rows& to);

}  // namespace hem::search::embedded::detail
