#include "hem/search/embedded/bulk_write.hpp"

#include "hem/search/embedded/purger.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <unistd.h>

#include <string>
#include <vector>

namespace {

using namespace hem::search::embedded;

// A store file with an index `posts`, and the queue that writes to it.
struct written_store {
    std::string path;
    catalog indices;
    std::unique_ptr<store> data;
    std::unique_ptr<write_queue> queue;
    int made = 0;

    written_store() {
        char name[] = "/tmp/hem_bulk_XXXXXX";
        ::close(::mkstemp(name));
        ::unlink(name);
        path = name;
        data = std::make_unique<store>(store_options{.path = path, .plans = &indices});
        indices.attach(*data);
        queue = std::make_unique<write_queue>(write_queue::environment{*data, indices, [] { return std::int64_t{1000}; },
                                                                       [this] { return "made" + std::to_string(made++); },
                                                                       [] { return std::string("uuid"); }},
                                              std::size_t{64} << 20);
        queue->exclusive([&] {
            indices.create("posts", normalize_settings({}), hem::json::parse(R"({"properties":{"t":{"type":"text"},"n":{"type":"long"}}})"),
                           {}, "u", 1);
        });
    }
    ~written_store() {
        queue.reset();
        data.reset();
        for (const char* tail : {"", "-wal", "-shm", ".lock"}) ::unlink((path + tail).c_str());
    }
    target posts() const { return indices.one("posts"); }
};

write_op put(std::string id, const std::string& source, write_kind kind = write_kind::index) {
    write_op made;
    made.kind = kind;
    made.index = "posts";
    made.id = std::move(id);
    made.source = source;
    return made;
}

// 3.9, 3.11: an item that the store cannot take fails alone; what comes before and after it in the transaction is stored and answered.
TEST(WriteQueue, StoreErrorOfOneItemLeavesTheOthersStored) {
    written_store subject;
    std::vector<std::string> small;
    for (int at = 0; at < 12; ++at) small.push_back(R"({"t":"fox )" + std::to_string(at) + R"(","n":)" + std::to_string(at) + "}");
    const std::string large = R"({"t":")" + std::string(4'000'000, 'x') + R"("})";
    const std::string change = R"({"doc":{"n":100}})";
    std::vector<write_op> ops;
    for (int at = 0; at < 6; ++at) ops.push_back(put(std::to_string(at), small[static_cast<std::size_t>(at)]));
    ops.push_back(put("0", change, write_kind::update));
    ops.push_back(put("large", large));
    ops.push_back(put("0", small[0], write_kind::create));
    ops.push_back(put("large", small[7], write_kind::create));
    for (int at = 6; at < 12; ++at) ops.push_back(put(std::to_string(at), small[static_cast<std::size_t>(at)]));
    // Room for the small ones only.
    subject.data->limit_pages(subject.data->file_bytes() / 4096 + 300);
    subject.queue->run(ops);
    subject.data->limit_pages(0);

    for (std::size_t at = 0; at < ops.size(); ++at) {
        const int wanted = at == 6 ? 200 : at == 7 ? 429 : at == 8 ? 409 : 201;
        EXPECT_EQ(ops[at].status, wanted) << at << " " << (ops[at].error ? ops[at].error->reason() : "");
    }
    EXPECT_NE(ops[7].error->reason().find("disk is full"), std::string::npos) << ops[7].error->reason();
    const auto posts = subject.posts();
    for (int at = 0; at < 12; ++at) EXPECT_TRUE(posts.handle->get(std::to_string(at)).has_value()) << at;
    EXPECT_EQ(posts.handle->get("0")->source, R"({"t":"fox 0","n":100})");
    EXPECT_EQ(posts.handle->get("0")->version, 2);
    EXPECT_EQ(posts.handle->get("large")->source, small[7]);
    EXPECT_EQ(posts.handle->snapshot()->live_count(), 13);
    // Numbers go to what was stored, without holes.
    EXPECT_EQ(posts.handle->max_seq_no(), 13);
    EXPECT_EQ(ops[9].answer_seq_no, 7);
}

TEST(WriteQueue, StoreErrorOfASingleWriteIsItsAnswer) {
    written_store subject;
    const std::string large = R"({"t":")" + std::string(4'000'000, 'x') + R"("})", tiny = R"({"t":"fox"})";
    std::vector<write_op> ops{put("1", large)};
    subject.data->limit_pages(1);
    subject.queue->run(ops);
    subject.data->limit_pages(0);
    EXPECT_EQ(ops[0].status, 429);
    EXPECT_EQ(ops[0].error->type(), "cluster_block_exception");
    EXPECT_FALSE(subject.posts().handle->get("1").has_value());
    std::vector<write_op> again{put("1", tiny)};
    subject.queue->run(again);
    EXPECT_EQ(again[0].status, 201);
    EXPECT_EQ(again[0].answer_seq_no, 0);
}

// 3.9
TEST(Purger, TakesSupersededDocumentsOutWhileNobodyWrites) {
    written_store subject;
    purger idle(*subject.data, *subject.queue);
    const auto rows = [&] {
        sqlite3* database = nullptr;
        sqlite3_open_v2(subject.path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
        sqlite3_stmt* asked = nullptr;
        sqlite3_prepare_v2(database, "SELECT count(*) FROM d1", -1, &asked, nullptr);
        const int found = sqlite3_step(asked) == SQLITE_ROW ? sqlite3_column_int(asked, 0) : -1;
        sqlite3_finalize(asked);
        sqlite3_close(database);
        return found;
    };
    const std::string source = R"({"t":"fox"})";
    std::vector<write_op> ops;
    for (int at = 0; at < 1000; ++at) ops.push_back(put(std::to_string(at % 300), source));
    subject.queue->run(ops);
    EXPECT_EQ(rows(), 1000);
    idle.wait();
    EXPECT_EQ(rows(), 300);
    // A snapshot holds what it needs.
    auto pinned = subject.posts().handle->snapshot();
    std::vector<write_op> more{put("0", source)};
    subject.queue->run(more);
    idle.wait();
    EXPECT_EQ(rows(), 301);
    pinned.reset();
    idle.wait();
    EXPECT_EQ(rows(), 300);
}

}  // namespace
