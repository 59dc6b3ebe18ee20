#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/store.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

namespace {

using namespace hem::search::embedded;

// A file of its own in the temporary folder, gone with its helpers at the end.
struct temporary_file {
    std::string path;
    temporary_file() {
        char name[] = "/tmp/hem_store_XXXXXX";
        const int descriptor = ::mkstemp(name);
        ::close(descriptor);
        path = name;
        ::unlink(name);
    }
    ~temporary_file() {
        for (const char* tail : {"", "-wal", "-shm", ".lock"}) ::unlink((path + tail).c_str());
    }
};

field_plan blog_plan() {
    field_plan plan;
    plan.fields = {{.name = "title", .analyzer = "english"},
                   {.name = "author", .kind = field_kind::keyword},
                   {.name = "tags", .kind = field_kind::keyword},
                   {.name = "rating", .kind = field_kind::integer},
                   {.name = "price", .kind = field_kind::floating}};
    return plan;
}

struct blog_plans final : plan_source {
    field_plan plan(const index_info&) const override { return blog_plan(); }
    prepared_document prepare(const index_info&, const std::shared_ptr<const field_plan>& plan,
                              const stored_document& from) const override {
        if (from.source == "unreadable") throw std::invalid_argument("not a title");
        document made;
        made.id = from.id;
        made.routing = from.routing;
        made.source = from.source;
        made.texts = {{0, from.source}, {1, "ann"}};
        made.integers = {{3, 1}};
        return hem::search::embedded::prepare(*plan, made);
    }
};
const blog_plans plans;

document post(const std::string& id, std::string_view title, std::string_view author = "ann", std::int64_t rating = 1) {
    document made;
    made.id = id;
    made.source = title;
    made.texts = {{0, title}, {1, author}};
    made.integers = {{3, rating}};
    return made;
}

write_outcome save(store& in, const hem::search::embedded::index& into, const document& made, write_condition condition = {}) {
    auto batch = in.begin(1000);
    auto done = batch.put(into, prepare(*into->plan(), made), condition);
    batch.commit();
    return done.value();
}

TEST(Store, NumbersVersionsAndSequences) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    EXPECT_EQ(posts->max_seq_no(), -1);
    auto first = save(opened, posts, post("1", "one"));
    EXPECT_EQ(first.version, 1);
    EXPECT_EQ(first.seq_no, 0);
    EXPECT_FALSE(first.existed);
    auto second = save(opened, posts, post("1", "two"));
    EXPECT_EQ(second.version, 2);
    EXPECT_TRUE(second.existed);
    EXPECT_EQ(posts->get("1")->source, "two");
    EXPECT_EQ(posts->snapshot()->live_count(), 1);
    EXPECT_EQ(posts->snapshot()->deleted_count(), 1);
    EXPECT_EQ(posts->max_seq_no(), 1);
}

TEST(Store, ConditionsRefuseStaleWrites) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    auto batch = opened.begin(1000);
    const auto again = prepare(*posts->plan(), post("1", "x"));
    EXPECT_EQ(batch.put(posts, again, {.create_only = true}).error().version, 1);
    EXPECT_EQ(batch.put(posts, again, {.if_seq_no = 7}).error().seq_no, 0);
    EXPECT_FALSE(batch.put(posts, prepare(*posts->plan(), post("2", "x")), {.if_seq_no = 7}).error().exists);
    EXPECT_EQ(batch.put(posts, again, {.external_version = 1}).error().version, 1);
    EXPECT_EQ(batch.put(posts, again, {.external_version = 9})->version, 9);
    EXPECT_EQ(batch.put(posts, again, {.if_seq_no = 1})->version, 10);
    batch.commit();
    EXPECT_EQ(posts->state("1")->version, 10);
}

TEST(Store, DeletesAreRememberedForAMinute) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    auto batch = opened.begin(1000);
    EXPECT_TRUE(batch.remove(posts, "1", {})->existed);
    EXPECT_FALSE(batch.get(posts, "1").has_value());
    EXPECT_FALSE(batch.remove(posts, "1", {})->existed);
    EXPECT_EQ(batch.put(posts, prepare(*posts->plan(), post("1", "again")), {})->version, 4);
    EXPECT_EQ(batch.remove(posts, "1", {})->version, 5);
    batch.commit();
    auto later = opened.begin(1000 + 60'001);
    EXPECT_EQ(later.put(posts, prepare(*posts->plan(), post("1", "new")), {})->version, 1);
}

TEST(Store, DroppedBatchLeavesNothing) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    {
        auto batch = opened.begin(0);
        ASSERT_TRUE(batch.put(posts, prepare(*posts->plan(), post("1", "one")), {}).has_value());
    }
    EXPECT_FALSE(posts->get("1").has_value());
    EXPECT_EQ(posts->snapshot()->limit(), 0u);
    EXPECT_EQ(save(opened, posts, post("1", "one")).seq_no, 0);
}

TEST(Store, SnapshotsStayAsTheyWere) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    for (int at = 0; at < 5000; ++at)
        save(opened, posts, post(std::to_string(at), "running fox " + std::to_string(at % 10), at % 2 != 0 ? "ann" : "bob", at));
    const auto before = posts->snapshot();
    save(opened, posts, post("1", "turtle", "zoe", -5));
    auto batch = opened.begin(0);
    batch.remove(posts, "2", {}).value();
    batch.commit();
    const auto fox = make_query(term_query{"title", "fox"});
    EXPECT_EQ(count(before, fox), 5000);
    EXPECT_EQ(count(posts->snapshot(), fox), 4998);
    EXPECT_EQ(before->fetch({*before->find("1")})[0].source, "running fox 1");
    EXPECT_EQ(posts->snapshot()->fetch({*posts->snapshot()->find("1")})[0].source, "turtle");
    EXPECT_EQ(count(before, make_query(term_query{"author", "zoe"})), 0);
    EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"author", "zoe"})), 1);
    EXPECT_EQ(opened.purge(), 0u) << "a snapshot still needs the old rows";
}

TEST(Store, PurgeTakesOnlyWhatNobodyNeeds) {
    store opened({.path = ":memory:"});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    auto pinned = posts->snapshot();
    save(opened, posts, post("1", "two"));
    save(opened, posts, post("1", "three"));
    EXPECT_EQ(opened.purge(), 0u);
    pinned.reset();
    EXPECT_EQ(opened.purge(), 2u);
    EXPECT_EQ(posts->get("1")->source, "three");
    EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"title", "one"})), 0);
}

TEST(StoreFile, ComesBackAsItWas) {
    const temporary_file file;
    {
        store opened({.path = file.path, .plans = &plans});
        auto posts =
            opened.create_index({.name = "posts", .uuid = "u", .settings = "{}", .mapping = "{\"a\":1}", .created_ms = 5}, blog_plan());
        save(opened, posts, post("1", "the running foxes", "ann", 4));
        save(opened, posts, post("2", "", "bob", 9));
        save(opened, posts, post("1", "turtles all the way", "cid", 5));
        opened.set_meta("aliases", "x");
        EXPECT_EQ(opened.purge(), 1u);
        save(opened, posts, post("3", "a turtle", "ann", 5));
    }
    store opened({.path = file.path, .plans = &plans});
    EXPECT_EQ(opened.meta("aliases"), "x");
    auto posts = opened.find_index("posts");
    ASSERT_NE(posts, nullptr);
    EXPECT_EQ(posts->info().mapping, "{\"a\":1}");
    EXPECT_EQ(posts->info().created_ms, 5);
    EXPECT_EQ(posts->max_seq_no(), 3);
    const auto view = posts->snapshot();
    EXPECT_EQ(view->live_count(), 3);
    EXPECT_EQ(view->limit(), 4u);
    EXPECT_EQ(count(view, make_query(term_query{"title", "turtl"})), 2);
    EXPECT_EQ(count(view, make_query(term_query{"author", "cid"})), 1);
    EXPECT_EQ(count(view, make_query(exists_query{"title"})), 3);
    EXPECT_EQ(count(view, make_query(range_query{"rating", range_query::bound{std::int64_t{5}}, range_query::bound{std::int64_t{5}}})), 2);
    EXPECT_EQ(save(opened, posts, post("1", "x")).version, 3);
}

TEST(StoreFile, AddsFieldsButNeverChangesThem) {
    const temporary_file file;
    store opened({.path = file.path, .plans = &plans});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    auto wider = *posts->plan();
    wider.fields.insert(wider.fields.begin(), {.name = "summary", .analyzer = "standard"});
    wider.fields.push_back({.name = "year", .kind = field_kind::integer});
    opened.update_index("posts", posts->info(), wider);
    EXPECT_EQ(posts->plan()->find("title")->number, 0u);
    const auto summary = posts->plan()->find("summary")->number;
    EXPECT_GE(summary, 5u);
    auto made = post("2", "two");
    made.texts.push_back({summary, "short words"});
    made.integers.push_back({posts->plan()->find("year")->number, 2026});
    save(opened, posts, made);
    EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"summary", "words"})), 1);
    EXPECT_EQ(count(posts->snapshot(), make_query(exists_query{"year"})), 1);
    auto changed = *posts->plan();
    changed.fields[1].kind = field_kind::integer;
    EXPECT_THROW(opened.update_index("posts", posts->info(), changed), std::invalid_argument);
}

TEST(StoreFile, RemovedIndexStaysReadableWhileHeld) {
    const temporary_file file;
    store opened({.path = file.path, .plans = &plans});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    auto view = posts->snapshot();
    opened.remove_index("posts");
    EXPECT_EQ(opened.find_index("posts"), nullptr);
    EXPECT_EQ(view->fetch({0})[0].source, "one");
    auto again = opened.create_index({.name = "posts"}, blog_plan());
    EXPECT_EQ(again->snapshot()->live_count(), 0);
}

TEST(StoreFile, SecondOpenNamesTheHolder) {
    const temporary_file file;
    store opened({.path = file.path, .plans = &plans});
    try {
        store second({.path = file.path, .plans = &plans});
        FAIL() << "opened twice";
    } catch (const store_error& error) {
        EXPECT_EQ(error.failure(), store_failure::locked);
        EXPECT_NE(std::string(error.what()).find("pid " + std::to_string(::getpid())), std::string::npos) << error.what();
    }
}

std::string file_bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(StoreFile, DamagedAndForeignFilesAreLeftAlone) {
    const temporary_file file;
    const std::string junk(20'000, 'j');
    std::ofstream(file.path, std::ios::binary) << junk;
    try {
        store opened({.path = file.path, .plans = &plans});
        FAIL() << "opened junk";
    } catch (const store_error& error) {
        EXPECT_EQ(error.failure(), store_failure::corrupt) << error.what();
        EXPECT_NE(std::string(error.what()).find(file.path), std::string::npos);
    }
    EXPECT_EQ(file_bytes(file.path), junk);

    const temporary_file other;
    sqlite3* database = nullptr;
    sqlite3_open(other.path.c_str(), &database);
    sqlite3_exec(database, "CREATE TABLE mine(x)", nullptr, nullptr, nullptr);
    sqlite3_close(database);
    const auto before = file_bytes(other.path);
    EXPECT_THROW(store({.path = other.path, .plans = &plans}), store_error);
    EXPECT_EQ(file_bytes(other.path), before);
}

TEST(StoreFile, NewerFormatIsRefused) {
    const temporary_file file;
    {
        store opened({.path = file.path, .plans = &plans});
    }
    sqlite3* database = nullptr;
    sqlite3_open(file.path.c_str(), &database);
    sqlite3_exec(database, "PRAGMA user_version=99", nullptr, nullptr, nullptr);
    sqlite3_close(database);
    try {
        store opened({.path = file.path, .plans = &plans});
        FAIL() << "opened a newer format";
    } catch (const store_error& error) {
        EXPECT_EQ(error.failure(), store_failure::newer_format);
    }
}

// 3.9, 3.11
TEST(StoreFile, RebuildingRenumbersAndKeepsEverythingElse) {
    const temporary_file file;
    std::vector<std::string> before;
    const auto state_of = [](const hem::search::embedded::index& posts) {
        std::vector<std::string> all;
        for (const char* id : {"0", "1", "2", "3", "4"}) {
            const auto found = posts->get(id);
            all.push_back(found.has_value() ? found->source + "/" + std::to_string(found->version) + "/" + std::to_string(found->seq_no)
                                            : "none");
        }
        return all;
    };
    const auto check = [&](store& opened, const hem::search::embedded::index& posts) {
        EXPECT_EQ(state_of(posts), before);
        const auto view = posts->snapshot();
        EXPECT_EQ(view->limit(), 4u);
        EXPECT_EQ(view->deleted_count(), 0);
        EXPECT_EQ(count(view, make_query(term_query{"title", "fox"})), 3);
        EXPECT_EQ(count(view, make_query(term_query{"author", "ann"})), 4);
        EXPECT_EQ(posts->max_seq_no(), 11);
        EXPECT_TRUE(posts->state("3")->deleted) << "deletes stay remembered";
        EXPECT_EQ(opened.indices().size(), 1u);
    };
    {
        store opened({.path = file.path, .plans = &plans});
        auto posts = opened.create_index({.name = "posts", .uuid = "u"}, blog_plan());
        for (int round = 0; round < 2; ++round) {
            for (int at = 0; at < 5; ++at) save(opened, posts, post(std::to_string(at), "running fox " + std::to_string(at)));
        }
        save(opened, posts, post("2", "turtle"));
        auto batch = opened.begin(1000);
        batch.remove(posts, "3", {}).value();
        batch.commit();
        before = state_of(posts);
        const auto pinned = posts->snapshot();
        const auto made = opened.rebuild_index("posts");
        EXPECT_EQ(made, opened.find_index("posts"));
        check(opened, made);
        EXPECT_EQ(count(pinned, make_query(term_query{"title", "fox"})), 3) << "a snapshot taken before goes on";
        EXPECT_EQ(pinned->limit(), 11u);
        EXPECT_EQ(opened.rebuild_index("posts"), made) << "nothing to renumber";
    }
    {
        store opened({.path = file.path, .plans = &plans});
        check(opened, opened.find_index("posts"));
        EXPECT_EQ(save(opened, opened.find_index("posts"), post("0", "fox")).version, 3);
    }
}

// 3.7: a change of the analysis reindexes at open.
TEST(StoreFile, TextsOfAnotherAnalysisAreIndexedAnewAtOpen) {
    const temporary_file file;
    const auto set_version = [&](const std::string& value) {
        sqlite3* database = nullptr;
        sqlite3_open(file.path.c_str(), &database);
        sqlite3_exec(database, ("UPDATE meta SET value='" + value + "' WHERE key='analysis_version'").c_str(), nullptr, nullptr, nullptr);
        sqlite3_close(database);
    };
    {
        store opened({.path = file.path, .plans = &plans});
        auto posts = opened.create_index({.name = "posts"}, blog_plan());
        auto odd = post("1", "old words");
        odd.source = "running foxes";  // as if the analysis before had made these words of it
        save(opened, posts, odd);
        EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"title", "word"})), 1);
    }
    set_version("0");
    {
        store opened({.path = file.path, .plans = &plans});
        const auto posts = opened.find_index("posts");
        EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"title", "word"})), 0);
        EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"title", "fox"})), 1);
        EXPECT_NE(opened.meta("analysis_version"), "0");
        save(opened, posts, [] {
            auto made = post("2", "x");
            made.source = "unreadable";
            return made;
        }());
    }
    // What cannot be read again is named, and the file stays as it is.
    set_version("0");
    for (int round = 0; round < 2; ++round) {
        try {
            store opened({.path = file.path, .plans = &plans});
            FAIL() << "opened";
        } catch (const store_error& error) {
            EXPECT_NE(std::string(error.what()).find("document [2]"), std::string::npos) << error.what();
        }
    }
    set_version("99");
    try {
        store opened({.path = file.path, .plans = &plans});
        FAIL() << "opened texts of a newer analysis";
    } catch (const store_error& error) {
        EXPECT_EQ(error.failure(), store_failure::newer_format);
        EXPECT_NE(std::string(error.what()).find("use a newer program"), std::string::npos) << error.what();
    }
}

TEST(StoreFile, MissingFolderSaysWhatToDo) {
    try {
        store opened({.path = "/nonexistent-folder/x.db", .plans = &plans});
        FAIL() << "opened";
    } catch (const store_error& error) {
        EXPECT_NE(std::string(error.what()).find("does the folder exist"), std::string::npos) << error.what();
    }
}

// A child writes batch after batch, tells which were acknowledged and is killed; everything acknowledged must be there, batches whole.
TEST(StoreFile, KilledWriterKeepsWhatItAcknowledged) {
    for (int round = 0; round < 4; ++round) {
        const temporary_file file;
        int channel[2];
        ASSERT_EQ(::pipe(channel), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(channel[0]);
            store opened({.path = file.path, .plans = &plans});
            auto posts = opened.create_index({.name = "posts"}, blog_plan());
            for (int at = 0;; ++at) {
                auto batch = opened.begin(0);
                for (int each = 0; each < 10; ++each) {
                    batch
                        .put(posts,
                             prepare(*posts->plan(),
                                     post(std::to_string(at) + "." + std::to_string(each), "running fox " + std::to_string(at))),
                             {})
                        .value();
                }
                batch.commit();
                if (::write(channel[1], &at, sizeof at) < 0) ::_exit(1);
            }
        }
        ::close(channel[1]);
        int acknowledged = -1, wanted = 3 + round * 17;
        while (acknowledged < wanted &&
               ::read(channel[0], &acknowledged, sizeof acknowledged) == static_cast<ssize_t>(sizeof acknowledged)) {
        }
        ::kill(child, SIGKILL);
        for (int more; ::read(channel[0], &more, sizeof more) == static_cast<ssize_t>(sizeof more);) acknowledged = more;
        ::waitpid(child, nullptr, 0);
        ::close(channel[0]);
        store opened({.path = file.path, .plans = &plans});
        auto posts = opened.find_index("posts");
        ASSERT_NE(posts, nullptr);
        const auto found = posts->snapshot()->live_count();
        EXPECT_EQ(found % 10, 0) << "a batch was torn";
        EXPECT_GE(found, (acknowledged + 1) * 10);
        EXPECT_EQ(count(posts->snapshot(), make_query(term_query{"title", "fox"})), found);
        for (int at = 0; at <= acknowledged; ++at) ASSERT_TRUE(posts->get(std::to_string(at) + ".9").has_value()) << at;
    }
}

TEST(StoreFile, FullDiskIsAClearErrorAndLosesNothing) {
    const temporary_file file;
    store opened({.path = file.path, .plans = &plans});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    save(opened, posts, post("1", "one"));
    // The file may not grow: SQLite answers as it does for a full disk.
    struct no_room {
        explicit no_room(store& of) : opened(of) { opened.limit_pages(1); }
        ~no_room() { opened.limit_pages(0); }
        store& opened;
    };
    try {
        const no_room full(opened);
        auto batch = opened.begin(0);
        for (int at = 0; at < 2000; ++at) {
            batch.put(posts, prepare(*posts->plan(), post(std::to_string(at + 2), std::string(5000, 'x') + " " + std::to_string(at))), {})
                .value();
        }
        batch.commit();
        FAIL() << "written to a full disk";
    } catch (const store_error& error) {
        EXPECT_EQ(error.failure(), store_failure::full) << error.what();
        EXPECT_NE(std::string(error.what()).find("disk is full"), std::string::npos);
    }
    EXPECT_EQ(posts->snapshot()->live_count(), 1);
    EXPECT_EQ(save(opened, posts, post("2", "two")).seq_no, 1) << "works again once there is room";
}

TEST(StoreThreads, ReadersSeeWholeCommitsWhileOneWrites) {
    const temporary_file file;
    store opened({.path = file.path, .plans = &plans, .relaxed = true, .readers = 2});
    auto posts = opened.create_index({.name = "posts"}, blog_plan());
    std::atomic<bool> stop{false};
    std::atomic<int> torn{0}, rounds{0};
    auto read = [&] {
        std::int64_t last = 0;
        while (!stop) {
            const auto view = posts->snapshot();
            const auto live = view->live_count();
            const auto found = count(view, make_query(term_query{"title", "fox"}));
            const auto authors = count(view, make_query(term_query{"author", "ann"}));
            const auto ranged = count(view, make_query(range_query{"rating", range_query::bound{std::int64_t{0}}, {}}));
            if (live % 5 != 0 || found != live || authors != live || ranged != live || live < last) ++torn;
            if (live > 0 && !posts->get("0.0").has_value()) ++torn;
            last = live;
            ++rounds;
        }
    };
    {
        std::jthread first(read), second(read);
        for (int at = 0; at < 60; ++at) {
            auto batch = opened.begin(0);
            for (int each = 0; each < 5; ++each) {
                batch.put(posts, prepare(*posts->plan(), post(std::to_string(at) + "." + std::to_string(each), "a fox", "ann", at)), {})
                    .value();
            }
            if (at > 0) batch.put(posts, prepare(*posts->plan(), post("0.0", "the fox again", "ann", at)), {}).value();
            batch.commit();
        }
        stop = true;
    }
    EXPECT_EQ(torn, 0);
    EXPECT_GT(rounds, 0);
    EXPECT_EQ(posts->snapshot()->live_count(), 300);
}

}  // namespace
