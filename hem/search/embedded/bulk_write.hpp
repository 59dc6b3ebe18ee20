// Writes of documents: single ones, `_update`, and the items of `_bulk`. They queue; the first of a wake-up takes all that wait into one
// transaction, and everybody is answered after the commit. An item that fails takes nothing with it: conditions are checked before its
// rows are written, and when the store itself fails (a full disk), the transaction's items are done again, each in one of its own.
// Savepoints would give the same, but FTS5 writes a segment at each.
#pragma once

#include "hem/search/embedded/catalog.hpp"
#include "hem/search/embedded/rest_error.hpp"
#include "hem/search/embedded/store.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hem::search::embedded {

enum class write_kind : std::uint8_t { index, create, update, remove };

struct write_op {
    write_kind kind = write_kind::index;
    std::string index;  // name or alias; after the write the index's own name
    std::string id;     // empty: one is made
    std::string routing;
    std::string_view source;  // the document, or the body of an update; outlives the write
    std::optional<std::int64_t> if_seq_no, if_primary_term, version;
    bool external = false, external_equal_ok = false;
    bool require_existing_index = false;  // require_alias and its like: never create the index
    json source_wanted;                   // of an update: `_source` for the answer's `get`; null for none

    // The answer.
    int status = 0;
    std::string_view result;  // created updated deleted not_found noop
    std::int64_t answer_version = 0, answer_seq_no = 0;
    std::string get_source;  // of an update that asked for it
    std::int64_t replicas = 0;
    std::optional<rest_error> error;
};

// The action, "index" ... as the wire names it.
std::string_view to_string(write_kind kind);

// Where writes, index changes and by-query runs take their turns.
class write_queue {
public:
    struct environment {
        store& data;
        catalog& indices;
        std::int64_t (*now_ms)();
        std::function<std::string()> make_id;    // of a document
        std::function<std::string()> make_uuid;  // of an index
        std::function<void()> written{};         // after each transaction, on the thread that led it
    };
    explicit write_queue(environment parts, std::size_t max_bytes) : parts_(std::move(parts)), max_bytes_(max_bytes) {}

    // Returns when every op is durable or has its error. Several calls share a transaction; ops beyond 1,000 or 8 MiB go to the next.
    void run(std::span<write_op> ops);
    // Runs `f` with no write batch open and no other writer running.
    void exclusive(const std::function<void()>& f);
    // The same once nobody writes or waits to; false, without running it, when `stop` says so first.
    bool when_idle(const std::function<void()>& f, const std::atomic<bool>& stop);
    // Lets `when_idle` look at its `stop` again.
    void wake_idle();

    static constexpr std::size_t transaction_items = 1000;
    static constexpr std::size_t transaction_bytes = std::size_t{8} << 20;

private:
    struct waiting {
        std::span<write_op> ops;
        std::size_t next = 0;
        bool done = false;
    };
    class transaction;
    void lead();
    void run_exclusively(const std::function<void()>& f);  // `busy_` is ours already

    environment parts_;
    std::size_t max_bytes_;
    std::mutex guard_;
    std::condition_variable changed_;
    std::deque<waiting*> queue_;
    bool busy_ = false;
    std::size_t queued_bytes_ = 0;
};

// The body of a bulk request to ops; throws rest_error for what fails the whole request.
std::vector<write_op> parse_bulk(std::string_view body, std::string_view default_index);

// Merges `changes` into `into`: objects deeply, everything else replaces. False when nothing changed.
bool merge_source(json& into, const json& changes);

}  // namespace hem::search::embedded
