// Full text queries to nodes: synonyms, fuzzy terms, phrases and prefixes of terms.
#include "hem/search/embedded/query_compile.hpp"

#include "hem/search/embedded/patterns.hpp"

#include <algorithm>

#pragma clang fp contract(off)

namespace hem::search::embedded::detail {

std::vector<std::string> query_compiler::expand_prefix(const field_spec& field, std::string_view prefix, std::size_t most) const {
    struct walk {
        std::string_view prefix;
        std::size_t most;
        std::vector<std::string> found;
    } state{prefix, most, {}};
    over_.vocabulary(
        field, prefix,
        [](void* context, std::string_view term) {
            auto& in = *static_cast<walk*>(context);
            if (!term.starts_with(in.prefix) || in.found.size() >= in.most) return false;
            in.found.emplace_back(term);
            return in.found.size() < in.most;
        },
        &state);
    return std::move(state.found);
}

node_pointer query_compiler::synonym(const synonym_query& what, float boost) {
    const auto* named = field(what.field);
    if (named == nullptr) return make_none_node();
    std::map<docno, std::pair<std::uint32_t, std::uint8_t>> merged;
    std::int64_t frequency = 0;
    for (const auto& term : what.terms) {
        const auto list = over_.postings(*named, term, false);
        frequency = std::max(frequency, over_.document_frequency(*list));
        for (std::size_t at = 0; at < list->documents.size() && list->documents[at] < over_.limit(); ++at) {
            auto& entry = merged[list->documents[at]];
            entry.first += list->frequencies.empty() ? 1 : list->frequencies[at];
            entry.second = list->norms.empty() ? 1 : list->norms[at];
        }
    }
    auto made = std::make_shared<posting_list>();
    made->limit = over_.limit();
    for (const auto& [document, entry] : merged) {
        made->documents.push_back(document);
        made->frequencies.push_back(entry.first);
        made->norms.push_back(entry.second);
    }
    return with_frequency(*named, std::move(made), frequency, boost);
}

node_pointer query_compiler::fuzzy(const fuzzy_query& what, float boost, bool scored) {
    const auto* named = field(what.field);
    if (named == nullptr) return make_none_node();
    const auto wanted = code_points(what.value);
    const auto length = static_cast<int>(wanted.size());
    const auto edits = static_cast<std::uint32_t>(what.edits >= 0           ? std::min(what.edits, 2)
                                                  : length < what.auto_low  ? 0
                                                  : length < what.auto_high ? 1
                                                                            : 2);
    if (edits == 0) return term({what.field, what.value}, boost, scored);
    struct candidate {
        std::string term;
        float similarity;
    };
    struct walk {
        const std::vector<char32_t>& wanted;
        const fuzzy_query& what;
        std::uint32_t edits;
        std::string prefix;
        std::vector<candidate> found;
    } state{wanted, what, edits, {}, {}};
    for (std::size_t at = 0;
         at < what.value.size() && state.prefix.size() < what.value.size() && code_points(state.prefix).size() < what.prefix_length; ++at) {
        state.prefix.push_back(what.value[at]);
    }
    over_.vocabulary(
        *named, state.prefix,
        [](void* context, std::string_view term) {
            auto& in = *static_cast<walk*>(context);
            if (!term.starts_with(in.prefix)) return false;
            const auto points = code_points(term);
            const auto distance = edit_distance(points, in.wanted, in.edits, in.what.transpositions);
            if (distance > in.edits) return true;
            const auto shorter = static_cast<float>(std::min(points.size(), in.wanted.size()));
            const float similarity = distance == 0 ? 1.0f : 1.0f - static_cast<float>(distance) / shorter;
            in.found.push_back({std::string(term), std::max(0.0f, similarity)});
            return true;
        },
        &state);
    std::ranges::sort(state.found, [](const candidate& a, const candidate& b) {
        return a.similarity != b.similarity ? a.similarity > b.similarity : a.term < b.term;
    });
    if (state.found.size() > what.max_expansions) state.found.resize(what.max_expansions);
    std::vector<std::pair<shared_postings, float>> lists;
    std::int64_t frequency = 0;
    for (const auto& each : state.found) {
        auto list = over_.postings(*named, each.term, false);
        const auto own = over_.document_frequency(*list);
        if (own == 0) continue;
        frequency = std::max(frequency, own);
        lists.emplace_back(std::move(list), each.similarity);
    }
    std::vector<node_pointer> nodes;
    for (auto& [list, similarity] : lists) {
        if (similarity > 0)
            nodes.push_back(with_frequency(*named, std::move(list), frequency, boost * similarity));
        else
            nodes.push_back(make_constant_node(make_term_node(over_, std::move(list), 1, nullptr), 0));
    }
    if (nodes.empty()) return make_none_node();
    return nodes.size() == 1 ? std::move(nodes.front()) : make_disjunction_node(std::move(nodes), 1);
}

node_pointer query_compiler::phrase(const phrase_query& what, float boost) {
    const auto* named = field(what.field);
    if (named == nullptr || named->kind != field_kind::text || what.slots.empty()) return make_none_node();
    phrase_parts parts;
    parts.field = named->number;
    parts.slop = what.slop;
    double idf = 0;
    std::vector<std::vector<std::string>> groups;
    for (const auto& slot : what.slots) {
        auto terms = slot.prefix ? expand_prefix(*named, slot.terms.at(0), what.max_expansions) : slot.terms;
        std::ranges::sort(terms);
        auto& made = parts.slots.emplace_back();
        made.offset = slot.position;
        const auto group = std::ranges::find(groups, terms);
        made.group = static_cast<std::uint32_t>(group - groups.begin());
        if (group == groups.end()) groups.push_back(terms);
        for (const auto& term : terms) {
            auto list = over_.postings(*named, term, true);
            const auto frequency = over_.document_frequency(*list);
            if (frequency == 0) continue;
            idf += inverse_document_frequency(over_.totals(named->number).documents, frequency);
            made.lists.push_back(std::move(list));
        }
        if (made.lists.empty()) return make_none_node();
    }
    const auto first = std::ranges::min(parts.slots, {}, [](const auto& each) { return each.offset; }).offset;
    for (auto& each : parts.slots) each.offset -= first;
    parts.weight = term_weight(boost, static_cast<float>(idf), over_.plan().similarity);
    parts.factors = factors(named->number);
    if (parts.slots.size() == 1) {
        std::vector<node_pointer> any;
        for (const auto& slot : what.slots) {
            if (slot.prefix) {
                for (const auto& term : expand_prefix(*named, slot.terms.at(0), what.max_expansions))
                    any.push_back(this->term({what.field, term}, boost, true));
            } else if (slot.terms.size() > 1) {
                any.push_back(synonym({what.field, slot.terms}, boost));
            } else {
                any.push_back(this->term({what.field, slot.terms.at(0)}, boost, true));
            }
        }
        return any.size() == 1 ? std::move(any.front()) : make_disjunction_node(std::move(any), 1);
    }
    return make_phrase_node(over_, std::move(parts));
}

}  // namespace hem::search::embedded::detail
