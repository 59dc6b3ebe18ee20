// The query tree to nodes: dispatch by kind, terms, ranges and sets over postings and columns.
#include "hem/search/embedded/query_compile.hpp"

#include "hem/search/embedded/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#pragma clang fp contract(off)

namespace hem::search::embedded::detail {

namespace {

constexpr std::size_t longest_regexp = 1000;

template <class... F>
struct overloaded : F... {
    using F::operator()...;
};

void set_bit(std::vector<std::uint64_t>& words, std::size_t at) { words[at >> 6] |= std::uint64_t{1} << (at & 63); }

void add_list(std::vector<std::uint64_t>& words, const posting_list& list, docno limit) {
    for (const auto each : list.documents) {
        if (each >= limit) break;
        set_bit(words, each);
    }
}

// Whole numbers within a bound that may have a fraction; false if there are none.
bool integer_bounds(const range_query& what, std::int64_t& low, std::int64_t& high) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
    low = least;
    high = most;
    auto as_double = [](const field_value& value) { return std::holds_alternative<double>(value) ? std::get<double>(value) : 0.0; };
    if (what.from.has_value()) {
        if (const auto* whole = std::get_if<std::int64_t>(&what.from->value)) {
            if (!what.from->inclusive && *whole == most) return false;
            low = what.from->inclusive ? *whole : *whole + 1;
        } else {
            const double real = as_double(what.from->value), up = std::ceil(real);
            if (up >= 9.3e18) return false;
            low = up <= -9.3e18 ? least : static_cast<std::int64_t>(up) + (up == real && !what.from->inclusive ? 1 : 0);
        }
    }
    if (what.to.has_value()) {
        if (const auto* whole = std::get_if<std::int64_t>(&what.to->value)) {
            if (!what.to->inclusive && *whole == least) return false;
            high = what.to->inclusive ? *whole : *whole - 1;
        } else {
            const double real = as_double(what.to->value), down = std::floor(real);
            if (down <= -9.3e18) return false;
            high = down >= 9.3e18 ? most : static_cast<std::int64_t>(down) - (down == real && !what.to->inclusive ? 1 : 0);
        }
    }
    return low <= high;
}

double as_number(const field_value& value) {
    if (const auto* real = std::get_if<double>(&value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
    return 0;
}

void double_bounds(const range_query& what, double& low, double& high) {
    low = -std::numeric_limits<double>::infinity();
    high = std::numeric_limits<double>::infinity();
    if (what.from.has_value()) {
        low = as_number(what.from->value);
        if (!what.from->inclusive) low = std::nextafter(low, std::numeric_limits<double>::infinity());
    }
    if (what.to.has_value()) {
        high = as_number(what.to->value);
        if (!what.to->inclusive) high = std::nextafter(high, -std::numeric_limits<double>::infinity());
    }
}

bool text_in_range(std::string_view text, const range_query& what) {
    if (what.from.has_value()) {
        const auto* bound = std::get_if<std::string>(&what.from->value);
        if (bound != nullptr && (what.from->inclusive ? text < *bound : text <= *bound)) return false;
    }
    if (what.to.has_value()) {
        const auto* bound = std::get_if<std::string>(&what.to->value);
        if (bound != nullptr && (what.to->inclusive ? text > *bound : text >= *bound)) return false;
    }
    return true;
}

}  // namespace

std::string term_text(const field_value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    return std::to_string(std::get<double>(value));
}

const std::shared_ptr<const norm_factors>& query_compiler::factors(std::uint32_t field) {
    auto& made = factors_[field];
    if (made == nullptr) {
        const auto& totals = over_.totals(field);
        made = std::make_shared<norm_factors>(make_norm_factors(totals.documents, totals.terms, over_.plan().similarity));
    }
    return made;
}

node_pointer query_compiler::with_frequency(const field_spec& field, shared_postings list, std::int64_t doc_freq, float boost) {
    if (list->documents.empty() || doc_freq == 0) return make_none_node();
    const float idf = inverse_document_frequency(over_.totals(field.number).documents, doc_freq);
    return make_term_node(over_, std::move(list), term_weight(boost, idf, over_.plan().similarity), factors(field.number));
}

node_pointer query_compiler::compile(const query& what, float outer, bool scored) {
    const float boost = outer * what.boost;
    return std::visit(
        overloaded{
            [&](const match_all_query&) { return make_all_node(over_, boost); },
            [&](const match_none_query&) { return make_none_node(); },
            [&](const term_query& node) { return term(node, boost, scored); },
            [&](const terms_query& node) { return terms(node, boost); },
            [&](const range_query& node) { return range(node, boost); },
            [&](const exists_query& node) { return exists(node, boost); },
            [&](const ids_query& node) { return ids(node, boost); },
            [&](const prefix_query& node) {
                const auto* named = field(node.field);
                if (named == nullptr) return make_none_node();
                if (!node.case_insensitive) {
                    return expanded(*named, node.prefix, boost, [&](std::string_view term) { return term.starts_with(node.prefix); });
                }
                std::string escaped;
                for (const char each : node.prefix) {
                    if (each == '*' || each == '?' || each == '\\') escaped.push_back('\\');
                    escaped.push_back(each);
                }
                const wildcard pattern(escaped + "*", true);
                return expanded(*named, "", boost, [&](std::string_view term) { return pattern.matches(term); });
            },
            [&](const wildcard_query& node) {
                const auto* named = field(node.field);
                if (named == nullptr) return make_none_node();
                const wildcard pattern(node.pattern, node.case_insensitive);
                return expanded(*named, pattern.prefix(), boost, [&](std::string_view term) { return pattern.matches(term); });
            },
            [&](const regexp_query& node) {
                if (node.pattern.size() > longest_regexp) {
                    throw query_error("The length of regex [" + std::to_string(node.pattern.size()) +
                                      "] used in the Regexp Query request has exceeded the allowed maximum of [1000].");
                }
                const regular_expression pattern(node.pattern, node.case_insensitive);
                const auto* named = field(node.field);
                if (named == nullptr) return make_none_node();
                return expanded(*named, "", boost, [&](std::string_view term) { return pattern.matches(term); });
            },
            [&](const fuzzy_query& node) { return fuzzy(node, boost, scored); },
            [&](const phrase_query& node) { return phrase(node, boost); },
            [&](const synonym_query& node) { return synonym(node, boost); },
            [&](const blended_term_query& node) {
                const auto* named = field(node.field);
                if (named == nullptr) return make_none_node();
                return with_frequency(*named, over_.postings(*named, node.term, false), node.doc_freq, boost);
            },
            [&](const boolean_query& node) { return boolean(node, boost, scored); },
            [&](const constant_score_query& node) { return make_constant_node(compile(node.filter.at(0), 1.0f, false), boost); },
            [&](const dis_max_query& node) { return dis_max(node, boost, scored); },
            [&](const boosting_query& node) {
                return make_boosting_node(compile(node.positive.at(0), boost, scored), compile(node.negative.at(0), 1.0f, false),
                                          node.negative_boost);
            },
        },
        what.node);
}

// ---- terms and columns ------------------------------------------------------------------------------------------------------------

node_pointer query_compiler::term(const term_query& what, float boost, bool scored) {
    const auto* named = field(what.field);
    if (named == nullptr) return make_none_node();
    const auto* column = over_.column(named->number);
    switch (named->kind) {
    case field_kind::text:
    case field_kind::keyword:
    case field_kind::boolean: {
        auto list = over_.postings(*named, term_text(what.value), false);
        if (!scored) return list->documents.empty() ? make_none_node() : make_term_node(over_, std::move(list), 1, nullptr);
        const auto frequency = over_.document_frequency(*list);
        return with_frequency(*named, std::move(list), frequency, boost);
    }
    case field_kind::floating: return make_constant_node(make_double_set_node(over_, *column, {as_number(what.value)}), boost);
    case field_kind::integer:
    case field_kind::date: break;
    }
    if (const auto* whole = std::get_if<std::int64_t>(&what.value)) {
        return make_constant_node(make_integer_range_node(over_, *column, *whole, *whole), boost);
    }
    const double real = as_number(what.value);
    if (real != std::floor(real) || std::abs(real) > 9.2e18) return make_none_node();
    const auto whole = static_cast<std::int64_t>(real);
    return make_constant_node(make_integer_range_node(over_, *column, whole, whole), boost);
}

node_pointer query_compiler::terms(const terms_query& what, float boost) {
    const auto* named = field(what.field);
    if (named == nullptr || what.values.empty()) return make_none_node();
    const auto* column = over_.column(named->number);
    switch (named->kind) {
    case field_kind::floating: {
        std::vector<double> set;
        for (const auto& each : what.values) set.push_back(as_number(each));
        std::ranges::sort(set);
        return make_constant_node(make_double_set_node(over_, *column, std::move(set)), boost);
    }
    case field_kind::integer:
    case field_kind::date:
    case field_kind::boolean: {
        std::vector<std::int64_t> set;
        for (const auto& each : what.values) {
            if (const auto* whole = std::get_if<std::int64_t>(&each))
                set.push_back(*whole);
            else if (const double real = as_number(each); real == std::floor(real))
                set.push_back(static_cast<std::int64_t>(real));
        }
        std::ranges::sort(set);
        return make_constant_node(make_integer_set_node(over_, *column, std::move(set)), boost);
    }
    case field_kind::keyword:
    case field_kind::text: break;
    }
    if (what.values.size() == 1 || (named->kind == field_kind::keyword && what.values.size() <= 4)) {
        std::vector<node_pointer> lists;
        for (const auto& each : what.values)
            lists.push_back(make_term_node(over_, over_.postings(*named, term_text(each), false), 1, nullptr));
        auto any = lists.size() == 1 ? std::move(lists.front()) : make_disjunction_node(std::move(lists), 1);
        return make_constant_node(std::move(any), boost);
    }
    if (named->kind == field_kind::keyword) {
        std::vector<std::uint64_t> ordinals((column->ordinal_count() >> 6) + 1);
        for (const auto& each : what.values) {
            if (const auto found = column->find(term_text(each))) set_bit(ordinals, *found);
        }
        return make_constant_node(make_ordinal_set_node(over_, *column, std::move(ordinals), over_.limit()), boost);
    }
    std::vector<std::uint64_t> words(over_.windows() * window_words);
    for (const auto& each : what.values) add_list(words, *over_.postings(*named, term_text(each), false), over_.limit());
    return make_bitmap_node(std::move(words), boost);
}

node_pointer query_compiler::range(const range_query& what, float boost) {
    const auto* named = field(what.field);
    if (named == nullptr) return make_none_node();
    const auto* column = over_.column(named->number);
    switch (named->kind) {
    case field_kind::integer:
    case field_kind::date:
    case field_kind::boolean: {
        std::int64_t low = 0, high = 0;
        if (!integer_bounds(what, low, high)) return make_none_node();
        return make_constant_node(make_integer_range_node(over_, *column, low, high), boost);
    }
    case field_kind::floating: {
        double low = 0, high = 0;
        double_bounds(what, low, high);
        return make_constant_node(make_double_range_node(over_, *column, low, high), boost);
    }
    case field_kind::keyword:
    case field_kind::text: break;
    }
    const auto* least = what.from.has_value() ? std::get_if<std::string>(&what.from->value) : nullptr;
    return expanded(*named, "", boost,
                    [&](std::string_view term) { return text_in_range(term, what) && (least == nullptr || term >= *least); });
}

node_pointer query_compiler::exists(const exists_query& what, float boost) {
    const auto* named = field(what.field);
    if (named == nullptr) return make_none_node();
    const auto* column = over_.column(named->number);
    return make_constant_node(column != nullptr ? make_column_exists_node(over_, *column) : make_text_exists_node(over_, named->number),
                              boost);
}

node_pointer query_compiler::ids(const ids_query& what, float boost) {
    std::vector<std::uint64_t> words(over_.windows() * window_words);
    for (const auto& each : what.ids) {
        if (const auto found = over_.find(each)) set_bit(words, *found);
    }
    return make_bitmap_node(std::move(words), boost);
}

// All documents with a term that begins with `prefix` and matches.
template <class Match>
node_pointer query_compiler::expanded(const field_spec& field, std::string_view prefix, float boost, Match&& match) {
    if (const auto* column = over_.column(field.number)) {
        if (column->kind != field_kind::keyword) {
            throw query_error("Can only use prefix, wildcard and regexp queries on keyword and text fields - not on [" + field.name + "]");
        }
        std::vector<std::uint64_t> ordinals((column->ordinal_count() >> 6) + 1);
        bool any = false;
        for (std::uint32_t at = 0; at < column->ordinal_count(); ++at) {
            if (!match(column->term(at))) continue;
            set_bit(ordinals, at);
            any = true;
        }
        if (!any) return make_none_node();
        return make_constant_node(make_ordinal_set_node(over_, *column, std::move(ordinals), over_.limit()), boost);
    }
    struct walk {
        std::string_view prefix;
        Match& match;
        std::vector<std::string> found;
    } state{prefix, match, {}};
    over_.vocabulary(
        field, prefix,
        [](void* context, std::string_view term) {
            auto& in = *static_cast<walk*>(context);
            if (!term.starts_with(in.prefix)) return false;
            if (in.match(term)) in.found.emplace_back(term);
            return true;
        },
        &state);
    if (state.found.empty()) return make_none_node();
    std::vector<std::uint64_t> words(over_.windows() * window_words);
    for (const auto& each : state.found) add_list(words, *over_.postings(field, each, false), over_.limit());
    return make_bitmap_node(std::move(words), boost);
}

}  // namespace hem::search::embedded::detail
