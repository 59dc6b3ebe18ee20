// Thin owners for SQLite's connections and statements; errors become store_error.
#pragma once

#include "hem/search/embedded/store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace hem::search::embedded::detail {

struct posting_sink;

class statement {
public:
    statement() = default;
    statement(sqlite3* database, std::string_view sql);
    ~statement();
    statement(statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    statement& operator=(statement&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    // Bind parameters from 1; texts and blobs must live until the statement is reset.
    statement& bind(int at, std::int64_t value);
    statement& bind(int at, std::string_view text);
    statement& bind_blob(int at, std::string_view bytes);
    bool step();  // true: a row
    void run() {  // no row expected; resets
        step();
        reset();
    }
    void reset() noexcept;

    std::int64_t integer(int column) const;
    std::string_view text(int column) const;
    std::string_view blob(int column) const;
    sqlite3_stmt* get() const noexcept { return handle_; }

private:
    sqlite3_stmt* handle_ = nullptr;
};

// Resets a statement at the end of a scope, so that it holds no read transaction.
class reset_guard {
public:
    explicit reset_guard(statement& guarded) noexcept : guarded_(guarded) {}
    ~reset_guard() { guarded_.reset(); }
    reset_guard(const reset_guard&) = delete;
    reset_guard& operator=(const reset_guard&) = delete;

private:
    statement& guarded_;
};

class connection {
public:
    connection() = default;
    // Registers the store's tokenizer and its collecting function.
    connection(const std::string& path, bool writable);
    ~connection();
    connection(connection&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), sink_(std::move(other.sink_)) {}
    connection& operator=(connection&& other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(sink_, other.sink_);
        return *this;
    }

    void execute(const std::string& sql);
    statement prepare(std::string_view sql) { return statement(handle_, sql); }
    std::string path() const;
    sqlite3* get() const noexcept { return handle_; }
    // Who receives what `hem_collect` finds on this connection.
    void set_sink(posting_sink* sink) noexcept { *sink_ = sink; }

private:
    sqlite3* handle_ = nullptr;
    std::unique_ptr<posting_sink*> sink_;  // its address is known to SQLite
};

// Turns the connection's last error into a store_error; `tried` says what was done.
[[noreturn]] void throw_store_error(sqlite3* database, int code, std::string_view tried);

}  // namespace hem::search::embedded::detail
