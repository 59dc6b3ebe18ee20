// The inside of the store, shared by its sources and by query execution.
//
// An `index_core` belongs to the writer: columns, norms, live bitmap, totals. After each commit it publishes an `index_generation`, an
// immutable view. Readers reach everything through a generation and take no lock but the cache's and the connection pool's.
#pragma once

#include "hem/search/embedded/postings.hpp"
#include "hem/search/embedded/sqlite_handle.hpp"
#include "hem/search/embedded/store.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace hem::search::embedded::detail {

inline constexpr std::size_t window_documents = 4096, window_words = window_documents / 64;

// ---- connections ------------------------------------------------------------------------------------------------------------------

// Prepared statements of one connection, made on first use.
class statement_cache {
public:
    statement& get(connection& on, const std::string& sql);
    void clear() { statements_.clear(); }

private:
    std::unordered_map<std::string, statement> statements_;
};

struct reader {
    connection link;
    statement_cache statements;
};

// Connections for reading. In memory there is one connection in all: readers and the writer take turns.
class reader_pool {
public:
    reader_pool(std::string path, int most) : path_(std::move(path)), most_(most) {}
    // In memory: the writer's connection, locked by `turn`.
    void share(reader* writers, std::recursive_mutex* turn) {
        shared_ = writers;
        turn_ = turn;
    }

    class lease {
    public:
        lease(reader_pool& pool, reader* held) : pool_(&pool), held_(held) {}
        ~lease();
        lease(lease&& other) noexcept : pool_(other.pool_), held_(std::exchange(other.held_, nullptr)) {}
        lease& operator=(lease&&) = delete;
        reader* operator->() const noexcept { return held_; }
        statement& prepared(const std::string& sql) const { return held_->statements.get(held_->link, sql); }

    private:
        reader_pool* pool_;
        reader* held_;
    };
    // Waits for a free connection.
    lease acquire();

private:
    std::string path_;
    int most_, open_ = 0;
    reader* shared_ = nullptr;
    std::recursive_mutex* turn_ = nullptr;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<reader>> idle_, busy_;
};

// ---- columns ----------------------------------------------------------------------------------------------------------------------

// Texts of a keyword field and their ordinals. One writer adds, readers look up.
class dictionary {
public:
    std::optional<std::uint32_t> find(std::string_view term) const;
    std::uint32_t add(std::string_view term);  // the writer only
    grow_array<std::string_view>::view look() const { return terms_.look(); }

private:
    mutable std::shared_mutex mutex_;
    std::deque<std::string> texts_;
    std::unordered_map<std::string_view, std::uint32_t> ordinals_;
    grow_array<std::string_view> terms_;
};

class column_writer {
public:
    column_writer(field_kind kind, docno documents);
    // The values of the next document, whose number is `document`.
    void begin(docno document);
    void add(std::string_view text) { ordinals_.push(dictionary_->add(text)), ++added_; }
    void add(std::int64_t value) { integers_.push(value), ++added_; }
    void add(double value) { doubles_.push(value), ++added_; }
    void end(docno document);
    column_view look() const;
    // Distinct values of a document.
    std::int64_t distinct(docno document) const noexcept;

private:
    std::size_t values() const noexcept;

    field_kind kind_;
    bool single_ = true;
    std::size_t added_ = 0;
    grow_array<std::uint32_t> starts_, ordinals_;
    grow_array<std::int64_t> integers_;
    grow_array<double> doubles_;
    std::shared_ptr<dictionary> dictionary_;
};

// ---- generations ------------------------------------------------------------------------------------------------------------------

// Live documents with a token (or value), tokens (or distinct values) in them.
struct field_totals {
    std::int64_t documents = 0, terms = 0;
};

using live_window = std::array<std::uint64_t, window_words>;

// The norm byte of a document whose field is present without any token; no length encodes to it that could occur.
inline constexpr std::uint8_t empty_field_norm = 255;

class index_core;

class index_generation final : public generation {
public:
    std::uint64_t number() const noexcept override { return number_; }
    const field_plan& plan() const noexcept override { return *plan_; }
    docno limit() const noexcept override { return limit_; }
    std::int64_t live_count() const noexcept override { return live_count_; }
    std::int64_t deleted_count() const noexcept override { return deleted_count_; }
    bool live(docno document) const noexcept override {
        return document < limit_ && ((*live_[document / window_documents])[document % window_documents / 64] >> (document & 63) & 1) != 0;
    }
    const std::uint64_t* live_words(std::size_t window) const noexcept override { return live_[window]->data(); }
    const column_view* column(std::uint32_t field) const noexcept override {
        return field < columns_.size() && columns_[field].has_value() ? &*columns_[field] : nullptr;
    }
    std::vector<stored_document> fetch(const std::vector<docno>& documents) const override;
    std::optional<docno> find(std::string_view id) const override;

    std::size_t windows() const noexcept { return live_.size(); }
    bool all_live() const noexcept { return live_count_ == limit_; }
    const field_totals& totals(std::uint32_t field) const noexcept { return totals_[field]; }
    // Norm bytes of a text field by document.
    const grow_array<std::uint8_t>::view& norms(std::uint32_t field) const noexcept { return norms_[field]; }

    // The postings of a term, complete for this generation at least. Never null. Text and keyword fields; for boolean the text "0" or "1".
    shared_postings postings(const field_spec& field, std::string_view term, bool positions) const;
    // Documents of the list that are live here.
    std::int64_t document_frequency(const posting_list& list) const noexcept;
    // Terms of a text or keyword field from `from` on, in byte order, as long as `each` returns true.
    void vocabulary(const field_spec& field, std::string_view from, bool (*each)(void*, std::string_view), void* context) const;
    // The holes of all documents of this one's block in a text field: the documents that have some, and for each the bytes of its pairs
    // (token number, extra positions), as varint.hpp writes numbers.
    shared_postings holes(std::uint32_t field, docno document) const;
    static constexpr docno holes_block = 256;

    index_core* core = nullptr;  // whoever holds a snapshot holds it, too
    std::uint64_t number_ = 0;
    std::shared_ptr<const field_plan> plan_;
    docno limit_ = 0;
    std::int64_t live_count_ = 0, deleted_count_ = 0;
    std::vector<std::shared_ptr<const live_window>> live_;
    std::vector<std::optional<column_view>> columns_;
    std::vector<grow_array<std::uint8_t>::view> norms_;
    std::vector<field_totals> totals_;
};

// What a generation needs of the store; lives as long as any handle or snapshot.
struct store_shared {
    store_shared(const store_options& options) : readers(options.path, options.readers), cache(options.posting_cache_bytes) {}
    reader_pool readers;
    posting_cache cache;
    reader writer;  // used by the one who holds the write turn
    std::recursive_mutex memory_turn;
    bool in_memory = false;
};

// A document's columns, as they wait for the commit or were read from the file.
struct column_row {
    struct text {
        std::uint32_t field, length, overlaps;
    };
    std::vector<text> texts;
    std::vector<std::pair<std::uint32_t, std::string>> keywords;
    std::vector<document::integer> integers;
    std::vector<document::floating> doubles;
};
void encode_lengths(std::string& to, const column_row& row);
void encode_columns(std::string& to, const column_row& row);
// False for damaged bytes.
bool decode_row(std::string_view lengths, std::string_view columns, column_row& to);
bool decode_lengths(std::string_view lengths, std::vector<column_row::text>& to);

class index_core final : public index_handle, public std::enable_shared_from_this<index_core> {
public:
    index_core(std::int64_t id, std::shared_ptr<store_shared> shared, index_info info, std::shared_ptr<const field_plan> plan);
    ~index_core() override;

    index_info info() const override;
    std::shared_ptr<const field_plan> plan() const override;
    embedded::snapshot snapshot() const override;
    std::optional<stored_document> get(std::string_view id) const override;
    std::optional<document_state> state(std::string_view id) const override;
    std::int64_t max_seq_no() const override;
    std::int64_t bytes() const override;

    // ---- the writer's side: only the holder of the write turn calls these ----
    void append(docno document, const column_row& row);  // document == next
    void append_missing(docno document);                 // a number whose row is gone
    void kill(docno document);
    void publish();
    void replace(index_info info, std::shared_ptr<const field_plan> plan);
    // Superseded documents that no snapshot needs.
    std::vector<docno> purgeable(std::size_t limit);
    void purged(const std::vector<docno>& documents);

    const std::int64_t id;
    const std::shared_ptr<store_shared> shared;
    docno next_doc = 0;
    std::int64_t next_seq = 0;
    std::vector<field_totals> totals;
    std::atomic<std::int64_t> source_bytes{0};

    std::string table(char kind) const { return kind + std::to_string(id); }
    std::string table(char kind, std::uint32_t field) const { return kind + std::to_string(id) + "_" + std::to_string(field); }

private:
    void fit_fields();

    mutable std::mutex mutex_;  // info_, plan_, current_, next_seq as seen by readers
    index_info info_;
    std::shared_ptr<const field_plan> plan_;
    std::shared_ptr<const index_generation> current_;
    std::int64_t published_seq_ = -1;

    std::uint64_t generation_ = 0;
    std::int64_t live_count_ = 0, deleted_count_ = 0;
    std::vector<std::shared_ptr<live_window>> live_;
    std::vector<bool> live_shared_;  // published: copy before the next change
    std::vector<std::unique_ptr<column_writer>> columns_;
    std::vector<std::unique_ptr<grow_array<std::uint8_t>>> norms_;
    std::vector<field_totals> column_totals_;  // live documents with a value, distinct values in them
    void count_columns(docno document, std::int64_t sign);
    struct death {
        docno document;
        std::uint64_t generation;  // the first one without it
    };
    std::deque<death> dead_;
    std::vector<std::pair<std::uint64_t, std::weak_ptr<const index_generation>>> pinned_;
};

}  // namespace hem::search::embedded::detail
