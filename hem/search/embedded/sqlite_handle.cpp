#include "hem/search/embedded/sqlite_handle.hpp"

#include "hem/search/embedded/fts_tokenizer.hpp"

#include <sqlite3.h>

namespace hem::search::embedded::detail {

void throw_store_error(sqlite3* database, int code, std::string_view tried) {
    const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
    const std::string where = file != nullptr && *file != 0 ? std::string("search store ") + file : std::string("search store in memory");
    const std::string detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    const std::string what(tried);
    switch (code & 0xFF) {
    case SQLITE_FULL:
        throw store_error(store_failure::full,
                          where + ": cannot " + what + ": the disk is full (free some space; nothing of this write was stored)");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        throw store_error(store_failure::corrupt, where + ": cannot " + what + ": the file is damaged or no search store: " + detail +
                                                      " (it was left as it is; restore a copy, or move it away to start anew)");
    default: throw store_error(store_failure::io, where + ": cannot " + what + ": " + detail);
    }
}

statement::statement(sqlite3* database, std::string_view sql) {
    const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
    if (code != SQLITE_OK) throw_store_error(database, code, "prepare a statement");
}

statement::~statement() { sqlite3_finalize(handle_); }

statement& statement::bind(int at, std::int64_t value) {
    sqlite3_bind_int64(handle_, at, value);
    return *this;
}

statement& statement::bind(int at, std::string_view text) {
    sqlite3_bind_text64(handle_, at, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

statement& statement::bind_blob(int at, std::string_view bytes) {
    sqlite3_bind_blob64(handle_, at, bytes.data() != nullptr ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
    return *this;
}

bool statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    auto* const database = sqlite3_db_handle(handle_);
    const bool writes = sqlite3_stmt_readonly(handle_) == 0;
    try {
        throw_store_error(database, code, writes ? "write" : "read");
    } catch (...) {
        reset();
        throw;
    }
}

void statement::reset() noexcept {
    if (handle_ == nullptr) return;
    sqlite3_reset(handle_);
}

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
    return {bytes != nullptr ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
    return {bytes != nullptr ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

connection::connection(const std::string& path, bool writable) : sink_(std::make_unique<posting_sink*>(nullptr)) {
    const int flags = SQLITE_OPEN_NOMUTEX | (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE);
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    try {
        if (code != SQLITE_OK) {
            const std::string detail = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
            throw store_error(store_failure::io,
                              "cannot open the search store " + path + ": " + detail + " (does the folder exist, may it be written?)");
        }
        sqlite3_extended_result_codes(handle_, 1);
        sqlite3_busy_timeout(handle_, 10'000);
        register_fts_extensions(handle_, sink_.get());
    } catch (...) {
        sqlite3_close_v2(handle_);
        handle_ = nullptr;
        throw;
    }
}

connection::~connection() { sqlite3_close_v2(handle_); }

std::string connection::path() const {
    const char* file = sqlite3_db_filename(handle_, "main");
    return file != nullptr && *file != 0 ? file : ":memory:";
}

void connection::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw_store_error(handle_, code, "run \"" + sql.substr(0, 60) + "\"");
}

}  // namespace hem::search::embedded::detail
