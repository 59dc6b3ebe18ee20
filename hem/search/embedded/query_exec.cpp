#include "hem/search/embedded/query_exec.hpp"

#include "hem/search/embedded/query_compile.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hem::search::embedded {

namespace {

using detail::bits;
using detail::index_generation;
using detail::window_documents;
using detail::window_words;

const index_generation& generation_of(const snapshot& over) { return static_cast<const index_generation&>(*over); }

// Walks the windows in which the query may match and hands their bits (and scores) on. `act` returns nothing.
template <class F>
void for_each_window(const index_generation& over, detail::query_node& root, float* scores, F&& act) {
    bits found;
    for (docno at = root.seek(0); at < over.limit();) {
        const std::size_t window = at / window_documents;
        root.evaluate(window, over.live_words(window), found, scores);
        act(window, found);
        const auto next = (window + 1) * window_documents;
        if (next >= over.limit()) break;
        at = root.seek(static_cast<docno>(next));
    }
}

// ---- order ------------------------------------------------------------------------------------------------------------------------

// The best `most` by score, then document.
class score_ranking {
public:
    explicit score_ranking(std::size_t most) : most_(most) {}

    bool wants(float score) const noexcept { return heap_.size() < most_ || score > heap_.front().score; }
    void offer(float score, docno document) {
        if (most_ == 0) return;
        if (heap_.size() == most_) {
            std::ranges::pop_heap(heap_, better);
            heap_.pop_back();
        }
        heap_.push_back({document, score, {}});
        std::ranges::push_heap(heap_, better);
    }
    std::vector<search_hit> take() {
        std::ranges::sort_heap(heap_, better);
        return std::move(heap_);
    }

private:
    static bool better(const search_hit& a, const search_hit& b) noexcept {
        return a.score != b.score ? a.score > b.score : a.document < b.document;
    }
    std::size_t most_;
    std::vector<search_hit> heap_;  // the worst in front
};

// One sort key of a document: a number or a text, ready to compare.
struct key_value {
    std::int64_t integer = 0;
    double real = 0;
    std::string_view text;
    std::int8_t missing = 0;  // -1: before all, 1: after all
};

class key_reader {
public:
    key_reader(const index_generation& over, const sort_key& key) : key_(key) {
        if (key.what != sort_key::by::field) return;
        const auto* field = over.plan().find(key.field);
        if (field != nullptr) column_ = over.column(field->number);
        if (column_ != nullptr) kind_ = column_->kind;
        largest_ = key.pick == sort_key::mode::automatic ? key.descending : key.pick == sort_key::mode::maximum;
    }
    key_value read(docno document, float score) const {
        key_value made;
        if (key_.what == sort_key::by::score) {
            made.real = static_cast<double>(score);
            return made;
        }
        if (key_.what == sort_key::by::document) {
            made.integer = document;
            return made;
        }
        if (column_ == nullptr || column_->value_count(document) == 0) return absent();
        const auto first = column_->first(document), last = column_->last(document);
        if (kind_ == field_kind::keyword) {
            made.text = column_->term(column_->ordinal(first));
            for (auto at = first + 1; at < last; ++at) {
                const auto other = column_->term(column_->ordinal(at));
                if (largest_ ? other > made.text : other < made.text) made.text = other;
            }
            return made;
        }
        const bool summed = key_.pick == sort_key::mode::sum || key_.pick == sort_key::mode::average;
        if (kind_ == field_kind::floating) {
            made.real = column_->floating(largest_ ? last - 1 : first);
            if (summed) {
                made.real = 0;
                for (auto at = first; at < last; ++at) made.real += column_->floating(at);
                if (key_.pick == sort_key::mode::average) made.real /= static_cast<double>(last - first);
            }
            return made;
        }
        made.integer = column_->integer(largest_ ? last - 1 : first);
        if (summed) {
            made.integer = 0;
            for (auto at = first; at < last; ++at) made.integer += column_->integer(at);
            if (key_.pick == sort_key::mode::average) {
                made.integer = std::llround(static_cast<double>(made.integer) / static_cast<double>(last - first));
            }
        }
        return made;
    }
    // Below 0: a comes first.
    int compare(const key_value& a, const key_value& b) const {
        if (a.missing != b.missing) return a.missing < b.missing ? -1 : 1;
        int order = 0;
        if (real())
            order = a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
        else if (kind_ == field_kind::keyword && key_.what == sort_key::by::field)
            order = a.text.compare(b.text);
        else
            order = a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
        return key_.descending ? -order : order;
    }
    sort_value shown(const key_value& value) const {
        if (key_.what == sort_key::by::field && column_ == nullptr) return {};
        if (real()) {
            if (value.missing != 0)
                return (value.missing > 0) != key_.descending ? std::numeric_limits<double>::infinity()
                                                              : -std::numeric_limits<double>::infinity();
            return value.real;
        }
        if (kind_ == field_kind::keyword && key_.what == sort_key::by::field) {
            if (value.missing != 0) return {};
            return std::string(value.text);
        }
        if (value.missing != 0)
            return (value.missing > 0) != key_.descending ? std::numeric_limits<std::int64_t>::max()
                                                          : std::numeric_limits<std::int64_t>::min();
        return value.integer;
    }
    key_value parsed(const sort_value& given) const {
        key_value made;
        if (std::holds_alternative<std::monostate>(given)) {
            made.missing = key_.missing_first ? -1 : 1;
        } else if (const auto* whole = std::get_if<std::int64_t>(&given)) {
            made.integer = *whole;
            made.real = static_cast<double>(*whole);
            if (extreme(*whole)) made.missing = key_.missing_first ? -1 : 1;
        } else if (const auto* number = std::get_if<double>(&given)) {
            made.real = *number;
            made.integer = std::isfinite(*number) ? static_cast<std::int64_t>(*number) : 0;
            if (std::isinf(*number) && kind_ == field_kind::floating && key_.what == sort_key::by::field)
                made.missing = key_.missing_first ? -1 : 1;
        } else {
            made.text = std::get<std::string>(given);
        }
        return made;
    }

private:
    bool real() const noexcept {
        return key_.what == sort_key::by::score || (key_.what == sort_key::by::field && kind_ == field_kind::floating);
    }
    bool extreme(std::int64_t value) const noexcept {
        return key_.what == sort_key::by::field && kind_ != field_kind::floating &&
               (value == std::numeric_limits<std::int64_t>::max() || value == std::numeric_limits<std::int64_t>::min());
    }
    key_value absent() const {
        key_value made;
        if (key_.missing.has_value() && column_ != nullptr) {
            if (const auto* text = std::get_if<std::string>(&*key_.missing)) made.text = *text;
            if (const auto* whole = std::get_if<std::int64_t>(&*key_.missing))
                made.integer = *whole, made.real = static_cast<double>(*whole);
            if (const auto* number = std::get_if<double>(&*key_.missing))
                made.real = *number, made.integer = static_cast<std::int64_t>(*number);
            return made;
        }
        made.missing = key_.missing_first ? -1 : 1;
        return made;
    }

    const sort_key& key_;
    const column_view* column_ = nullptr;
    field_kind kind_ = field_kind::integer;
    bool largest_ = false;
};

class key_ranking {
public:
    key_ranking(const index_generation& over, const search_options& options) : most_(options.from + options.size) {
        for (const auto& each : options.sort) readers_.emplace_back(over, each);
        if (options.search_after.has_value()) {
            for (std::size_t at = 0; at < readers_.size(); ++at) after_.push_back(readers_[at].parsed(options.search_after->at(at)));
        }
    }
    void offer(docno document, float score) {
        candidate made{document, score, {}};
        made.keys.reserve(readers_.size());
        for (const auto& each : readers_) made.keys.push_back(each.read(document, score));
        if (!after_.empty() && order(after_, made.keys) >= 0) return;
        auto better = [&](const candidate& a, const candidate& b) { return before(a, b); };
        if (most_ == 0) return;
        if (heap_.size() == most_) {
            if (!before(made, heap_.front())) return;
            std::ranges::pop_heap(heap_, better);
            heap_.pop_back();
        }
        heap_.push_back(std::move(made));
        std::ranges::push_heap(heap_, better);
    }
    std::vector<search_hit> take() {
        std::ranges::sort_heap(heap_, [&](const candidate& a, const candidate& b) { return before(a, b); });
        std::vector<search_hit> hits;
        for (const auto& each : heap_) {
            auto& hit = hits.emplace_back(search_hit{each.document, each.score, {}});
            for (std::size_t at = 0; at < readers_.size(); ++at) hit.sort.push_back(readers_[at].shown(each.keys[at]));
        }
        return hits;
    }

private:
    struct candidate {
        docno document;
        float score;
        std::vector<key_value> keys;
    };
    int order(const std::vector<key_value>& a, const std::vector<key_value>& b) const {
        for (std::size_t at = 0; at < readers_.size(); ++at) {
            if (const int found = readers_[at].compare(a[at], b[at]); found != 0) return found;
        }
        return 0;
    }
    bool before(const candidate& a, const candidate& b) const {
        const int found = order(a.keys, b.keys);
        return found != 0 ? found < 0 : a.document < b.document;
    }

    std::size_t most_;
    std::vector<key_reader> readers_;
    std::vector<key_value> after_;
    std::vector<candidate> heap_;
};

}  // namespace

// ---- searching --------------------------------------------------------------------------------------------------------------------

search_result search(const snapshot& over, const query& what, const search_options& options) {
    const auto& in = generation_of(over);
    for (const auto& key : options.sort) {
        if (key.what == sort_key::by::field && options.search_after.has_value() && options.search_after->size() != options.sort.size()) {
            throw query_error("search_after has " + std::to_string(options.search_after->size()) + " value(s) but sort has " +
                              std::to_string(options.sort.size()) + ".");
        }
    }
    const bool by_score = options.sort.empty();
    const bool sorted_by_score = std::ranges::any_of(options.sort, [](const sort_key& each) { return each.what == sort_key::by::score; });
    const bool scored =
        (by_score && options.size + options.from > 0) || options.min_score.has_value() || sorted_by_score || options.track_scores;
    detail::query_compiler compiler(in);
    const auto root = compiler.compile(what, scored);
    const auto post = options.post_filter != nullptr ? compiler.compile(*options.post_filter, false) : nullptr;

    search_result result;
    if (options.collect_matches) result.matches.words.assign(in.windows() * window_words, 0);
    std::vector<float> scores(scored ? window_documents : 0);
    score_ranking ranking(by_score ? options.from + options.size : 0);
    key_ranking keyed(in, options);
    std::int64_t total = 0;
    float highest = -std::numeric_limits<float>::infinity();
    // Continuing by score: after this score, and among equals after this document.
    const bool after = by_score && options.search_after.has_value();
    float after_score = 0;
    std::int64_t after_document = -1;
    if (after) {
        const auto& values = *options.search_after;
        if (!values.empty()) {
            if (const auto* number = std::get_if<double>(&values[0])) after_score = static_cast<float>(*number);
            if (const auto* whole = std::get_if<std::int64_t>(&values[0])) after_score = static_cast<float>(*whole);
        }
        after_document = std::numeric_limits<std::int64_t>::max();
        if (values.size() > 1 && std::holds_alternative<std::int64_t>(values[1])) after_document = std::get<std::int64_t>(values[1]);
    }

    for_each_window(in, *root, scored ? scores.data() : nullptr, [&](std::size_t window, bits& found) {
        const auto base = static_cast<docno>(window * window_documents);
        if (options.min_score.has_value()) {
            detail::for_each_bit(found, [&](std::uint32_t at) {
                if (!(scores[at] >= *options.min_score)) found[at >> 6] &= ~(std::uint64_t{1} << (at & 63));
            });
        }
        if (options.slices > 1) {
            detail::for_each_bit(found, [&](std::uint32_t at) {
                if ((base + at) % options.slices != options.slice) found[at >> 6] &= ~(std::uint64_t{1} << (at & 63));
            });
        }
        if (options.collect_matches) {
            std::ranges::copy(found, result.matches.words.begin() + static_cast<std::ptrdiff_t>(window * window_words));
            result.matches.count += detail::count_of(found);
        }
        if (post != nullptr) {
            bits kept;
            post->evaluate(window, found.data(), kept, nullptr);
            found = kept;
        }
        total += detail::count_of(found);
        if (by_score) {
            if (!scored) return;
            detail::for_each_bit(found, [&](std::uint32_t at) {
                const float score = scores[at];
                if (score > highest) highest = score;
                if (!ranking.wants(score)) return;
                if (after && (score > after_score || (score == after_score && static_cast<std::int64_t>(base + at) <= after_document)))
                    return;
                ranking.offer(score, base + at);
            });
            return;
        }
        detail::for_each_bit(found, [&](std::uint32_t at) {
            const float score = scored ? scores[at] : std::numeric_limits<float>::quiet_NaN();
            if (scored && score > highest) highest = score;
            keyed.offer(base + at, score);
        });
    });

    result.exact = total <= options.track_total_hits;
    result.total = std::min(total, options.track_total_hits);
    result.hits = by_score ? ranking.take() : keyed.take();
    result.hits.erase(result.hits.begin(), result.hits.begin() + static_cast<std::ptrdiff_t>(std::min(options.from, result.hits.size())));
    if (total > 0 && options.size > 0 && scored && (by_score || options.track_scores)) result.max_score = highest;
    return result;
}

std::int64_t count(const snapshot& over, const query& what) {
    const auto& in = generation_of(over);
    detail::query_compiler compiler(in);
    const auto root = compiler.compile(what, false);
    std::int64_t total = 0;
    for_each_window(in, *root, nullptr, [&](std::size_t, const bits& found) { total += detail::count_of(found); });
    return total;
}

match_set matches(const snapshot& over, const query& what) {
    const auto& in = generation_of(over);
    detail::query_compiler compiler(in);
    const auto root = compiler.compile(what, false);
    match_set all;
    all.words.assign(in.windows() * window_words, 0);
    for_each_window(in, *root, nullptr, [&](std::size_t window, const bits& found) {
        std::ranges::copy(found, all.words.begin() + static_cast<std::ptrdiff_t>(window * window_words));
        all.count += detail::count_of(found);
    });
    return all;
}

std::int64_t document_frequency(const snapshot& over, std::string_view field, std::string_view term) {
    const auto& in = generation_of(over);
    const auto* named = in.plan().find(field);
    if (named == nullptr || (named->kind != field_kind::text && named->kind != field_kind::keyword)) return 0;
    return in.document_frequency(*in.postings(*named, term, false));
}

field_counts field_statistics(const snapshot& over, std::string_view field) {
    const auto& in = generation_of(over);
    const auto* named = in.plan().find(field);
    if (named == nullptr) return {};
    const auto& totals = in.totals(named->number);
    return {totals.documents, totals.terms};
}

}  // namespace hem::search::embedded
