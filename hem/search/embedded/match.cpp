#include "hem/search/embedded/match.hpp"

#include "hem/search/embedded/rest_error.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace hem::search::embedded {

namespace {

// The analysed text: terms by position, in order.
struct position_terms {
    std::uint32_t position;
    std::vector<std::string> terms;
    bool ends_text = false;  // nothing of the text stands behind it
};

// `distinct` leaves out what stands twice at a position; where terms are counted together, both count.
std::vector<position_terms> analysed(std::vector<owned_token> tokens, std::string_view text, bool distinct) {
    std::vector<position_terms> all;
    for (auto& each : tokens) {
        if (all.empty() || all.back().position != each.position) all.push_back({each.position, {}});
        all.back().ends_text = each.end == text.size();
        auto& terms = all.back().terms;
        if (!distinct || std::ranges::find(terms, each.text) == terms.end()) terms.push_back(std::move(each.text));
    }
    return all;
}

query term_or_synonym(const std::string& field, const position_terms& at, const match_options& options) {
    if (at.terms.size() > 1) return make_query(synonym_query{field, at.terms});
    if (!options.fuzziness.has_value() || *options.fuzziness == 0) return make_query(term_query{field, at.terms.front()});
    return make_query(fuzzy_query{.field = field,
                                  .value = at.terms.front(),
                                  .edits = *options.fuzziness,
                                  .prefix_length = options.prefix_length,
                                  .max_expansions = options.max_expansions,
                                  .transpositions = options.transpositions,
                                  .auto_low = options.auto_low,
                                  .auto_high = options.auto_high});
}

query combined(std::vector<query> clauses, const match_options& options) {
    if (clauses.size() == 1) return std::move(clauses.front());
    boolean_query made;
    if (options.all_terms) {
        made.must = std::move(clauses);
    } else {
        if (!options.minimum_should_match.empty()) {
            made.minimum_should_match = parse_minimum_should_match(options.minimum_should_match, static_cast<int>(clauses.size()));
        }
        made.should = std::move(clauses);
    }
    return make_query(std::move(made));
}

// A stretch of an analysed text between two positions that no token spans: one position, or the ways that synonyms of several words open.
struct stretch {
    std::vector<owned_token> tokens;
    std::uint32_t end = 0;
    bool branches = false;
};

bool has_branches(const std::vector<owned_token>& tokens) {
    bool any = false;
    for (const auto& each : tokens) {
        if (each.type == token_type::shingle) return false;  // they only look like branches
        any = any || each.position_length > 1;
    }
    return any;
}

std::vector<stretch> stretches_of(std::vector<owned_token> tokens) {
    std::vector<stretch> all;
    for (auto& each : tokens) {
        if (all.empty() || each.position >= all.back().end) all.push_back({});
        auto& last = all.back();
        last.end = std::max(last.end, each.position + each.position_length);
        last.branches = last.branches || each.position_length > 1;
        last.tokens.push_back(std::move(each));
    }
    return all;
}

// One way through tokens: each is a step further than the one before, whatever it spans; a position without a token is a step, too.
struct way_token {
    const owned_token* token;
    std::uint32_t place;
};
using way = std::vector<way_token>;

void each_way(const std::vector<owned_token>& tokens, std::uint32_t at, std::uint32_t end, std::uint32_t place, way& so_far,
              std::vector<way>& ways) {
    if (at >= end) {
        ways.push_back(so_far);
        if (ways.size() > 1024) throw query_error("maxClauseCount is set to 1024");
        return;
    }
    bool any = false;
    for (const auto& each : tokens) {
        if (each.position != at) continue;
        any = true;
        so_far.push_back({&each, place});
        each_way(tokens, at + each.position_length, end, place + 1, so_far, ways);
        so_far.pop_back();
    }
    if (!any) each_way(tokens, at + 1, end, place + 1, so_far, ways);
}

query one_way(const std::string& field, const way& along, bool phrase, const match_options& options) {
    if (along.size() == 1) return term_or_synonym(field, {0, {along[0].token->text}}, options);
    if (phrase) {
        phrase_query made{.field = field, .slots = {}, .slop = options.slop};
        for (const auto& each : along) made.slots.push_back({{each.token->text}, each.place, false});
        return make_query(std::move(made));
    }
    boolean_query made;
    for (const auto& each : along) made.must.push_back(make_query(term_query{field, each.token->text}));
    return make_query(std::move(made));
}

// Some of several words and some of one: the ways side by side, and between them what the text says anyway.
query on_branches(const std::string& field, std::vector<owned_token> tokens, match_kind kind, const match_options& options) {
    const auto ways_of = [&](const std::vector<owned_token>& given, std::uint32_t end, bool phrase) {
        std::vector<way> ways;
        way so_far;
        each_way(given, given.front().position, end, 0, so_far, ways);
        boolean_query any;
        for (const auto& each : ways) any.should.push_back(one_way(field, each, phrase, options));
        return make_query(std::move(any));
    };
    if (kind == match_kind::phrase && options.slop > 0) {
        std::uint32_t end = 0;
        for (const auto& each : tokens) end = std::max(end, each.position + each.position_length);
        return ways_of(tokens, end, true);
    }
    if (kind != match_kind::terms) throw unsupported("a phrase or a prefix over synonyms of several words");
    std::vector<query> clauses;
    for (const auto& each : stretches_of(std::move(tokens))) {
        if (each.branches) {
            clauses.push_back(ways_of(each.tokens, each.end, options.synonym_phrases));
            continue;
        }
        position_terms at{each.tokens.front().position, {}};
        for (const auto& one : each.tokens) at.terms.push_back(one.text);
        clauses.push_back(term_or_synonym(field, at, options));
    }
    return combined(std::move(clauses), options);
}

query on_text(const std::string& field, const analyzer& with, std::string_view text, match_kind kind, const match_options& options) {
    auto tokens = with.tokens(text);
    if (has_branches(tokens)) return on_branches(field, std::move(tokens), kind, options);
    const auto positions = analysed(std::move(tokens), text, kind == match_kind::phrase || kind == match_kind::phrase_prefix);
    if (positions.empty()) return options.zero_terms_all ? make_query(match_all_query{}) : make_query(match_none_query{});
    if (kind == match_kind::terms || kind == match_kind::bool_prefix) {
        std::vector<query> clauses;
        for (const auto& each : positions) {
            // A word that something follows, if only a space or a stop word, is whole.
            const bool last = kind == match_kind::bool_prefix && &each == &positions.back() && each.ends_text;
            if (last)
                clauses.push_back(make_query(prefix_query{field, each.terms.front()}));
            else
                clauses.push_back(term_or_synonym(field, each, options));
        }
        return combined(std::move(clauses), options);
    }
    if (positions.size() == 1 && kind == match_kind::phrase) {
        auto plain = options;
        plain.fuzziness.reset();
        return term_or_synonym(field, positions.front(), plain);
    }
    phrase_query made{.field = field, .slots = {}, .slop = options.slop, .max_expansions = options.max_expansions};
    for (const auto& each : positions) made.slots.push_back({each.terms, each.position, false});
    if (kind == match_kind::phrase_prefix) {
        made.slots.back().terms.resize(1);
        made.slots.back().prefix = true;
    }
    return make_query(std::move(made));
}

query on_value(const field_spec& field, std::string_view text, match_kind kind, const match_options& options,
               const value_converter* convert) {
    if (field.kind == field_kind::keyword && (kind == match_kind::bool_prefix || kind == match_kind::phrase_prefix)) {
        return make_query(prefix_query{field.name, std::string(text)});
    }
    if (field.kind == field_kind::keyword && options.fuzziness.value_or(0) != 0) {
        return term_or_synonym(field.name, {0, {std::string(text)}, true}, options);
    }
    if (convert == nullptr) return make_query(term_query{field.name, std::string(text)});
    auto exact = convert->exact(field, text);
    return exact.has_value() ? std::move(*exact) : make_query(match_none_query{});
}

// ---- cross_fields -----------------------------------------------------------------------------------------------------------------

struct blended_field {
    const field_spec* field;
    float boost;
};

// One term over several fields as if they were one: the rarer fields get the frequency of the most frequent, slightly raised.
query blended(const snapshot& over, const std::vector<blended_field>& fields, const std::string& term, float tie_breaker) {
    struct counted {
        const blended_field* in;
        std::int64_t frequency;
    };
    std::vector<counted> counts;
    std::int64_t most = 0, least_tokens = INT64_MAX;
    for (const auto& each : fields) {
        counts.push_back({&each, document_frequency(over, each.field->name, term)});
        most = std::max(most, counts.back().frequency);
        least_tokens = std::min(least_tokens, field_statistics(over, each.field->name).terms);
    }
    if (most == 0) return make_query(match_none_query{});
    most = std::min(most, least_tokens);
    std::vector<counted*> order;
    for (auto& each : counts) order.push_back(&each);
    std::ranges::sort(
        order, [](const counted* a, const counted* b) { return a->frequency != b->frequency ? a->frequency > b->frequency : a < b; });
    std::map<const blended_field*, std::int64_t> adjusted;
    std::int64_t before = order.front()->frequency, now = most;
    for (const auto* each : order) {
        if (each->frequency == 0) break;
        if (before > each->frequency) ++now;
        before = each->frequency;
        adjusted[each->in] = std::min(now, field_statistics(over, each->in->field->name).documents);
    }
    dis_max_query made;
    made.tie_breaker = tie_breaker;
    for (const auto& each : fields) {
        const auto found = adjusted.find(&each);
        if (found != adjusted.end())
            made.queries.push_back(make_query(blended_term_query{each.field->name, term, found->second}, each.boost));
    }
    if (made.queries.size() == 1) return std::move(made.queries.front());
    return make_query(std::move(made));
}

query cross_fields(const snapshot& over, const std::vector<blended_field>& fields, std::string_view text, float tie_breaker,
                   const match_options& options, const value_converter* convert) {
    const auto& plan = over->plan();
    std::vector<query> groups;
    std::vector<std::pair<const analyzer*, std::vector<blended_field>>> by_analyzer;
    for (const auto& each : fields) {
        if (each.field->kind != field_kind::text) {
            auto exact = on_value(*each.field, text, match_kind::terms, options, convert);
            exact.boost *= each.boost;
            groups.push_back(std::move(exact));
            continue;
        }
        const auto* with = options.with != nullptr ? options.with : &plan.search_analyzer(*each.field);
        const auto found = std::ranges::find(by_analyzer, with, [](const auto& group) { return group.first; });
        if (found == by_analyzer.end())
            by_analyzer.push_back({with, {each}});
        else
            found->second.push_back(each);
    }
    for (const auto& [with, members] : by_analyzer) {
        std::vector<query> clauses;
        auto tokens = with->tokens(text);
        if (has_branches(tokens)) throw unsupported("cross_fields over synonyms of several words");
        for (const auto& at : analysed(std::move(tokens), text, true)) {
            std::vector<query> any;
            for (const auto& term : at.terms) any.push_back(blended(over, members, term, tie_breaker));
            if (any.size() == 1)
                clauses.push_back(std::move(any.front()));
            else
                clauses.push_back(make_query(dis_max_query{std::move(any), 0}));
        }
        if (clauses.empty())
            groups.push_back(options.zero_terms_all ? make_query(match_all_query{}) : make_query(match_none_query{}));
        else
            groups.push_back(combined(std::move(clauses), options));
    }
    if (groups.size() == 1) return std::move(groups.front());
    return make_query(dis_max_query{std::move(groups), tie_breaker});
}

}  // namespace

query make_match(const field_plan& plan, std::string_view field, std::string_view text, match_kind kind, const match_options& options,
                 const value_converter* convert) {
    const auto* named = plan.find(field);
    if (named == nullptr) return make_query(match_none_query{});
    auto made = named->kind == field_kind::text
                    ? on_text(named->name, options.with != nullptr ? *options.with : plan.search_analyzer(*named), text, kind, options)
                    : on_value(*named, text, kind, options, convert);
    made.boost *= options.boost;
    return made;
}

query make_multi_match(const snapshot& over, const std::vector<weighted_field>& fields, std::string_view text, multi_match_type type,
                       std::optional<float> tie_breaker, const match_options& options, const value_converter* convert) {
    const auto& plan = over->plan();
    const bool summed = type == multi_match_type::most_fields || type == multi_match_type::bool_prefix;
    const float tie = tie_breaker.value_or(summed ? 1.0f : 0.0f);
    query whole = make_query(match_none_query{});
    if (type == multi_match_type::cross_fields) {
        std::vector<blended_field> mapped;
        for (const auto& each : fields) {
            if (const auto* named = plan.find(each.name)) mapped.push_back({named, each.boost});
        }
        if (!mapped.empty()) whole = cross_fields(over, mapped, text, tie, options, convert);
        whole.boost *= options.boost;
        return whole;
    }
    match_kind kind = match_kind::terms;
    if (type == multi_match_type::phrase) kind = match_kind::phrase;
    if (type == multi_match_type::phrase_prefix) kind = match_kind::phrase_prefix;
    if (type == multi_match_type::bool_prefix) kind = match_kind::bool_prefix;
    auto per_field = options;
    std::vector<query> queries;
    for (const auto& each : fields) {
        if (plan.find(each.name) == nullptr) continue;
        per_field.boost = each.boost;
        queries.push_back(make_match(plan, each.name, text, kind, per_field, convert));
    }
    if (queries.size() == 1)
        whole = std::move(queries.front());
    else if (!queries.empty())
        whole = make_query(dis_max_query{std::move(queries), tie});
    whole.boost *= options.boost;
    return whole;
}

int parse_minimum_should_match(std::string_view text, int clauses) {
    auto bad = [&]() -> query_error { return query_error("For input string: \"" + std::string(text) + "\" as minimum_should_match"); };
    auto one = [&](std::string_view part) {
        const bool percent = part.ends_with('%');
        if (percent) part.remove_suffix(1);
        if (part.starts_with('+')) part.remove_prefix(1);
        int value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc() || end != part.data() + part.size() || part.empty()) throw bad();
        if (!percent) return value < 0 ? clauses + value : value;
        const int share = static_cast<int>(static_cast<std::int64_t>(clauses) * value / 100);
        return value < 0 ? clauses + share : share;
    };
    auto clamped = [&](int value) { return std::clamp(value, 0, clauses); };
    if (text.find('<') == std::string_view::npos) {
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (text.ends_with(' ')) text.remove_suffix(1);
        return clamped(one(text));
    }
    int result = clauses;
    for (std::size_t at = 0; at < text.size();) {
        while (at < text.size() && text[at] == ' ') ++at;
        auto end = text.find(' ', at);
        if (end == std::string_view::npos) end = text.size();
        const auto part = text.substr(at, end - at);
        at = end;
        if (part.empty()) continue;
        const auto less = part.find('<');
        int bound = 0;
        if (less == std::string_view::npos || less == 0) throw bad();
        const auto [stop, error] = std::from_chars(part.data(), part.data() + less, bound);
        if (error != std::errc() || stop != part.data() + less) throw bad();
        if (clauses <= bound) return clamped(result);
        result = one(part.substr(less + 1));
    }
    return clamped(result);
}

}  // namespace hem::search::embedded
