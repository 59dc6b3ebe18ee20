// Write transactions: rows first, then, once they are durable, what readers see.
#include "hem/search/embedded/fts_tokenizer.hpp"
#include "hem/search/embedded/store_implementation.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace hem::search::embedded {

using detail::column_row;
using detail::index_core;
using detail::reset_guard;

namespace {

constexpr std::int64_t deletes_remembered_ms = 60'000;

}  // namespace

void store::implementation::roll_back() noexcept { sqlite3_exec(shared->writer.link.get(), "ROLLBACK", nullptr, nullptr, nullptr); }

store::implementation::turn store::implementation::take_turn() {
    turn taken{std::unique_lock(writers), {}};
    if (shared->in_memory) taken.memory = std::unique_lock(shared->memory_turn);
    return taken;
}

// ---- one batch --------------------------------------------------------------------------------------------------------------------

write_batch::implementation::implementation(store::implementation& owner, std::int64_t now_ms)
    : owner_(owner), turn_(owner.take_turn()), now_ms_(now_ms) {
    if (sqlite3_get_autocommit(owner.shared->writer.link.get()) == 0) {
        throw store_error(store_failure::io, "cannot begin a write: this thread has an open batch already (commit or drop it first)");
    }
    owner_.shared->writer.link.execute("BEGIN IMMEDIATE");
}

write_batch::implementation::~implementation() {
    if (!done_) abandon();
}

void write_batch::implementation::abandon() noexcept {
    if (std::exchange(done_, true)) return;
    owner_.roll_back();
    turn_ = {};
}

write_batch::implementation::target& write_batch::implementation::at(const index& named) {
    for (auto& each : targets_) {
        if (each->core.get() == named.get()) return *each;
    }
    auto made = std::make_unique<target>();
    made->core = std::static_pointer_cast<index_core>(named);
    const auto& core = *made->core;
    made->next_doc = core.next_doc;
    made->next_seq = core.next_seq;
    made->totals = core.totals;
    const auto d = core.table('d'), c = core.table('c'), t = core.table('t');
    made->find = "SELECT docno, version, seq_no FROM " + d + " WHERE id=? AND superseded=0";
    made->find_deleted = "SELECT version, seq_no FROM " + t + " WHERE id=? AND at_ms>=?";
    made->supersede = "UPDATE " + d + " SET superseded=1 WHERE docno=?";
    made->lengths = "SELECT lengths FROM " + c + " WHERE docno=?";
    made->insert_document = "INSERT INTO " + d + "(docno, id, version, seq_no, routing, source) VALUES(?,?,?,?,?,?)";
    made->insert_columns = "INSERT INTO " + c + " VALUES(?,?,?)";
    made->insert_deleted = "INSERT OR REPLACE INTO " + t + " VALUES(?,?,?,?)";
    made->forget_deleted = "DELETE FROM " + t + " WHERE id=?";
    const auto plan = core.plan();
    for (std::uint32_t field = 0; field < plan->fields.size(); ++field) {
        made->insert_text.push_back("INSERT INTO " + core.table('f', field) + "(rowid, x) VALUES(?,?)");
        made->insert_gaps.push_back("INSERT INTO " + core.table('g', field) + " VALUES(?,?)");
    }
    return *targets_.emplace_back(std::move(made));
}

std::optional<document_state> write_batch::implementation::state(target& in, std::string_view id) {
    {
        auto& found = owner_.prepared(in.find);
        const reset_guard guard(found);
        if (found.bind(1, id).step())
            return document_state{static_cast<docno>(found.integer(0)), found.integer(1), found.integer(2), false};
    }
    auto& remembered = owner_.prepared(in.find_deleted);
    const reset_guard guard(remembered);
    if (remembered.bind(1, id).bind(2, now_ms_ - deletes_remembered_ms).step())
        return document_state{0, remembered.integer(0), remembered.integer(1), true};
    return std::nullopt;
}

std::optional<stored_document> write_batch::implementation::get(target& in, std::string_view id) {
    auto& row =
        owner_.prepared("SELECT id, version, seq_no, routing, source, docno FROM " + in.core->table('d') + " WHERE id=? AND superseded=0");
    const reset_guard guard(row);
    if (!row.bind(1, id).step()) return std::nullopt;
    return stored_document{.number = static_cast<docno>(row.integer(5)),
                           .id = std::string(row.text(0)),
                           .routing = std::string(row.text(3)),
                           .source = std::string(row.blob(4)),
                           .version = row.integer(1),
                           .seq_no = row.integer(2)};
}

namespace {

// The conditions of a write against what is there; the new version if they hold.
std::expected<std::int64_t, write_conflict> next_version(const std::optional<document_state>& current, const write_condition& condition) {
    const bool exists = current.has_value() && !current->deleted;
    const write_conflict conflict{exists, exists ? current->version : -1, exists ? current->seq_no : -1};
    if (condition.create_only && exists) return std::unexpected(conflict);
    if (condition.if_seq_no.has_value() && (!exists || current->seq_no != *condition.if_seq_no)) return std::unexpected(conflict);
    if (condition.external_version.has_value()) {
        const auto wanted = *condition.external_version;
        if (current.has_value() && (condition.external_equal_ok ? wanted < current->version : wanted <= current->version)) {
            return std::unexpected(write_conflict{exists, current->version, current->seq_no});
        }
        return wanted;
    }
    return current.has_value() ? current->version + 1 : 1;
}

}  // namespace

void write_batch::implementation::supersede(target& in, docno document) {
    auto& lengths = owner_.prepared(in.lengths);
    {
        const reset_guard guard(lengths);
        std::vector<column_row::text> old;
        if (!lengths.bind(1, static_cast<std::int64_t>(document)).step() || !detail::decode_lengths(lengths.blob(0), old)) {
            throw store_error(store_failure::corrupt,
                              "the search store is damaged: the lengths of document " + std::to_string(document) + " cannot be read");
        }
        for (const auto& each : old) {
            if (each.field >= in.totals.size() || each.length + each.overlaps == 0) continue;
            --in.totals[each.field].documents;
            in.totals[each.field].terms -= each.length + each.overlaps;
        }
    }
    owner_.prepared(in.supersede).bind(1, static_cast<std::int64_t>(document)).run();
}

std::expected<write_outcome, write_conflict> write_batch::implementation::put(target& into, const prepared_document& prepared,
                                                                              const write_condition& condition) {
    const auto current = state(into, prepared.id);
    const auto version = next_version(current, condition);
    if (!version.has_value()) return std::unexpected(version.error());
    const bool existed = current.has_value() && !current->deleted;
    std::optional<docno> killed;
    if (existed) {
        supersede(into, current->number);
        killed = current->number;
    } else if (current.has_value()) {
        owner_.prepared(into.forget_deleted).bind(1, std::string_view(prepared.id)).run();
    }
    insert(into, prepared, *version, into.next_seq, killed);
    return write_outcome{*version, into.next_seq++, existed};
}

void write_batch::implementation::insert(target& into, const prepared_document& prepared, std::int64_t version, std::int64_t seq_no,
                                         std::optional<docno> killed) {
    pending made;
    made.document = into.next_doc;
    made.killed = killed;
    const auto number = static_cast<std::int64_t>(into.next_doc);
    auto& row = made.row;
    for (const auto& each : prepared.texts) row.texts.push_back({each.field, each.length, each.overlaps});
    row.keywords = prepared.keywords;
    row.integers = prepared.integers;
    row.doubles = prepared.doubles;
    lengths_.clear();
    columns_.clear();
    detail::encode_lengths(lengths_, row);
    detail::encode_columns(columns_, row);

    auto& document = owner_.prepared(into.insert_document);
    document.bind(1, number).bind(2, std::string_view(prepared.id)).bind(3, version).bind(4, seq_no);
    document.bind(5, std::string_view(prepared.routing)).bind_blob(6, prepared.source).run();
    owner_.prepared(into.insert_columns).bind(1, number).bind_blob(2, lengths_).bind_blob(3, columns_).run();
    for (const auto& each : prepared.texts) {
        if (each.field >= into.totals.size()) throw std::out_of_range("a document was prepared for another index");
        if (each.packed.empty()) continue;
        owner_.prepared(into.insert_text[each.field]).bind(1, number).bind(2, std::string_view(each.packed)).run();
        if (!each.gaps.empty()) owner_.prepared(into.insert_gaps[each.field]).bind(1, number).bind_blob(2, each.gaps).run();
        ++into.totals[each.field].documents;
        into.totals[each.field].terms += each.length + each.overlaps;
    }
    into.writes.push_back(std::move(made));
    into.source_bytes += static_cast<std::int64_t>(prepared.source.size());
    ++into.next_doc;
}

std::expected<write_outcome, write_conflict> write_batch::implementation::remove(target& from, std::string_view id,
                                                                                 const write_condition& condition) {
    const auto current = state(from, id);
    const auto version = next_version(current, condition);
    if (!version.has_value()) return std::unexpected(version.error());
    const bool existed = current.has_value() && !current->deleted;
    if (existed) {
        supersede(from, current->number);
        from.writes.push_back({.document = 0, .row = {}, .killed = current->number, .only_delete = true});
    }
    owner_.prepared(from.insert_deleted).bind(1, id).bind(2, *version).bind(3, from.next_seq).bind(4, now_ms_).run();
    return write_outcome{*version, from.next_seq++, existed};
}

void write_batch::implementation::commit() {
    guarded([&] {
        for (const auto& each : targets_) {
            const auto& core = *each->core;
            owner_.prepared("UPDATE indices SET next_doc=?, next_seq=? WHERE id=?")
                .bind(1, static_cast<std::int64_t>(each->next_doc))
                .bind(2, each->next_seq)
                .bind(3, core.id)
                .run();
            for (std::size_t field = 0; field < each->totals.size(); ++field) {
                const auto& now = each->totals[field];
                const auto& before = core.totals[field];
                if (now.documents == before.documents && now.terms == before.terms) continue;
                owner_.prepared("INSERT OR REPLACE INTO " + core.table('s') + " VALUES(?,?,?)")
                    .bind(1, static_cast<std::int64_t>(field))
                    .bind(2, now.documents)
                    .bind(3, now.terms)
                    .run();
            }
            const auto key = "bytes." + std::to_string(core.id), bytes = std::to_string(core.source_bytes + each->source_bytes);
            owner_.prepared("INSERT OR REPLACE INTO meta VALUES(?,?)")
                .bind(1, std::string_view(key))
                .bind(2, std::string_view(bytes))
                .run();
            owner_.prepared("DELETE FROM " + core.table('t') + " WHERE at_ms<?").bind(1, now_ms_ - deletes_remembered_ms).run();
        }
        owner_.shared->writer.link.execute("COMMIT");
        return 0;
    });
    done_ = true;
    for (auto& each : targets_) {
        auto& core = *each->core;
        for (auto& write : each->writes) {
            if (write.killed.has_value()) core.kill(*write.killed);
            if (write.only_delete) continue;
            core.append(write.document, write.row);
            ++core.next_doc;
        }
        core.next_seq = each->next_seq;
        core.totals = std::move(each->totals);
        core.source_bytes += each->source_bytes;
        core.publish();
    }
    targets_.clear();
    turn_ = {};
}

write_batch::write_batch(std::unique_ptr<implementation> made) : implementation_(std::move(made)) {}
write_batch::write_batch(write_batch&&) noexcept = default;
write_batch& write_batch::operator=(write_batch&&) noexcept = default;
write_batch::~write_batch() = default;

std::expected<write_outcome, write_conflict> write_batch::put(const index& target, const prepared_document& prepared,
                                                              const write_condition& condition) {
    return implementation_->guarded([&] { return implementation_->put(implementation_->at(target), prepared, condition); });
}

std::expected<write_outcome, write_conflict> write_batch::remove(const index& target, std::string_view id,
                                                                 const write_condition& condition) {
    return implementation_->guarded([&] { return implementation_->remove(implementation_->at(target), id, condition); });
}

std::optional<stored_document> write_batch::get(const index& target, std::string_view id) {
    return implementation_->guarded([&] { return implementation_->get(implementation_->at(target), id); });
}

std::optional<document_state> write_batch::state(const index& target, std::string_view id) {
    return implementation_->guarded([&] { return implementation_->state(implementation_->at(target), id); });
}

void write_batch::commit() { implementation_->commit(); }

write_batch store::begin(std::int64_t now_ms) {
    return write_batch(std::make_unique<write_batch::implementation>(*implementation_, now_ms));
}

// ---- purging ----------------------------------------------------------------------------------------------------------------------

void store::implementation::purge_document(const index_core& core, docno document) {
    const auto number = static_cast<std::int64_t>(document);
    prepared("DELETE FROM " + core.table('d') + " WHERE docno=?").bind(1, number).run();
    prepared("DELETE FROM " + core.table('c') + " WHERE docno=?").bind(1, number).run();
    for (const auto& field : core.plan()->fields) {
        if (field.kind == field_kind::text)
            prepared("DELETE FROM " + core.table('g', field.number) + " WHERE docno=?").bind(1, number).run();
    }
}

std::size_t store::purge(std::size_t limit) {
    auto& in = *implementation_;
    const auto turn = in.take_turn();
    in.drop_removed();
    std::vector<std::shared_ptr<index_core>> all;
    {
        const std::lock_guard guard(in.catalogue);
        for (const auto& [name, core] : in.indices) all.push_back(core);
    }
    std::size_t count = 0;
    for (const auto& core : all) {
        const auto documents = core->purgeable(limit - count);
        if (documents.empty()) continue;
        in.transaction([&] {
            for (const auto each : documents) in.purge_document(*core, each);
        });
        core->purged(documents);
        count += documents.size();
        if (count >= limit) break;
    }
    return count;
}

}  // namespace hem::search::embedded
