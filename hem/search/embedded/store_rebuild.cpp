// Writing an index anew from its sources: after another version of the analysis, and to renumber.
//
// The new tables grow in transactions of their own under a row of the catalogue that is marked as removed, so that a crash leaves
// nothing but tables that the next opening drops. One last transaction changes places.
#include "hem/search/embedded/analysis.hpp"
#include "hem/search/embedded/store_implementation.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded {

using detail::index_core;
using detail::reset_guard;

namespace {

constexpr std::int64_t rows_at_once = 1000;

}  // namespace

prepared_document plan_source::prepare(const index_info& info, const std::shared_ptr<const field_plan>&, const stored_document&) const {
    throw store_error(store_failure::unsupported,
                      "the index [" + info.name + "] cannot be written anew: its documents cannot be parsed here");
}

void store::implementation::merge_postings(const index_core& core) {
    for (const auto& each : core.plan()->fields) {
        if (each.kind != field_kind::text) continue;
        const auto table = core.table('f', each.number);
        shared->writer.link.execute("INSERT INTO " + table + "(" + table + ") VALUES('optimize')");
    }
}

std::shared_ptr<index_core> store::implementation::rebuild(const std::shared_ptr<index_core>& from) {
    auto& link = shared->writer.link;
    const auto info = from->info();
    const auto old_plan = from->plan();
    if (plans == nullptr)
        throw store_error(store_failure::unsupported, "the index [" + info.name + "] cannot be written anew without a source of plans");
    std::shared_ptr<index_core> to;
    transaction([&] { to = make_index(info, *old_plan, "removed"); });
    to->publish();
    const auto plan = to->plan();
    try {
        for (std::int64_t last = -1;;) {
            std::vector<stored_document> rows;
            {
                auto& asked = prepared("SELECT docno, id, version, seq_no, routing, source FROM " + from->table('d') +
                                       " WHERE superseded=0 AND docno>? ORDER BY docno LIMIT ?");
                const reset_guard guard(asked);
                asked.bind(1, last).bind(2, rows_at_once);
                while (asked.step()) {
                    rows.push_back({.number = static_cast<docno>(asked.integer(0)),
                                    .id = std::string(asked.text(1)),
                                    .routing = std::string(asked.text(4)),
                                    .source = std::string(asked.blob(5)),
                                    .version = asked.integer(2),
                                    .seq_no = asked.integer(3)});
                }
            }
            if (rows.empty()) break;
            last = static_cast<std::int64_t>(rows.back().number);
            write_batch::implementation batch(*this, 0);
            auto& into = batch.at(to);
            for (const auto& each : rows) {
                try {
                    batch.insert(into, plans->prepare(info, plan, each), each.version, each.seq_no, std::nullopt);
                } catch (const store_error&) {
                    throw;
                } catch (const std::exception& fault) {
                    throw store_error(store_failure::unsupported, "cannot write the index [" + info.name + "] of the search store " +
                                                                      link.path() + " anew: document [" + each.id +
                                                                      "] cannot be read under its mapping: " + fault.what() +
                                                                      " (nothing was changed)");
                }
            }
            batch.commit();
        }
        transaction([&] {
            link.execute("INSERT INTO " + to->table('t') + " SELECT * FROM " + from->table('t'));
            merge_postings(*to);
            prepared("UPDATE indices SET state=?, next_seq=? WHERE id=?")
                .bind(1, std::string_view(info.closed ? "close" : "open"))
                .bind(2, from->next_seq)
                .bind(3, to->id)
                .run();
            prepared("UPDATE indices SET state='removed' WHERE id=?").bind(1, from->id).run();
        });
    } catch (...) {
        const auto id = to->id;
        to.reset();
        try {
            transaction([&] { drop_tables(id); });
        } catch (const store_error&) {
            // They are marked as removed: the next opening drops them.
        }
        throw;
    }
    to->next_seq = from->next_seq;
    to->publish();
    const std::lock_guard guard(catalogue);
    indices[info.name] = to;
    removed.emplace_back(from->id, from);
    return to;
}

index store::rebuild_index(std::string_view name) {
    auto& in = *implementation_;
    const auto turn = in.take_turn();
    auto before = std::static_pointer_cast<index_core>(find_index(name));
    if (before == nullptr) throw std::invalid_argument("there is no index [" + std::string(name) + "]");
    if (before->snapshot()->deleted_count() == 0) {
        in.transaction([&] { in.merge_postings(*before); });
        return before;
    }
    auto made = in.rebuild(before);
    before.reset();
    in.drop_removed();
    return made;
}

void store::implementation::check_analysis() {
    int written = 0;
    {
        auto& asked = prepared("SELECT value FROM meta WHERE key='analysis_version'");
        const reset_guard guard(asked);
        if (!asked.step()) return;
        const auto text = asked.text(0);
        std::from_chars(text.data(), text.data() + text.size(), written);
    }
    if (written == analysis_version) return;
    auto& link = shared->writer.link;
    if (written > analysis_version) {
        throw store_error(store_failure::newer_format,
                          "cannot open the search store " + link.path() + ": version " + std::to_string(written) +
                              " of the analysis wrote its texts, newer than this program's " + std::to_string(analysis_version) +
                              " (use a newer program, or index the documents again into another file; nothing was changed)");
    }
    std::vector<std::shared_ptr<index_core>> all;
    for (const auto& [name, core] : indices) all.push_back(core);
    for (auto& each : all) {
        rebuild(each);
        each.reset();
        drop_removed();
    }
    transaction([&] { link.execute("UPDATE meta SET value='" + std::to_string(analysis_version) + "' WHERE key='analysis_version'"); });
}

}  // namespace hem::search::embedded
