#include "hem/search/embedded/fts_segments.hpp"

#include "hem/search/embedded/fts_read.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <random>

namespace {

using namespace hem::search::embedded;
using namespace hem::search::embedded::detail;

// A table as the store makes them, on one connection in memory.
struct table {
    reader on;
    const std::string name = "f1_0";
    docno next = 0;

    explicit table(int page_bytes) {
        on.link = connection(":memory:", true);
        on.link.execute("CREATE VIRTUAL TABLE f1_0 USING fts5(x, content='', columnsize=0, detail=full, tokenize='ascii')");
        on.link.execute("INSERT INTO f1_0(f1_0, rank) VALUES('pgsz', " + std::to_string(page_bytes) + ")");
    }
    void insert(const std::string& text) {
        on.statements.get(on.link, "INSERT INTO f1_0(rowid, x) VALUES(?, ?)")
            .bind(1, std::int64_t{next++})
            .bind(2, std::string_view(text))
            .run();
    }
    std::vector<std::string> terms() {
        on.link.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.v USING fts5vocab(main, f1_0, row)");
        std::vector<std::string> all;
        auto& rows = on.statements.get(on.link, "SELECT term FROM temp.v");
        const reset_guard guard(rows);
        while (rows.step()) all.emplace_back(rows.text(0));
        return all;
    }
    fts_rows stepped(std::string_view term, docno limit, bool positions) {
        fts_rows rows;
        rows.begin(limit, positions);
        step_fts_rows(on.link, on.statements, name, term, 0, rows);
        return rows;
    }
    // Reads the pages and compares with what FTS5 itself says.
    void compare(std::string_view term, docno limit, bool positions) {
        fts_rows rows;
        rows.begin(limit, positions);
        ASSERT_TRUE(read_fts_pages(on.link, on.statements, name, term, rows)) << term;
        const auto same = stepped(term, limit, positions);
        ASSERT_EQ(rows.documents, same.documents) << term;
        ASSERT_EQ(rows.frequencies, same.frequencies) << term;
        ASSERT_EQ(rows.starts, same.starts) << term;
        ASSERT_EQ(rows.positions, same.positions) << term;
    }
    void compare_all() {
        for (const auto& each : terms()) {
            for (const bool positions : {false, true}) {
                compare(each, next, positions);
                compare(each, next / 3, positions);
            }
            compare(each + "x", next, true);
            compare(each.substr(0, each.size() / 2), next, false);
        }
        compare("", next, false);
        compare("zzzz", next, false);
    }
};

std::string text(std::mt19937& from, int words) {
    std::string made;
    for (int at = 0; at < words; ++at) {
        const auto roll = from() % 100;
        if (roll < 40)
            made += "often ";
        else if (roll < 70)
            made += "word" + std::to_string(from() % 40) + " ";
        else if (roll < 99)
            made += "rare" + std::to_string(from() % 300) + " ";
        else
            made += std::string(1 + from() % 60, 'l') + " ";
    }
    return made;
}

TEST(FtsPages, GiveTheRowsThatFtsGivesWhateverTheShapeOfTheSegments) {
    for (const int page_bytes : {32, 64, 300, 4050}) {
        std::mt19937 from(static_cast<unsigned>(page_bytes));
        table subject(page_bytes);
        subject.compare_all();  // empty
        for (int round = 0; round < 12; ++round) {
            subject.on.link.execute("BEGIN");
            for (int at = 0, count = round % 4 == 0 ? 150 : 3; at < count; ++at) {
                subject.next += from() % 50 == 0 ? 1000 : 0;
                subject.insert(text(from, static_cast<int>(from() % 60)));
            }
            if (round == 5) subject.insert(text(from, 8000));  // one row over many pages
            subject.on.link.execute("COMMIT");
            // Some pages' worth of merging, so that segments are half merged.
            if (round % 3 == 2) subject.on.link.execute("INSERT INTO f1_0(f1_0, rank) VALUES('merge', " + std::to_string(round) + ")");
            if (round == 4 || round == 11) ASSERT_NO_FATAL_FAILURE(subject.compare_all()) << page_bytes << " " << round;
        }
        subject.on.link.execute("INSERT INTO f1_0(f1_0, rank) VALUES('merge', -16)");
        ASSERT_NO_FATAL_FAILURE(subject.compare_all()) << page_bytes;
        subject.on.link.execute("INSERT INTO f1_0(f1_0) VALUES('optimize')");
        ASSERT_NO_FATAL_FAILURE(subject.compare_all()) << page_bytes;
    }
}

TEST(FtsPages, OtherFormsAreLeftToFts) {
    std::mt19937 from(5);
    table subject(200);
    for (int at = 0; at < 40; ++at) subject.insert("often " + text(from, 10));
    fts_rows rows;
    rows.begin(subject.next, false);
    EXPECT_TRUE(read_fts_pages(subject.on.link, subject.on.statements, subject.name, "often", rows));
    EXPECT_EQ(rows.documents.size(), 40u);
    // A tombstone, in a segment of its own.
    subject.on.link.execute("INSERT INTO f1_0(f1_0, rowid, x) VALUES('delete', 3, 'often')");
    rows.begin(subject.next, false);
    EXPECT_FALSE(read_fts_pages(subject.on.link, subject.on.statements, subject.name, "often", rows));
    EXPECT_TRUE(rows.documents.empty());
    // A later format.
    table later(200);
    later.insert("often");
    later.on.link.execute("UPDATE f1_0_config SET v=5 WHERE k='version'");
    rows.begin(later.next, false);
    EXPECT_FALSE(read_fts_pages(later.on.link, later.on.statements, later.name, "often", rows));
    EXPECT_EQ(read_fts_structure(std::string_view("\0\0\0\1\xFF\0\0\1\0\0\0", 11), "it"), std::nullopt);
}

TEST(FtsPages, DamageIsAnErrorThatNamesTheTable) {
    std::mt19937 from(9);
    table subject(100);
    for (int at = 0; at < 60; ++at) subject.insert(text(from, 20));
    subject.on.link.execute("INSERT INTO f1_0(f1_0) VALUES('optimize')");
    const auto rows_of = [&] {
        fts_rows rows;
        rows.begin(subject.next, true);
        read_fts_pages(subject.on.link, subject.on.statements, subject.name, "often", rows);
        return rows.documents.size();
    };
    ASSERT_GT(rows_of(), 40u);
    int errors = 0;
    const auto try_after = [&](const std::string& change) {
        subject.on.link.execute("SAVEPOINT damage");
        subject.on.link.execute(change);
        try {
            rows_of();
        } catch (const store_error& error) {
            EXPECT_EQ(error.failure(), store_failure::corrupt);
            EXPECT_NE(std::string(error.what()).find("f1_0"), std::string::npos) << error.what();
            ++errors;
        }
        subject.on.link.execute("ROLLBACK TO damage; RELEASE damage");
    };
    try_after("DELETE FROM f1_0_data WHERE id > 1000 AND id % 2 = 0");
    try_after("UPDATE f1_0_data SET block = x'' WHERE id > 1000");
    try_after("UPDATE f1_0_data SET block = substr(block, 1, 30) WHERE id > 1000");
    try_after("UPDATE f1_0_data SET block = x'000000010101' WHERE id = 10");
    EXPECT_EQ(errors, 4);
    // Each byte of each page in turn: rows or an error, nothing else.
    std::vector<std::pair<std::int64_t, std::string>> pages;
    {
        auto& all = subject.on.statements.get(subject.on.link, "SELECT id, block FROM f1_0_data WHERE id > 1000 OR id = 10 LIMIT 30");
        const reset_guard guard(all);
        while (all.step()) pages.emplace_back(all.integer(0), all.blob(1));
    }
    auto& put = subject.on.statements.get(subject.on.link, "UPDATE f1_0_data SET block = ?1 WHERE id = ?2");
    for (const auto& [id, block] : pages) {
        for (std::size_t at = 0; at < block.size(); ++at) {
            auto changed = block;
            changed[at] = static_cast<char>(from());
            put.bind_blob(1, changed).bind(2, id).run();
            try {
                rows_of();
            } catch (const store_error& error) {
                EXPECT_EQ(error.failure(), store_failure::corrupt);
            }
        }
        put.bind_blob(1, block).bind(2, id).run();
    }
    EXPECT_GT(rows_of(), 40u);
}

}  // namespace
