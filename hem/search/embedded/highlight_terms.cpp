// What a query looks for, for highlighting.
#include "hem/search/embedded/patterns.hpp"
#include "hem/search/embedded/query_compile.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

struct collector {
    const snapshot& over;
    std::vector<highlight_term> found;
    int phrases = 0;

    void add(const std::string& field, std::string text, highlight_term::kind what = highlight_term::kind::term) {
        found.push_back({.field = field, .text = std::move(text), .what = what});
    }
    void all(const std::vector<query>& clauses) {
        for (const auto& each : clauses) visit(each);
    }
    void visit(const query& what) {
        std::visit([this](const auto& node) { take(node); }, what.node);
    }

    void take(const match_all_query&) {}
    void take(const match_none_query&) {}
    void take(const range_query&) {}
    void take(const exists_query&) {}
    void take(const ids_query&) {}
    void take(const term_query& node) { add(node.field, detail::term_text(node.value)); }
    void take(const terms_query& node) {
        for (const auto& each : node.values) add(node.field, detail::term_text(each));
    }
    void take(const prefix_query& node) { add(node.field, node.prefix, highlight_term::kind::prefix); }
    void take(const wildcard_query& node) { add(node.field, node.pattern, highlight_term::kind::pattern); }
    void take(const regexp_query& node) {
        const detail::regular_expression pattern(node.pattern, node.case_insensitive);
        from_dictionary(node.field, [&](std::string_view term) { return pattern.matches(term); });
    }
    void take(const fuzzy_query& node) {
        const auto wanted = detail::code_points(node.value);
        const auto length = static_cast<int>(wanted.size());
        const auto edits = static_cast<std::uint32_t>(node.edits >= 0           ? std::min(node.edits, 2)
                                                      : length < node.auto_low  ? 0
                                                      : length < node.auto_high ? 1
                                                                                : 2);
        from_dictionary(node.field, [&](std::string_view term) {
            return detail::edit_distance(detail::code_points(term), wanted, edits, node.transpositions) <= edits;
        });
    }
    void take(const phrase_query& node) {
        const int number = phrases++;
        for (const auto& slot : node.slots) {
            for (const auto& term : slot.terms) {
                found.push_back({.field = node.field,
                                 .text = term,
                                 .what = slot.prefix ? highlight_term::kind::prefix : highlight_term::kind::term,
                                 .phrase = number,
                                 .position = slot.position});
            }
        }
    }
    void take(const synonym_query& node) {
        for (const auto& each : node.terms) add(node.field, each);
    }
    void take(const blended_term_query& node) { add(node.field, node.term); }
    void take(const boolean_query& node) {
        all(node.must);
        all(node.filter);
        all(node.should);
    }
    void take(const constant_score_query& node) { all(node.filter); }
    void take(const dis_max_query& node) { all(node.queries); }
    void take(const boosting_query& node) { all(node.positive); }

    template <class Match>
    void from_dictionary(const std::string& field, Match match) {
        const auto& in = static_cast<const detail::index_generation&>(*over);
        const auto* named = in.plan().find(field);
        if (named == nullptr || (named->kind != field_kind::text && named->kind != field_kind::keyword)) return;
        struct walk {
            collector& to;
            const std::string& field;
            Match& match;
            int left = 1024;
        } state{*this, field, match};
        in.vocabulary(
            *named, "",
            [](void* context, std::string_view term) {
                auto& walking = *static_cast<walk*>(context);
                if (walking.match(term)) {
                    walking.to.add(walking.field, std::string(term));
                    --walking.left;
                }
                return walking.left > 0;
            },
            &state);
    }
};

}  // namespace

std::vector<highlight_term> highlight_terms(const snapshot& over, const query& what) {
    collector made{over, {}};
    made.visit(what);
    return std::move(made.found);
}

}  // namespace hem::search::embedded
