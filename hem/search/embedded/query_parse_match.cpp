// The full text queries of the DSL: match, its phrase kinds, multi_match, and the bodies of the query string languages.
#include "hem/search/embedded/query_parse_detail.hpp"

#include <algorithm>
#include <array>

namespace hem::search::embedded::detail {

namespace {

std::string_view token_name(const json& value) {
    if (value.is_object()) return "START_OBJECT";
    if (value.is_array()) return "START_ARRAY";
    if (value.is_string()) return "VALUE_STRING";
    if (value.is_number()) return "VALUE_NUMBER";
    if (value.is_bool()) return "VALUE_BOOLEAN";
    return "VALUE_NULL";
}

class converter : public value_converter {
public:
    converter(const query_context& context, bool lenient) : context_(context), lenient_(lenient) {}
    std::optional<query> exact(const field_spec& field, std::string_view text) const override {
        try {
            return term_of(context_.schema.fields.find(field.name), field.name, json(text), context_);
        } catch (const query_shard_fault&) {
            if (lenient_) return std::nullopt;
            throw;
        }
    }

private:
    const query_context& context_;
    bool lenient_;
};

const field_plan& plan_of(const query_context& context) {
    static const field_plan none = [] {
        field_plan out;
        out.analyzers = std::make_shared<analyzer_registry>();
        return out;
    }();
    return context.view ? context.view->plan() : none;
}

// The options that match and multi_match share. False: not one of them.
bool match_option(match_options& into, const std::string& key, const json& value, const query_context& context, bool& lenient) {
    if (key == "operator") {
        const std::string text = text_of(value);
        if (text != "and" && text != "or" && text != "AND" && text != "OR" && text != "And" && text != "Or")
            throw illegal_argument("No enum constant org.opensearch.index.query.Operator." + text);
        into.all_terms = text[0] == 'a' || text[0] == 'A';
    } else if (key == "minimum_should_match")
        into.minimum_should_match = text_of(value);
    else if (key == "analyzer") {
        into.with = context.schema.analyzers->find(text_of(value));
        if (into.with == nullptr)
            throw query_shard_fault{rest_error(400, "query_shard_exception", "[match] analyzer [" + text_of(value) + "] not found")
                                        .with("index", context.index)
                                        .with("index_uuid", context.uuid)};
    } else if (key == "fuzziness")
        fuzziness(into, value);
    else if (key == "prefix_length")
        into.prefix_length = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(value, key), 0));
    else if (key == "max_expansions") {
        const std::int64_t most = whole_of(value, key);
        if (most <= 0) throw illegal_argument("[match] requires maxExpansions to be positive.");
        into.max_expansions = static_cast<std::uint32_t>(most);
    } else if (key == "fuzzy_transpositions")
        into.transpositions = flag_of(value, key);
    else if (key == "lenient")
        lenient = flag_of(value, key);
    else if (key == "zero_terms_query") {
        const std::string text = text_of(value);
        if (text != "all" && text != "none" && text != "ALL" && text != "NONE")
            throw parsing_fault("Unsupported zero_terms_query value [" + text + "]", key);
        into.zero_terms_all = text[0] == 'a' || text[0] == 'A';
    } else if (key == "slop") {
        const std::int64_t slop = whole_of(value, key);
        if (slop < 0) throw illegal_argument("No negative slop allowed.");
        into.slop = static_cast<std::uint32_t>(slop);
    } else if (key == "auto_generate_synonyms_phrase_query") {
        into.synonym_phrases = flag_of(value, key);
    } else if (key == "fuzzy_rewrite" || key == "cutoff_frequency" || key == "rewrite")
        throw unsupported("the query parameter [" + key + "]");
    else
        return false;
    return true;
}

}  // namespace

query parse_match(std::string_view name, match_kind kind, const json& body, const query_context& context) {
    const auto& [field, value] = one_field(name, body);
    query outer;
    match_options options;
    bool lenient = false;
    const json* text = &value;
    if (value.is_object()) {
        text = nullptr;
        for (const auto& [key, option] : value.items()) {
            if (key == "query") {
                text = &option;
                continue;
            }
            if (common_option(outer, key, option)) continue;
            const bool slop = key == "slop" && kind == match_kind::terms;
            const bool terms_only = (key == "operator" || key == "fuzziness" || key == "prefix_length" || key == "fuzzy_transpositions" ||
                                     key == "minimum_should_match" || key == "lenient") &&
                                    (kind == match_kind::phrase || kind == match_kind::phrase_prefix);
            if (slop || terms_only || !match_option(options, key, option, context, lenient)) no_support(name, key);
        }
        if (text == nullptr) throw parsing_fault("No text specified for text query", field);
    }
    if (text->is_null() || text->is_object() || text->is_array()) {
        if (text->is_null()) throw illegal_argument("[" + std::string(name) + "] requires query value");
        throw parsing_fault("[" + std::string(name) + "] unknown token [" + std::string(token_name(*text)) + "] after [" +
                                (text == &value ? field : std::string("query")) + "]",
                            field);
    }
    const mapped_field* mapped = context.schema.fields.find(field);
    options.boost = outer.boost;
    query out;
    if (mapped != nullptr && mapped->type != field_type::text && mapped->type != field_type::keyword) {
        if (kind == match_kind::phrase_prefix || kind == match_kind::bool_prefix)
            throw shard_fault(context, "Can only use phrase prefix queries on text fields - not on [" + field + "] which is of type [" +
                                           std::string(to_string(mapped->type)) + "]");
        try {
            out = term_of(mapped, field, *text, context);
            out.boost *= options.boost;
        } catch (const query_shard_fault&) {
            if (!lenient) throw;
            out = make_query(match_none_query{});
        }
    } else {
        const converter convert(context, lenient);
        out = mapped == nullptr ? make_query(match_none_query{})
                                : make_match(plan_of(context), mapped->path, text_of(*text), kind, options, &convert);
    }
    out.name = outer.name;
    return out;
}

query parse_multi_match(const json& body, const query_context& context) {
    object_body("multi_match", body);
    query outer;
    match_options options;
    std::vector<std::string> names;
    multi_match_type type = multi_match_type::best_fields;
    std::optional<float> tie;
    bool lenient = false;
    const json* text = nullptr;
    for (const auto& [key, value] : body.items()) {
        if (key == "query")
            text = &value;
        else if (key == "fields") {
            if (value.is_string())
                names.push_back(value.as_string());
            else if (value.is_array())
                for (const json& one : value.elements()) names.push_back(text_of(one));
            else
                throw parsing_fault("[multi_match] query does not support [fields]", key);
        } else if (key == "type") {
            static constexpr std::pair<std::string_view, multi_match_type> types[]{
                {"best_fields", multi_match_type::best_fields},     {"most_fields", multi_match_type::most_fields},
                {"cross_fields", multi_match_type::cross_fields},   {"phrase", multi_match_type::phrase},
                {"phrase_prefix", multi_match_type::phrase_prefix}, {"bool_prefix", multi_match_type::bool_prefix}};
            const auto* known =
                std::find_if(std::begin(types), std::end(types), [&](const auto& one) { return one.first == text_of(value); });
            if (known == std::end(types))
                throw rest_error(400, "parse_exception",
                                 "failed to parse [multi_match] query type [" + text_of(value) + "]. unknown type.");
            type = known->second;
        } else if (key == "tie_breaker")
            tie = float_of(value, key);
        else if (!common_option(outer, key, value) && !match_option(options, key, value, context, lenient))
            throw parsing_fault("[multi_match] query does not support [" + key + "]", key);
    }
    if (text == nullptr) throw parsing_fault("No text specified for multi_match query", "multi_match");
    options.boost = outer.boost;
    std::vector<weighted_field> fields = names.empty() ? default_fields(context, lenient) : expand_fields(names, context);
    if (type == multi_match_type::phrase || type == multi_match_type::phrase_prefix || type == multi_match_type::bool_prefix)
        if (options.fuzziness && type != multi_match_type::bool_prefix)
            throw parsing_fault("Fuzziness not allowed for type [" +
                                    std::string(type == multi_match_type::phrase ? "phrase" : "phrase_prefix") + "]",
                                "fuzziness");
    const converter convert(context, lenient);
    query out = context.view ? make_multi_match(context.view, fields, text_of(*text), type, tie, options, &convert)
                             : make_query(match_none_query{});
    out.name = outer.name;
    return out;
}

query parse_string_query(bool simple, const json& body, const query_context& context) {
    const std::string_view name = simple ? "simple_query_string" : "query_string";
    object_body(name, body);
    query outer;
    query_string_options options;
    options.simple = simple;
    std::vector<std::string> names;
    const json* text = nullptr;
    for (const auto& [key, value] : body.items()) {
        if (key == "query")
            text = &value;
        else if (key == "fields" && value.is_array())
            for (const json& one : value.elements()) names.push_back(text_of(one));
        else if (key == "default_field" && !simple)
            names.push_back(text_of(value));
        else if (key == "default_operator") {
            const std::string word = text_of(value);
            if (word != "and" && word != "or" && word != "AND" && word != "OR")
                throw illegal_argument("No enum constant org.opensearch.index.query.Operator." + word);
            options.all_terms = word[0] == 'a' || word[0] == 'A';
        } else if (key == "lenient")
            options.lenient = flag_of(value, key);
        else if (key == "analyzer") {
            options.with = context.schema.analyzers->find(text_of(value));
            if (options.with == nullptr)
                throw shard_fault(context, "[" + std::string(name) + "] analyzer [" + text_of(value) + "] not found");
        } else if (key == "phrase_slop" && !simple)
            options.phrase_slop = static_cast<std::uint32_t>(std::max<std::int64_t>(whole_of(value, key), 0));
        else if (key == "allow_leading_wildcard" && !simple)
            options.allow_leading_wildcard = flag_of(value, key);
        else if (key == "minimum_should_match")
            options.minimum_should_match = text_of(value);
        else if (!common_option(outer, key, value)) {
            static constexpr std::array<std::string_view, 17> known{"flags",
                                                                    "analyze_wildcard",
                                                                    "fuzziness",
                                                                    "fuzzy_prefix_length",
                                                                    "fuzzy_max_expansions",
                                                                    "fuzzy_transpositions",
                                                                    "type",
                                                                    "tie_breaker",
                                                                    "quote_field_suffix",
                                                                    "quote_analyzer",
                                                                    "time_zone",
                                                                    "rewrite",
                                                                    "escape",
                                                                    "enable_position_increments",
                                                                    "auto_generate_synonyms_phrase_query",
                                                                    "max_determinized_states",
                                                                    "fuzzy_rewrite"};
            if (std::find(known.begin(), known.end(), key) != known.end())
                throw unsupported("the " + std::string(name) + " parameter [" + key + "]");
            throw parsing_fault("[" + std::string(name) + "] query does not support [" + key + "]", key);
        }
    }
    if (text == nullptr) throw parsing_fault("[" + std::string(name) + "] must be provided with a [query]", name);
    if (names.empty() || (names.size() == 1 && names.front() == "*"))
        options.fields = default_fields(context, options.lenient);
    else
        options.fields = expand_fields(names, context);
    query out = parse_query_string(text_of(*text), options, context);
    out.boost *= outer.boost;
    out.name = outer.name;
    return out;
}

}  // namespace hem::search::embedded::detail
