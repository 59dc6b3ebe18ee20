// The store of the embedded engine: one SQLite file (or memory) with the catalogue of indices, their documents, columns and postings.
//
// Synchronous; call it on worker threads. One write transaction at a time (a second `begin` waits), any number of readers beside it.
// A write is visible to snapshots taken after its commit, and survives a crash or power cut once `commit` has returned (WAL,
// synchronous=FULL). A file belongs to one process: a second one is refused with the pid of the holder.
//
//     store opened({.path = "blog.db", .plans = &plans});
//     auto index = opened.create_index({.name = "posts", ...}, plan);
//     auto batch = opened.begin(now_ms);
//     batch.put(index, prepare(*index->plan(), document), {});
//     batch.commit();
//     auto view = index->snapshot();                      // pinned until released: search, scroll, point in time
#pragma once

#include "hem/search/embedded/columns.hpp"
#include "hem/search/embedded/fields.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search::embedded {

// ---- errors -----------------------------------------------------------------------------------------------------------------------

enum class store_failure { locked, corrupt, full, newer_format, io, unsupported };

// The file cannot be used. The text names the file, what went wrong and what to do; nothing was overwritten.
class store_error : public std::runtime_error {
public:
    store_error(store_failure failure, const std::string& what) : std::runtime_error(what), failure_(failure) {}
    store_failure failure() const noexcept { return failure_; }

private:
    store_failure failure_;
};

// ---- documents --------------------------------------------------------------------------------------------------------------------

// A document as the REST face has parsed it: values by field number, in the order of the source. Views must live until `prepare` returns.
struct document {
    struct text {
        std::uint32_t field;
        std::string_view value;
    };
    struct integer {
        std::uint32_t field;
        std::int64_t value;
    };
    struct floating {
        std::uint32_t field;
        double value;
    };
    std::string id, routing;
    std::string_view source;
    std::vector<text> texts;        // text and keyword fields; several of one field are an array
    std::vector<integer> integers;  // integer, boolean and date fields
    std::vector<floating> doubles;
};

// A document analysed and packed, ready to be written. Made on any thread, without locks.
struct prepared_document {
    struct postings {
        std::uint32_t field = 0;
        std::uint32_t length = 0;    // tokens with an increment above 0
        std::uint32_t overlaps = 0;  // the others
        std::string packed;          // tokens for the store's tokenizer; empty if none
        std::string gaps;            // holes, as varint pairs (token number, extra positions)
    };
    std::string id, routing, source;
    std::vector<postings> texts;
    std::vector<std::pair<std::uint32_t, std::string>> keywords;  // sorted by field, distinct
    std::vector<document::integer> integers;                      // sorted by field, then value
    std::vector<document::floating> doubles;
};

// Throws analysis_error for a term over 32,766 bytes.
prepared_document prepare(const field_plan& plan, const document& parsed);

struct stored_document {
    docno number = 0;
    std::string id, routing, source;
    std::int64_t version = 0, seq_no = 0;
};

// Version and sequence number without the source.
struct document_state {
    docno number = 0;
    std::int64_t version = 0, seq_no = 0;
    bool deleted = false;  // a remembered delete
};

// ---- indices ----------------------------------------------------------------------------------------------------------------------

struct index_info {
    std::string name, uuid;
    std::string settings, mapping;  // JSON, opaque here
    bool closed = false;
    std::int64_t created_ms = 0;
};

class generation;
// A pinned view of one index; releasing the last copy lets superseded rows be purged.
using snapshot = std::shared_ptr<const generation>;

// An index; a handle stays readable after the index was removed, until it is released. Any thread.
class index_handle {
public:
    virtual ~index_handle() = default;
    virtual index_info info() const = 0;
    virtual std::shared_ptr<const field_plan> plan() const = 0;
    virtual embedded::snapshot snapshot() const = 0;
    // The live document of that id as committed last, whatever snapshots see; reads one row.
    virtual std::optional<stored_document> get(std::string_view id) const = 0;
    virtual std::optional<document_state> state(std::string_view id) const = 0;
    virtual std::int64_t max_seq_no() const = 0;  // -1 before the first write
    virtual std::int64_t bytes() const = 0;       // of stored sources, about
};
using index = std::shared_ptr<index_handle>;

// What searches, scrolls and aggregations read. Immutable; any thread.
class generation {
public:
    virtual ~generation() = default;
    virtual std::uint64_t number() const noexcept = 0;
    virtual const field_plan& plan() const noexcept = 0;
    // Document numbers are below this; not all of them are live.
    virtual docno limit() const noexcept = 0;
    virtual std::int64_t live_count() const noexcept = 0;
    virtual std::int64_t deleted_count() const noexcept = 0;
    virtual bool live(docno document) const noexcept = 0;
    // Bit d & 63 of word d >> 6 says that d is live; `limit` rounded up to whole words of 4,096 documents.
    virtual const std::uint64_t* live_words(std::size_t window) const noexcept = 0;
    // Null for a text field or an unknown number.
    virtual const column_view* column(std::uint32_t field) const noexcept = 0;
    // Reads rows of `documents` from the file; aligned with the argument.
    virtual std::vector<stored_document> fetch(const std::vector<docno>& documents) const = 0;
    // One document of the snapshot by id, live in it.
    virtual std::optional<docno> find(std::string_view id) const = 0;
};

// ---- writing ----------------------------------------------------------------------------------------------------------------------

struct write_condition {
    bool create_only = false;                      // op_type=create
    std::optional<std::int64_t> if_seq_no;         // with if_primary_term = 1; the caller checks the term
    std::optional<std::int64_t> external_version;  // version_type external or external_gte
    bool external_equal_ok = false;                // external_gte
};

struct write_outcome {
    std::int64_t version = 0, seq_no = 0;
    bool existed = false;  // put: updated; remove: deleted, else not_found
};

// The condition does not hold; nothing was written.
struct write_conflict {
    bool exists = false;
    std::int64_t version = -1, seq_no = -1;  // of the current document, -1 if there is none
};

// One transaction. Dropped without commit, it leaves nothing behind. Single thread.
class write_batch {
public:
    class implementation;
    explicit write_batch(std::unique_ptr<implementation> made);
    write_batch(write_batch&&) noexcept;
    write_batch& operator=(write_batch&&) noexcept;
    ~write_batch();

    // A conflict leaves the others untouched. A store_error (`full` for a full disk) ends the batch: nothing of it is kept.
    std::expected<write_outcome, write_conflict> put(const index& target, const prepared_document& prepared,
                                                     const write_condition& condition);
    std::expected<write_outcome, write_conflict> remove(const index& target, std::string_view id, const write_condition& condition);
    // The current document inside this transaction, its own writes included.
    std::optional<stored_document> get(const index& target, std::string_view id);
    std::optional<document_state> state(const index& target, std::string_view id);

    // Durable and visible when it returns. On an error (store_error) nothing of the batch happened.
    void commit();

private:
    std::unique_ptr<implementation> implementation_;
};

// ---- the store --------------------------------------------------------------------------------------------------------------------

// Makes the plan of an index from its settings and mapping; called for every index when a store is opened.
class plan_source {
public:
    virtual ~plan_source() = default;
    virtual field_plan plan(const index_info& info) const = 0;
    // Parses and analyses a stored document anew; `plan` is the index's. Needed by `rebuild_index`, and to open a file that was written
    // with another analysis. Throws what parsing throws.
    virtual prepared_document prepare(const index_info& info, const std::shared_ptr<const field_plan>& plan,
                                      const stored_document& from) const;
};

struct store_options {
    std::string path;                    // ":memory:" for a store without file
    const plan_source* plans = nullptr;  // needed to open a file that holds indices, and to rebuild one; outlives the store
    bool relaxed = false;                // synchronous=NORMAL: a power cut may lose the last commits, a crash of the process none
    int readers = 2;                     // connections for reading, opened on demand
    std::size_t posting_cache_bytes = std::size_t{64} << 20;
};

class store {
public:
    class implementation;
    // Opens or creates. Throws store_error; a file that is not a store, or a damaged one, is left as it is.
    explicit store(const store_options& options);
    ~store();
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    // Throws std::invalid_argument if the name exists.
    index create_index(const index_info& info, const field_plan& plan);
    void remove_index(std::string_view name);
    // Adds fields of `plan` that are new (a known field never changes its kind: std::invalid_argument) and replaces the JSON texts.
    // Old documents have no value in a new field. Returns when durable.
    void update_index(std::string_view name, const index_info& info, const field_plan& plan);
    // Writes the index anew from its sources: no superseded documents, numbers from 0 in the order they had, postings in one segment.
    // Ids, versions and sequence numbers stay. Takes the write turn throughout; readers go on with what they hold. Returns the index's
    // new handle; the old one stays readable, not writable, until it is released. Nothing has changed when it throws (store_error).
    // An index in which nothing is superseded keeps its numbers and handle: only its postings are merged.
    index rebuild_index(std::string_view name);
    index find_index(std::string_view name) const;  // null if there is none
    std::vector<index> indices() const;             // by name

    // Small texts of the catalogue: aliases, templates, cluster settings.
    std::optional<std::string> meta(std::string_view key) const;
    void set_meta(std::string_view key, std::string_view value);

    // Waits for the transaction before. `now_ms` (epoch milliseconds) dates deletes.
    write_batch begin(std::int64_t now_ms);

    // Removes superseded rows that no snapshot needs, at most `limit` documents; returns how many.
    std::size_t purge(std::size_t limit = 1000);
    std::int64_t file_bytes() const;
    // For tests and benchmarks: forgets all decoded postings.
    void drop_caches();
    // For tests: the file may not grow beyond so many pages, as on a full disk; 0 for no limit.
    void limit_pages(std::int64_t pages);

private:
    std::unique_ptr<implementation> implementation_;
};

}  // namespace hem::search::embedded
