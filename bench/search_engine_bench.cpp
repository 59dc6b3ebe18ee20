// The embedded search engine on generated documents of 1 KB: indexing against raw FTS5 inserts of the same tokens, queries with an empty
// cache against stepping the same rows, opening against the budget. `search_engine_bench [documents]`, 100,000 by default.
#include "hem/search/embedded/engine.hpp"
#include "hem/search/embedded/match.hpp"
#include "hem/search/embedded/query_exec.hpp"
#include "hem/search/embedded/store.hpp"

#include "bench/measure.hpp"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace {

namespace bench = hem::bench;
using namespace hem::search::embedded;

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class random_source {
public:
    explicit random_source(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    double unit() { return double(next() >> 11) / double(std::uint64_t{1} << 53); }

private:
    std::uint64_t state_;
};

// 50,000 words whose frequencies fall as Zipf found.
class vocabulary {
public:
    vocabulary() {
        std::vector<std::string> syllables;
        for (const char consonant : std::string_view("bdfgklmnprstvz")) {
            for (const char vowel : std::string_view("aeiou")) syllables.push_back({consonant, vowel});
        }
        double sum = 0;
        for (std::size_t number = 0; number < 50'000; ++number) {
            std::string word;
            for (auto rest = number + syllables.size(); rest > 0; rest /= syllables.size()) word += syllables[rest % syllables.size()];
            words_.push_back(word + "x");
            sums_.push_back(sum += 1.0 / double(number + 1));
        }
    }
    const std::string& any(random_source& from) const { return words_[rank(from)]; }
    const std::string& rare(random_source& from) const {
        for (;;) {
            if (const auto found = rank(from); found >= 24) return words_[found];
        }
    }

private:
    std::size_t rank(random_source& from) const {
        const double wanted = from.unit() * sums_.back();
        return std::size_t(std::upper_bound(sums_.begin(), sums_.end(), wanted) - sums_.begin());
    }
    std::vector<std::string> words_;
    std::vector<double> sums_;
};

struct generated {
    std::string title, content, author, source;
    std::string tags[2];
    std::int64_t published;
};

std::vector<generated> make_documents(const vocabulary& words, std::size_t count) {
    random_source from(42);
    std::vector<generated> all(count);
    for (auto& each : all) {
        for (int at = 0; at < 6; ++at) each.title += (at > 0 ? " " : "") + words.any(from);
        while (each.content.size() < 790) each.content += words.any(from) + " ";
        each.author = "author_" + std::to_string(from.below(200));
        for (auto& tag : each.tags) tag = "tag_" + std::to_string(from.below(40));
        each.published = 1'577'836'800'000 + std::int64_t(from.below(6 * 365)) * 86'400'000;
        each.source = "{\"title\":\"" + each.title + "\",\"content\":\"" + each.content + "\",\"author\":\"" + each.author +
                      "\",\"tags\":[\"" + each.tags[0] + "\",\"" + each.tags[1] +
                      "\"],\"published_date\":" + std::to_string(each.published) + "}";
    }
    return all;
}

field_plan blog_plan() {
    field_plan plan;
    plan.fields = {{.name = "title", .analyzer = "english"},
                   {.name = "content", .analyzer = "english"},
                   {.name = "author", .kind = field_kind::keyword},
                   {.name = "tags", .kind = field_kind::keyword},
                   {.name = "published_date", .kind = field_kind::date}};
    return plan;
}

struct blog_plans final : plan_source {
    field_plan plan(const index_info&) const override { return blog_plan(); }
};

document parsed(const generated& from, std::size_t number) {
    document made;
    made.id = std::to_string(number);
    made.source = from.source;
    made.texts = {{0, from.title}, {1, from.content}, {2, from.author}, {3, from.tags[0]}, {3, from.tags[1]}};
    made.integers = {{4, from.published}};
    return made;
}

// FTS5 alone, fed with the same tokens in the same transactions.
class raw_fts5 {
public:
    explicit raw_fts5(const std::string& path) {
        if (sqlite3_open(path.c_str(), &database_) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
        run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768;"
            "CREATE VIRTUAL TABLE title USING fts5(x, content='', columnsize=0, detail=full, tokenize='ascii');"
            "CREATE VIRTUAL TABLE content USING fts5(x, content='', columnsize=0, detail=full, tokenize='ascii')");
        sqlite3_prepare_v2(database_, "INSERT INTO title(rowid, x) VALUES(?,?)", -1, &title_, nullptr);
        sqlite3_prepare_v2(database_, "INSERT INTO content(rowid, x) VALUES(?,?)", -1, &content_, nullptr);
    }
    ~raw_fts5() {
        sqlite3_finalize(title_);
        sqlite3_finalize(content_);
        sqlite3_close(database_);
    }
    raw_fts5(const raw_fts5&) = delete;
    raw_fts5& operator=(const raw_fts5&) = delete;
    void run(const char* sql) {
        if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(database_));
    }
    void insert(std::int64_t row, const std::string& title, const std::string& content) {
        step(title_, row, title);
        step(content_, row, content);
    }

private:
    static void step(sqlite3_stmt* into, std::int64_t row, const std::string& text) {
        sqlite3_bind_int64(into, 1, row);
        sqlite3_bind_text(into, 2, text.data(), int(text.size()), SQLITE_STATIC);
        if (sqlite3_step(into) != SQLITE_DONE) throw std::runtime_error("an insert failed");
        sqlite3_reset(into);
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt *title_ = nullptr, *content_ = nullptr;
};

std::string stemmed(const analyzer& with, const std::string& text) {
    std::string out;
    with.analyze(text, [&](const token& each) { (out += each.text) += ' '; });
    return out;
}

double seconds_of(auto&& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Runs per second of CPU time; each query once per round.
double rate_of(std::size_t queries, double least_seconds, auto&& body) {
    const double begin = bench::cpu_time();
    std::size_t done = 0;
    do {
        body(done % queries);
        ++done;
    } while (bench::cpu_time() - begin < least_seconds * 1e9);
    return double(done) / (bench::cpu_time() - begin) * 1e9;
}

query or_query(const std::vector<std::string>& words) {
    boolean_query any;
    for (const auto& each : words) any.should.push_back(make_query(term_query{"content", each}));
    return make_query(std::move(any));
}

// Reads all rows of a term with a function that does nothing but take them: the least that a cold query costs.
class floor_reader {
public:
    explicit floor_reader(const std::string& path) {
        sqlite3_open_v2(path.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr);
        sqlite3_exec(database_, "PRAGMA cache_size=-16384; PRAGMA mmap_size=1073741824", nullptr, nullptr, nullptr);
        fts5_api* api = nullptr;
        sqlite3_stmt* asked = nullptr;
        sqlite3_prepare_v2(database_, "SELECT fts5(?1)", -1, &asked, nullptr);
        sqlite3_bind_pointer(asked, 1, &api, "fts5_api_ptr", nullptr);
        sqlite3_step(asked);
        sqlite3_finalize(asked);
        api->xCreateFunction(api, "collect", this, collect, nullptr);
        sqlite3_prepare_v2(database_, "SELECT collect(content) FROM content WHERE content MATCH ?", -1, &rows_, nullptr);
    }
    ~floor_reader() {
        sqlite3_finalize(rows_);
        sqlite3_close(database_);
    }
    floor_reader(const floor_reader&) = delete;
    floor_reader& operator=(const floor_reader&) = delete;
    std::size_t read(const std::string& word) {
        documents_.clear();
        frequencies_.clear();
        sqlite3_bind_text(rows_, 1, word.data(), int(word.size()), SQLITE_STATIC);
        while (sqlite3_step(rows_) == SQLITE_ROW) {
        }
        sqlite3_reset(rows_);
        return documents_.size();
    }

private:
    static void collect(const Fts5ExtensionApi* api, Fts5Context* fts, sqlite3_context*, int, sqlite3_value**) {
        auto& self = *static_cast<floor_reader*>(api->xUserData(fts));
        Fts5PhraseIter at;
        int column = 0, offset = 0;
        std::uint32_t count = 0;
        for (api->xPhraseFirst(fts, 0, &at, &column, &offset); column >= 0; api->xPhraseNext(fts, &at, &column, &offset)) ++count;
        self.documents_.push_back(std::uint32_t(api->xRowid(fts)));
        self.frequencies_.push_back(count);
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* rows_ = nullptr;
    std::vector<std::uint32_t> documents_, frequencies_;
};

struct folder {
    std::string path;
    folder() {
        char name[] = "/tmp/hem_search_bench_XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("cannot make a folder in /tmp");
        path = name;
    }
    ~folder() {
        for (const char* file : {"/store.db", "/raw.db", "/engine.db"}) {
            for (const char* tail : {"", "-wal", "-shm", ".lock"}) ::unlink((path + file + tail).c_str());
        }
        ::rmdir(path.c_str());
    }
};

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
    const vocabulary words;
    const folder here;
    const blog_plans plans;
    const analyzer_registry registry;
    const auto& english = registry.get("english");
    const auto documents = make_documents(words, count);
    const store_options options{.path = here.path + "/store.db", .plans = &plans};
    {
        store opened(options);
        raw_fts5 raw(here.path + "/raw.db");
        const auto posts = opened.create_index({.name = "posts"}, blog_plan());
        const auto plan = posts->plan();
        double ours = 0, preparing = 0, theirs = 0;
        constexpr std::size_t batch_size = 1000;
        std::vector<prepared_document> prepared;
        std::vector<std::pair<std::string, std::string>> tokens;
        for (std::size_t base = 0; base < count; base += batch_size) {
            const auto end = std::min(count, base + batch_size);
            tokens.clear();
            prepared.clear();
            for (auto at = base; at < end; ++at)
                tokens.emplace_back(stemmed(english, documents[at].title), stemmed(english, documents[at].content));
            preparing += seconds_of([&] {
                for (auto at = base; at < end; ++at) prepared.push_back(prepare(*plan, parsed(documents[at], at)));
            });
            ours += seconds_of([&] {
                auto batch = opened.begin(0);
                for (const auto& each : prepared) {
                    if (!batch.put(posts, each, {}).has_value()) throw std::runtime_error("a write was refused");
                }
                batch.commit();
            });
            theirs += seconds_of([&] {
                raw.run("BEGIN");
                for (auto at = base; at < end; ++at) raw.insert(std::int64_t(at), tokens[at - base].first, tokens[at - base].second);
                raw.run("COMMIT");
            });
        }
        bench::row("index 1 KB documents, bulks of 1,000, durable", double(count) / ours, "raw FTS5 inserts", double(count) / theirs,
                   "doc/s", 0.6, bench::better::higher);
        bench::figure("analysis of those documents, beside", double(count) / preparing, "doc/s", 0);
    }
    std::unique_ptr<store> opened;
    const double opening = seconds_of([&] { opened = std::make_unique<store>(options); });
    bench::figure("open a store of " + std::to_string(count) + " documents", opening * 1e3, "ms", double(count) / 100);
    const auto view = opened->find_index("posts")->snapshot();

    random_source from(7);
    std::vector<std::vector<std::string>> ors;
    for (int each = 0; each < 1000; ++each) {
        auto& terms = ors.emplace_back();
        for (auto left = 1 + from.below(4); left > 0; --left) {
            auto term = stemmed(english, words.rare(from));
            term.pop_back();
            terms.push_back(std::move(term));
        }
    }
    const search_options ten{.track_total_hits = exact_total};
    std::int64_t hits = 0;
    floor_reader floor(here.path + "/raw.db");
    const double least = rate_of(ors.size(), 2, [&](std::size_t at) {
        for (const auto& each : ors[at]) bench::keep(floor.read(each));
    });
    const double cold = rate_of(ors.size(), 2, [&](std::size_t at) {
        opened->drop_caches();
        hits += search(view, or_query(ors[at]), ten).total;
    });
    bench::row("OR of 1-4 terms, top 10, exact, empty cache", cold, "stepping the same rows", least, "q/s", 0.8, bench::better::higher);
    bench::row("the same against the target", cold, "target", 700, "q/s", 1.0, bench::better::higher);
    for (const auto& each : ors) bench::keep(search(view, or_query(each), ten).total);
    const double warm = rate_of(ors.size(), 2, [&](std::size_t at) { hits += search(view, or_query(ors[at]), ten).total; });
    bench::row("the same, postings cached", warm, "with an empty cache", cold, "q/s", 0, bench::better::higher);
    bench::keep(hits);

    std::vector<query> filters;
    for (int each = 0; each < 500; ++each) {
        const std::int64_t first = 1'577'836'800'000 + std::int64_t(from.below(5 * 365)) * 86'400'000;
        boolean_query made;
        made.filter.push_back(make_query(term_query{"author", "author_" + std::to_string(from.below(200))}));
        made.filter.push_back(make_query(
            range_query{"published_date", range_query::bound{first}, range_query::bound{first + 365 * std::int64_t{86'400'000}}}));
        filters.push_back(make_query(std::move(made)));
    }
    for (const auto& each : filters) bench::keep(search(view, each, ten).total);
    bench::figure("author and date filter, top 10",
                  rate_of(filters.size(), 1, [&](std::size_t at) { bench::keep(search(view, filters[at], ten).total); }), "q/s", 0);
    std::vector<query> phrases;
    for (int each = 0; each < 300; ++each) {
        const auto& text = documents[from.below(documents.size())].content;
        const auto middle = text.find(' ', from.below(600)), next = text.find(' ', middle + 1), end = text.find(' ', next + 1);
        phrases.push_back(make_match(view->plan(), "content", std::string_view(text).substr(middle, end - middle), match_kind::phrase, {}));
    }
    for (const auto& each : phrases) bench::keep(search(view, each, ten).total);
    bench::figure("phrase of two words, top 10",
                  rate_of(phrases.size(), 1, [&](std::size_t at) { bench::keep(search(view, phrases[at], ten).total); }), "q/s", 0);

    // What a person waits for: the engine over a store with 10,000 posts, up to its first answer.
    constexpr std::size_t stored = 10'000;
    const std::string path = here.path + "/engine.db";
    {
        const auto engine = engine::open({.path = path, .random_seed = 1});
        engine->handle(rest_request::from_target(
            "PUT", "/posts",
            R"({"mappings":{"properties":{"title":{"type":"text","analyzer":"english"},"content":{"type":"text","analyzer":"english"},"author":{"type":"keyword"},"tags":{"type":"keyword"},"published_date":{"type":"date"}}}})"));
        for (std::size_t base = 0; base < stored; base += 1000) {
            std::string bulk;
            for (std::size_t at = base; at < base + 1000; ++at)
                bulk += "{\"index\":{\"_id\":\"" + std::to_string(at) + "\"}}\n" + documents[at % documents.size()].source + "\n";
            if (engine->handle(rest_request::from_target("POST", "/posts/_bulk", bulk, "application/x-ndjson")).status != 200)
                throw std::runtime_error("a bulk failed");
        }
    }
    const double starting = seconds_of([&] {
        const auto engine = engine::open({.path = path, .random_seed = 1});
        const auto answer = engine->handle(rest_request::from_target("POST", "/posts/_search",
                                                                     R"({"query":{"match":{"content":")" + ors[0][0] +
                                                                         R"("}},"aggs":{"authors":{"terms":{"field":"author"}}}})"));
        if (answer.status != 200) throw std::runtime_error(answer.body);
    });
    bench::figure("start to first answer, 10,000 posts stored", starting * 1e3, "ms", 1000);
}
