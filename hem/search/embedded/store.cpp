#include "hem/search/embedded/store.hpp"

#include "hem/search/embedded/store_implementation.hpp"

#include <algorithm>

namespace hem::search::embedded {

using detail::index_core;
using detail::reset_guard;

namespace {

constexpr std::int64_t application_id = 0x48656D53;  // "HemS"
constexpr std::int64_t format_version = 1;

constexpr const char* text_tables = "CREATE VIRTUAL TABLE %f USING fts5(x, content='', columnsize=0, detail=full, tokenize='hem');"
                                    "CREATE TABLE %g(docno INTEGER PRIMARY KEY, gaps BLOB NOT NULL)";
constexpr const char* index_tables =
    "CREATE TABLE d%i(docno INTEGER PRIMARY KEY, id TEXT NOT NULL, version INTEGER NOT NULL, seq_no INTEGER NOT NULL, routing TEXT NOT NULL,"
    " source BLOB NOT NULL, superseded INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX d%i_live ON d%i(id) WHERE superseded=0;"
    "CREATE INDEX d%i_superseded ON d%i(id) WHERE superseded=1;"
    "CREATE TABLE c%i(docno INTEGER PRIMARY KEY, lengths BLOB NOT NULL, cols BLOB NOT NULL);"
    "CREATE TABLE t%i(id TEXT PRIMARY KEY, version INTEGER NOT NULL, seq_no INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE s%i(field INTEGER PRIMARY KEY, docs INTEGER NOT NULL, sum_ttf INTEGER NOT NULL)";

std::string filled(std::string_view form, std::string_view mark, std::string_view with) {
    std::string out;
    while (!form.empty()) {
        const auto at = form.find(mark);
        out += form.substr(0, at);
        if (at == std::string_view::npos) break;
        out += with;
        form.remove_prefix(at + mark.size());
    }
    return out;
}

}  // namespace

// ---- opening ----------------------------------------------------------------------------------------------------------------------

store::implementation::implementation(const store_options& options) : shared(std::make_shared<detail::store_shared>(options)) {
    shared->in_memory = options.path == ":memory:";
    if (!shared->in_memory) lock = detail::file_lock(options.path);
    shared->writer.link = detail::connection(options.path, true);
    auto& link = shared->writer.link;
    if (shared->in_memory) shared->readers.share(&shared->writer, &shared->memory_turn);
    check_file();
    link.execute("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768");
    if (!shared->in_memory) {
        link.execute("PRAGMA journal_mode=WAL");
        link.execute(options.relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
    }
    plans = options.plans;
    create_schema();
    load();
    check_analysis();
}

// Nothing may be written before the file is known to be ours or empty.
void store::implementation::check_file() {
    auto& link = shared->writer.link;
    auto number = [&](const char* sql) {
        auto asked = link.prepare(sql);
        return asked.step() ? asked.integer(0) : 0;
    };
    const auto application = number("PRAGMA application_id");
    const auto objects = number("SELECT count(*) FROM sqlite_master");
    if (application != application_id && objects > 0) {
        throw store_error(store_failure::unsupported,
                          "cannot open " + link.path() +
                              " as a search store: it is an SQLite database of another program (choose another path)");
    }
    const auto version = number("PRAGMA user_version");
    if (application == application_id && version > format_version) {
        throw store_error(store_failure::newer_format, "cannot open the search store " + link.path() + ": its format " +
                                                           std::to_string(version) + " is newer than this program's " +
                                                           std::to_string(format_version) + " (use a newer program; nothing was changed)");
    }
}

void store::implementation::create_schema() {
    transaction([&] {
        auto& link = shared->writer.link;
        link.execute(
            "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS indices(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, uuid TEXT NOT NULL, state TEXT NOT NULL,"
            " settings TEXT NOT NULL, mapping TEXT NOT NULL, created_ms INTEGER NOT NULL, next_doc INTEGER NOT NULL, next_seq INTEGER NOT NULL);"
            "CREATE TABLE IF NOT EXISTS fields(index_id INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,"
            " PRIMARY KEY(index_id, number)) WITHOUT ROWID;"
            "INSERT OR IGNORE INTO meta VALUES('analysis_version', '" +
            std::to_string(analysis_version) +
            "');"
            "PRAGMA application_id=" +
            std::to_string(application_id) + "; PRAGMA user_version=" + std::to_string(format_version));
    });
}

void store::implementation::load() {
    struct row {
        std::int64_t id, next_doc, next_seq;
        index_info info;
    };
    std::vector<row> rows;
    std::vector<std::int64_t> gone;
    {
        auto asked = shared->writer.link.prepare(
            "SELECT id, name, uuid, state, settings, mapping, created_ms, next_doc, next_seq FROM indices ORDER BY id");
        while (asked.step()) {
            if (asked.text(3) == "removed") {
                gone.push_back(asked.integer(0));
                continue;
            }
            rows.push_back({asked.integer(0),
                            asked.integer(7),
                            asked.integer(8),
                            {std::string(asked.text(1)), std::string(asked.text(2)), std::string(asked.text(4)), std::string(asked.text(5)),
                             asked.text(3) == "close", asked.integer(6)}});
        }
    }
    for (const auto each : gone) transaction([&] { drop_tables(each); });
    for (auto& each : rows) {
        if (plans == nullptr)
            throw store_error(store_failure::unsupported, "a search store with indices cannot be opened without a source of plans");
        auto plan = number_fields(each.id, plans->plan(each.info), nullptr);
        const auto name = each.info.name;
        auto core = std::make_shared<index_core>(each.id, shared, std::move(each.info), std::move(plan));
        load_documents(*core);
        core->next_doc = static_cast<docno>(each.next_doc);
        core->next_seq = each.next_seq;
        core->publish();
        indices.emplace(name, std::move(core));
    }
}

void store::implementation::load_documents(index_core& core) {
    auto& link = shared->writer.link;
    {
        auto totals = link.prepare("SELECT field, docs, sum_ttf FROM " + core.table('s'));
        while (totals.step()) {
            const auto field = static_cast<std::size_t>(totals.integer(0));
            if (field < core.totals.size()) core.totals[field] = {totals.integer(1), totals.integer(2)};
        }
    }
    auto next = link.prepare("SELECT next_doc FROM indices WHERE id=" + std::to_string(core.id));
    next.step();
    const auto limit = static_cast<docno>(next.integer(0));
    next.reset();
    auto rows = link.prepare("SELECT docno, lengths, cols FROM " + core.table('c') + " ORDER BY docno");
    detail::column_row row;
    docno at = 0;
    while (rows.step()) {
        const auto document = static_cast<docno>(rows.integer(0));
        if (document >= limit || !detail::decode_row(rows.blob(1), rows.blob(2), row)) {
            throw store_error(store_failure::corrupt, "the search store " + link.path() + " is damaged: the columns of document " +
                                                          std::to_string(document) +
                                                          " cannot be read (it was left as it is; restore a copy)");
        }
        while (at < document) core.append_missing(at++);
        core.append(at++, row);
    }
    while (at < limit) core.append_missing(at++);
    rows.reset();
    auto dead = link.prepare("SELECT docno FROM " + core.table('d') + " WHERE superseded=1");
    std::vector<docno> superseded;
    while (dead.step()) superseded.push_back(static_cast<docno>(dead.integer(0)));
    std::ranges::sort(superseded);
    for (const auto each : superseded) core.kill(each);
    dead.reset();
    auto bytes = link.prepare("SELECT value FROM meta WHERE key='bytes." + std::to_string(core.id) + "'");
    if (bytes.step()) core.source_bytes = bytes.integer(0);
}

// ---- the catalogue ----------------------------------------------------------------------------------------------------------------

std::shared_ptr<const field_plan> store::implementation::number_fields(std::int64_t id, const field_plan& plan, const field_plan* before) {
    auto made = std::make_shared<field_plan>(plan);
    if (made->analyzers == nullptr) made->analyzers = std::make_shared<analyzer_registry>();
    struct known {
        std::string name;
        field_kind kind;
    };
    std::vector<known> numbers;
    if (before != nullptr) {
        for (const auto& each : before->fields) numbers.push_back({each.name, each.kind});
    } else {
        auto asked = shared->writer.link.prepare("SELECT name, kind FROM fields WHERE index_id=? ORDER BY number");
        asked.bind(1, id);
        while (asked.step()) numbers.push_back({std::string(asked.text(0)), static_cast<field_kind>(asked.integer(1))});
    }
    std::vector<field_spec> ordered(numbers.size());
    std::vector<field_spec> added;
    std::size_t found = 0;
    for (auto& each : made->fields) {
        if (each.kind == field_kind::text) {
            made->index_analyzer(each);
            made->search_analyzer(each);
        }
        const auto place = std::ranges::find(numbers, each.name, &known::name);
        if (place == numbers.end()) {
            added.push_back(std::move(each));
            continue;
        }
        if (place->kind != each.kind) throw std::invalid_argument("the field [" + each.name + "] cannot change its kind");
        ++found;
        ordered[static_cast<std::size_t>(place - numbers.begin())] = std::move(each);
    }
    if (found != numbers.size()) {
        for (std::size_t at = 0; at < numbers.size(); ++at) {
            if (ordered[at].name.empty()) throw std::invalid_argument("the field [" + numbers[at].name + "] is missing from the new plan");
        }
        throw std::invalid_argument("a field stands twice in the plan");
    }
    for (auto& each : added) ordered.push_back(std::move(each));
    made->fields = std::move(ordered);
    for (std::uint32_t number = 0; number < made->fields.size(); ++number) {
        auto& each = made->fields[number];
        each.number = number;
        if (number < numbers.size()) continue;
        auto& insert = prepared("INSERT INTO fields VALUES(?,?,?,?)");
        insert.bind(1, id)
            .bind(2, static_cast<std::int64_t>(number))
            .bind(3, std::string_view(each.name))
            .bind(4, static_cast<std::int64_t>(each.kind))
            .run();
        if (each.kind != field_kind::text) continue;
        const auto suffix = std::to_string(id) + "_" + std::to_string(number);
        shared->writer.link.execute(filled(filled(text_tables, "%f", "f" + suffix), "%g", "g" + suffix));
    }
    made->by_name.resize(made->fields.size());
    for (std::uint32_t at = 0; at < made->by_name.size(); ++at) made->by_name[at] = at;
    std::ranges::sort(made->by_name, {}, [&](std::uint32_t at) -> const std::string& { return made->fields[at].name; });
    return made;
}

void store::implementation::drop_tables(std::int64_t id) {
    auto& link = shared->writer.link;
    shared->writer.statements.clear();
    std::vector<std::string> texts;
    {
        auto asked = link.prepare("SELECT number FROM fields WHERE kind=0 AND index_id=" + std::to_string(id));
        while (asked.step()) texts.push_back(std::to_string(id) + "_" + std::to_string(asked.integer(0)));
    }
    for (const auto& each : texts) link.execute("DROP TABLE IF EXISTS f" + each + "; DROP TABLE IF EXISTS g" + each);
    for (const char kind : {'d', 'c', 't', 's'}) link.execute(std::string("DROP TABLE IF EXISTS ") + kind + std::to_string(id));
    link.execute("DELETE FROM fields WHERE index_id=" + std::to_string(id) + "; DELETE FROM indices WHERE id=" + std::to_string(id) +
                 "; DELETE FROM meta WHERE key='bytes." + std::to_string(id) + "'");
}

void store::implementation::drop_removed() {
    std::vector<std::int64_t> free;
    {
        const std::lock_guard guard(catalogue);
        std::erase_if(removed, [&](const auto& each) {
            if (!each.second.expired()) return false;
            free.push_back(each.first);
            return true;
        });
    }
    for (const auto each : free) transaction([&] { drop_tables(each); });
}

std::shared_ptr<index_core> store::implementation::make_index(const index_info& info, const field_plan& plan, std::string_view state) {
    auto& insert =
        prepared("INSERT INTO indices(name, uuid, state, settings, mapping, created_ms, next_doc, next_seq) VALUES(?,?,?,?,?,?,0,0)");
    insert.bind(1, std::string_view(info.name)).bind(2, std::string_view(info.uuid)).bind(3, state);
    insert.bind(4, std::string_view(info.settings)).bind(5, std::string_view(info.mapping)).bind(6, info.created_ms).run();
    auto asked = shared->writer.link.prepare("SELECT last_insert_rowid()");
    asked.step();
    const auto id = asked.integer(0);
    asked.reset();
    shared->writer.link.execute(filled(index_tables, "%i", std::to_string(id)));
    return std::make_shared<index_core>(id, shared, info, number_fields(id, plan, nullptr));
}

index store::create_index(const index_info& info, const field_plan& plan) {
    auto& in = *implementation_;
    const auto turn = in.take_turn();
    if (find_index(info.name) != nullptr) throw std::invalid_argument("the index [" + info.name + "] exists");
    std::shared_ptr<index_core> core;
    in.transaction([&] { core = in.make_index(info, plan, info.closed ? "close" : "open"); });
    core->publish();
    const std::lock_guard guard(in.catalogue);
    in.indices.emplace(info.name, core);
    return core;
}

void store::remove_index(std::string_view name) {
    auto& in = *implementation_;
    const auto turn = in.take_turn();
    std::shared_ptr<index_core> core;
    {
        const std::lock_guard guard(in.catalogue);
        const auto found = in.indices.find(name);
        if (found == in.indices.end()) throw std::invalid_argument("there is no index [" + std::string(name) + "]");
        core = found->second;
    }
    in.transaction([&] { in.shared->writer.link.execute("UPDATE indices SET state='removed' WHERE id=" + std::to_string(core->id)); });
    {
        const std::lock_guard guard(in.catalogue);
        in.indices.erase(in.indices.find(name));
        in.removed.emplace_back(core->id, core);
    }
    core.reset();
    in.drop_removed();
}

void store::update_index(std::string_view name, const index_info& info, const field_plan& plan) {
    auto& in = *implementation_;
    const auto turn = in.take_turn();
    const auto core = std::static_pointer_cast<index_core>(find_index(name));
    if (core == nullptr) throw std::invalid_argument("there is no index [" + std::string(name) + "]");
    std::shared_ptr<const field_plan> numbered;
    in.transaction([&] {
        const auto before = core->plan();
        numbered = in.number_fields(core->id, plan, before.get());
        auto& update = in.prepared("UPDATE indices SET state=?, settings=?, mapping=? WHERE id=?");
        update.bind(1, std::string_view(info.closed ? "close" : "open")).bind(2, std::string_view(info.settings));
        update.bind(3, std::string_view(info.mapping)).bind(4, core->id).run();
    });
    auto kept = info;
    kept.name = std::string(name);
    core->replace(std::move(kept), std::move(numbered));
}

index store::find_index(std::string_view name) const {
    const std::lock_guard guard(implementation_->catalogue);
    const auto found = implementation_->indices.find(name);
    return found == implementation_->indices.end() ? nullptr : found->second;
}

std::vector<index> store::indices() const {
    const std::lock_guard guard(implementation_->catalogue);
    std::vector<index> all;
    for (const auto& [name, core] : implementation_->indices) all.push_back(core);
    return all;
}

std::optional<std::string> store::meta(std::string_view key) const {
    const auto link = implementation_->shared->readers.acquire();
    auto& asked = link.prepared("SELECT value FROM meta WHERE key=?");
    const reset_guard guard(asked);
    if (!asked.bind(1, key).step()) return std::nullopt;
    return std::string(asked.text(0));
}

void store::set_meta(std::string_view key, std::string_view value) {
    implementation_->transaction(
        [&] { implementation_->prepared("INSERT OR REPLACE INTO meta VALUES(?,?)").bind(1, key).bind(2, value).run(); });
}

store::store(const store_options& options) : implementation_(std::make_unique<implementation>(options)) {}
store::~store() = default;

void store::drop_caches() { implementation_->shared->cache.clear(); }

void store::limit_pages(std::int64_t pages) {
    const auto turn = implementation_->take_turn();
    implementation_->shared->writer.link.execute("PRAGMA max_page_count=" + std::to_string(pages > 0 ? pages : 4'294'967'294));
}

std::int64_t store::file_bytes() const {
    const auto link = implementation_->shared->readers.acquire();
    auto& asked = link.prepared("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
    const reset_guard guard(asked);
    return asked.step() ? asked.integer(0) : 0;
}

}  // namespace hem::search::embedded
