// One index: the writer's state of it, and its published generations.
#include "hem/search/embedded/similarity.hpp"
#include "hem/search/embedded/store_internal.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

statement& statement_cache::get(connection& on, const std::string& sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
    return statements_.emplace(sql, on.prepare(sql)).first->second;
}

reader_pool::lease reader_pool::acquire() {
    if (shared_ != nullptr) {
        turn_->lock();
        return {*this, shared_};
    }
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !idle_.empty() || open_ < most_; });
    std::unique_ptr<reader> taken;
    if (!idle_.empty()) {
        taken = std::move(idle_.back());
        idle_.pop_back();
    } else {
        taken = std::make_unique<reader>();
        taken->link = connection(path_, false);
        taken->link.execute("PRAGMA cache_size=-16384; PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY");
        ++open_;
    }
    auto* const held = taken.get();
    busy_.push_back(std::move(taken));
    return {*this, held};
}

reader_pool::lease::~lease() {
    if (held_ == nullptr) return;
    if (pool_->shared_ != nullptr) {
        pool_->turn_->unlock();
        return;
    }
    const std::lock_guard lock(pool_->mutex_);
    const auto place = std::ranges::find_if(pool_->busy_, [&](const auto& each) { return each.get() == held_; });
    pool_->idle_.push_back(std::move(*place));
    pool_->busy_.erase(place);
    pool_->freed_.notify_one();
}

// ---- the writer's side ------------------------------------------------------------------------------------------------------------

index_core::index_core(std::int64_t number, std::shared_ptr<store_shared> owner, index_info info, std::shared_ptr<const field_plan> plan)
    : id(number), shared(std::move(owner)), info_(std::move(info)), plan_(std::move(plan)) {
    fit_fields();
}

index_core::~index_core() = default;

void index_core::fit_fields() {
    const auto count = plan_->fields.size();
    totals.resize(count);
    column_totals_.resize(count);
    const auto documents = static_cast<docno>(live_count_ + deleted_count_);
    for (auto number = columns_.size(); number < count; ++number) {
        const auto kind = plan_->fields[number].kind;
        columns_.push_back(kind == field_kind::text ? nullptr : std::make_unique<column_writer>(kind, documents));
        norms_.push_back(kind == field_kind::text ? std::make_unique<grow_array<std::uint8_t>>() : nullptr);
        if (norms_.back() != nullptr) {
            for (docno each = 0; each < documents; ++each) norms_.back()->push(0);
        }
    }
}

void index_core::append(docno document, const column_row& row) {
    auto text = row.texts.begin();
    auto keyword = row.keywords.begin();
    auto integer = row.integers.begin();
    auto real = row.doubles.begin();
    for (std::uint32_t number = 0; number < columns_.size(); ++number) {
        if (norms_[number] != nullptr) {
            while (text != row.texts.end() && text->field < number) ++text;
            std::uint8_t norm = 0;
            if (text != row.texts.end() && text->field == number) norm = text->length == 0 ? empty_field_norm : encode_length(text->length);
            norms_[number]->push(norm);
            continue;
        }
        auto& column = *columns_[number];
        column.begin(document);
        for (; keyword != row.keywords.end() && keyword->first <= number; ++keyword) {
            if (keyword->first == number) column.add(std::string_view(keyword->second));
        }
        for (; integer != row.integers.end() && integer->field <= number; ++integer) {
            if (integer->field == number) column.add(integer->value);
        }
        for (; real != row.doubles.end() && real->field <= number; ++real) {
            if (real->field == number) column.add(real->value);
        }
        column.end(document);
    }
    if (live_.size() * window_documents <= document) {
        live_.push_back(std::make_shared<live_window>());
        live_shared_.push_back(false);
    }
    auto& window = live_[document / window_documents];
    if (live_shared_[document / window_documents]) {
        window = std::make_shared<live_window>(*window);
        live_shared_[document / window_documents] = false;
    }
    (*window)[document % window_documents / 64] |= std::uint64_t{1} << (document & 63);
    ++live_count_;
    count_columns(document, 1);
}

void index_core::count_columns(docno document, std::int64_t sign) {
    for (std::size_t number = 0; number < columns_.size(); ++number) {
        if (columns_[number] == nullptr) continue;
        const auto values = columns_[number]->distinct(document);
        column_totals_[number].documents += values > 0 ? sign : 0;
        column_totals_[number].terms += sign * values;
    }
}

void index_core::append_missing(docno document) {
    append(document, {});
    auto& word = (*live_[document / window_documents])[document % window_documents / 64];
    word &= ~(std::uint64_t{1} << (document & 63));
    --live_count_;
    ++deleted_count_;
}

void index_core::kill(docno document) {
    const auto window = document / window_documents;
    if (live_shared_[window]) {
        live_[window] = std::make_shared<live_window>(*live_[window]);
        live_shared_[window] = false;
    }
    (*live_[window])[document % window_documents / 64] &= ~(std::uint64_t{1} << (document & 63));
    --live_count_;
    ++deleted_count_;
    dead_.push_back({document, generation_ + 1});
    count_columns(document, -1);
}

void index_core::publish() {
    auto made = std::make_shared<index_generation>();
    made->core = this;
    made->number_ = ++generation_;
    made->plan_ = plan_;
    made->limit_ = static_cast<docno>(live_count_ + deleted_count_);
    made->live_count_ = live_count_;
    made->deleted_count_ = deleted_count_;
    made->live_.assign(live_.begin(), live_.end());
    live_shared_.assign(live_.size(), true);
    for (std::size_t number = 0; number < columns_.size(); ++number) {
        made->columns_.push_back(columns_[number] != nullptr ? std::optional(columns_[number]->look()) : std::nullopt);
        made->norms_.push_back(norms_[number] != nullptr ? norms_[number]->look() : grow_array<std::uint8_t>::view{});
    }
    made->totals_ = totals;
    for (std::size_t number = 0; number < columns_.size(); ++number) {
        if (columns_[number] != nullptr) made->totals_[number] = column_totals_[number];
    }
    std::erase_if(pinned_, [](const auto& each) { return each.second.expired(); });
    pinned_.emplace_back(generation_, made);
    std::shared_ptr<const index_generation> before = std::move(made);
    {
        const std::lock_guard lock(mutex_);
        std::swap(current_, before);
        published_seq_ = next_seq - 1;
    }
}

void index_core::replace(index_info info, std::shared_ptr<const field_plan> plan) {
    {
        const std::lock_guard lock(mutex_);
        info_ = std::move(info);
        plan_ = std::move(plan);
    }
    fit_fields();
    publish();
}

std::vector<docno> index_core::purgeable(std::size_t limit) {
    std::uint64_t oldest = generation_;
    for (const auto& [number, pinned] : pinned_) {
        if (!pinned.expired()) {
            oldest = number;
            break;
        }
    }
    std::vector<docno> found;
    for (const auto& each : dead_) {
        if (found.size() >= limit || each.generation > oldest) break;
        found.push_back(each.document);
    }
    return found;
}

void index_core::purged(const std::vector<docno>& documents) {
    dead_.erase(dead_.begin(), dead_.begin() + static_cast<std::ptrdiff_t>(documents.size()));
}

// ---- the handle -------------------------------------------------------------------------------------------------------------------

index_info index_core::info() const {
    const std::lock_guard lock(mutex_);
    return info_;
}

std::shared_ptr<const field_plan> index_core::plan() const {
    const std::lock_guard lock(mutex_);
    return plan_;
}

// A snapshot holds its index beside the generation: the index holds its newest generation, so that one must not hold the index.
embedded::snapshot index_core::snapshot() const {
    struct pin {
        std::shared_ptr<const index_core> core;
        std::shared_ptr<const index_generation> published;
    };
    auto held = std::make_shared<pin>();
    held->core = shared_from_this();
    {
        const std::lock_guard lock(mutex_);
        held->published = current_;
    }
    const generation* const seen = held->published.get();
    return {std::move(held), seen};
}

std::int64_t index_core::max_seq_no() const {
    const std::lock_guard lock(mutex_);
    return published_seq_;
}

std::int64_t index_core::bytes() const { return source_bytes.load(std::memory_order_relaxed); }

namespace {

stored_document read_document(statement& row, docno number) {
    return {.number = number,
            .id = std::string(row.text(0)),
            .routing = std::string(row.text(3)),
            .source = std::string(row.blob(4)),
            .version = row.integer(1),
            .seq_no = row.integer(2)};
}

}  // namespace

std::optional<stored_document> index_core::get(std::string_view wanted) const {
    const auto link = shared->readers.acquire();
    auto& row = link.prepared("SELECT id, version, seq_no, routing, source, docno FROM " + table('d') + " WHERE id=? AND superseded=0");
    const reset_guard guard(row);
    if (!row.bind(1, wanted).step()) return std::nullopt;
    return read_document(row, static_cast<docno>(row.integer(5)));
}

std::optional<document_state> index_core::state(std::string_view wanted) const {
    const auto link = shared->readers.acquire();
    auto& row = link.prepared("SELECT docno, version, seq_no FROM " + table('d') + " WHERE id=? AND superseded=0");
    const reset_guard guard(row);
    if (row.bind(1, wanted).step()) return document_state{static_cast<docno>(row.integer(0)), row.integer(1), row.integer(2), false};
    auto& remembered = link.prepared("SELECT version, seq_no FROM " + table('t') + " WHERE id=?");
    const reset_guard other(remembered);
    if (remembered.bind(1, wanted).step()) return document_state{0, remembered.integer(0), remembered.integer(1), true};
    return std::nullopt;
}

// ---- generations ------------------------------------------------------------------------------------------------------------------

std::vector<stored_document> index_generation::fetch(const std::vector<docno>& documents) const {
    std::vector<stored_document> all;
    if (documents.empty()) return all;
    all.reserve(documents.size());
    const auto link = core->shared->readers.acquire();
    auto& row = link.prepared("SELECT id, version, seq_no, routing, source FROM " + core->table('d') + " WHERE docno=?");
    for (const docno each : documents) {
        const reset_guard guard(row);
        if (row.bind(1, static_cast<std::int64_t>(each)).step())
            all.push_back(read_document(row, each));
        else
            all.push_back({.number = each});
    }
    return all;
}

std::optional<docno> index_generation::find(std::string_view id) const {
    const auto link = core->shared->readers.acquire();
    for (const char* superseded : {"0", "1"}) {
        auto& row = link.prepared("SELECT docno FROM " + core->table('d') + " WHERE id=? AND superseded=" + superseded);
        const reset_guard guard(row);
        row.bind(1, id);
        while (row.step()) {
            const auto number = static_cast<docno>(row.integer(0));
            if (live(number)) return number;
        }
    }
    return std::nullopt;
}

std::int64_t index_generation::document_frequency(const posting_list& list) const noexcept {
    const auto end = list.limit <= limit_ ? list.documents.end() : std::ranges::lower_bound(list.documents, limit_);
    if (all_live()) return end - list.documents.begin();
    std::int64_t count = 0;
    for (auto each = list.documents.begin(); each != end; ++each) {
        count += static_cast<std::int64_t>((*live_[*each / window_documents])[*each % window_documents / 64] >> (*each & 63) & 1);
    }
    return count;
}

}  // namespace hem::search::embedded::detail
