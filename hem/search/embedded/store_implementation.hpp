// The state behind `store`, for its two sources: the catalogue (store.cpp) and writing (store_write.cpp).
#pragma once

#include "hem/search/embedded/file_lock.hpp"
#include "hem/search/embedded/store_internal.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hem::search::embedded {

class store::implementation {
public:
    explicit implementation(const store_options& options);

    // Runs `body` in a transaction of the writer's connection, with the write turn held.
    template <class F>
    void transaction(F&& body) {
        const auto turn = take_turn();
        auto& link = shared->writer.link;
        link.execute("BEGIN IMMEDIATE");
        try {
            body();
            link.execute("COMMIT");
        } catch (...) {
            roll_back();
            throw;
        }
    }
    void roll_back() noexcept;
    detail::statement& prepared(const std::string& sql) { return shared->writer.statements.get(shared->writer.link, sql); }

    // Who writes holds both: the turn among writers and, in memory, the only connection.
    struct turn {
        std::unique_lock<std::recursive_mutex> writers, memory;
    };
    turn take_turn();

    void create_schema();
    void check_file();
    void load();
    void load_documents(detail::index_core& core);
    // Numbers the fields of `plan`; creates what is new in `fields` and the tables of text fields.
    std::shared_ptr<const field_plan> number_fields(std::int64_t id, const field_plan& plan, const field_plan* before);
    void drop_tables(std::int64_t id);
    // Rows of a new index: in the catalogue (as removed, until it is complete) and its tables; the transaction is the caller's.
    std::shared_ptr<detail::index_core> make_index(const index_info& info, const field_plan& plan, std::string_view state);
    void merge_postings(const detail::index_core& core);
    std::shared_ptr<detail::index_core> rebuild(const std::shared_ptr<detail::index_core>& from);
    // Indices whose texts another version of the analysis wrote are rebuilt; a newer one is refused.
    void check_analysis();
    // Takes the rows of a superseded document out. Its postings stay: nobody sees them, and numbers are never used again.
    void purge_document(const detail::index_core& core, docno document);
    // Tables of removed indices that nobody looks at any more.
    void drop_removed();

    const plan_source* plans = nullptr;
    detail::file_lock lock;
    std::shared_ptr<detail::store_shared> shared;
    std::recursive_mutex writers;
    mutable std::mutex catalogue;  // indices, removed
    std::map<std::string, std::shared_ptr<detail::index_core>, std::less<>> indices;
    std::vector<std::pair<std::int64_t, std::weak_ptr<detail::index_core>>> removed;
};

class write_batch::implementation {
public:
    implementation(store::implementation& owner, std::int64_t now_ms);
    ~implementation();

    struct pending {
        docno document = 0;
        detail::column_row row;
        std::optional<docno> killed;
        bool only_delete = false;
    };
    // What the batch has done to one index, applied to the memory of readers after the commit.
    struct target {
        std::shared_ptr<detail::index_core> core;
        docno next_doc = 0;
        std::int64_t next_seq = 0, source_bytes = 0;
        std::vector<detail::field_totals> totals;
        std::vector<pending> writes;
        // Statement texts, made once.
        std::string find, find_deleted, supersede, lengths, insert_document, insert_columns, insert_deleted, forget_deleted;
        std::vector<std::string> insert_text, insert_gaps;
    };
    target& at(const index& named);
    std::expected<write_outcome, write_conflict> put(target& into, const prepared_document& prepared, const write_condition& condition);
    // The rows of a document under the target's next number; version and sequence number are the caller's.
    void insert(target& into, const prepared_document& prepared, std::int64_t version, std::int64_t seq_no, std::optional<docno> killed);
    std::expected<write_outcome, write_conflict> remove(target& from, std::string_view id, const write_condition& condition);
    std::optional<document_state> state(target& in, std::string_view id);
    std::optional<stored_document> get(target& in, std::string_view id);
    void supersede(target& in, docno document);
    void commit();
    // Runs a change; a store_error ends the batch.
    template <class F>
    auto guarded(F&& body) {
        if (done_) throw store_error(store_failure::io, "cannot write: this batch was committed or has failed");
        try {
            return body();
        } catch (const store_error&) {
            abandon();
            throw;
        }
    }
    void abandon() noexcept;

private:
    store::implementation& owner_;
    store::implementation::turn turn_;
    std::int64_t now_ms_;
    bool done_ = false;
    std::vector<std::unique_ptr<target>> targets_;
    std::string lengths_, columns_;
};

}  // namespace hem::search::embedded
