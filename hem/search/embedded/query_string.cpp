// The language of `query_string` (Lucene's classic syntax), and the entry to both query string languages.
#include "hem/search/embedded/query_string_detail.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded {

namespace {

// The text cannot be parsed; becomes `Failed to parse query [...]`.
struct syntax_fault {
    std::string what;
};

enum class occur : std::uint8_t { should, must, must_not };

struct clause {
    occur how = occur::should;
    query what;
};

class parser {
public:
    parser(std::string_view text, const query_string_options& options, const query_context& context)
        : text_(text), options_(options), context_(context) {}

    query all() {
        query out = group(0, false);
        if (at_ < text_.size()) throw syntax_fault{"Encountered \" \")\" \") \"\" at line 1, column " + std::to_string(at_) + "."};
        return out;
    }

private:
    static constexpr std::size_t max_depth = 200;

    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r' ||
                                      text_.substr(at_).starts_with("\u3000")))
            at_ += text_[at_] == '\xE3' ? 3 : 1;
    }

    bool word(std::string_view expected) {
        if (!text_.substr(at_).starts_with(expected)) return false;
        const std::size_t end = at_ + expected.size();
        if (expected != "&&" && expected != "||" && end < text_.size() &&
            std::string_view(" \t\n\r()").find(text_[end]) == std::string_view::npos)
            return false;
        at_ = end;
        return true;
    }

    // Clauses up to the closing bracket or the end; AND, OR and NOT bind as Lucene's classic parser binds them.
    query group(std::size_t depth, bool inner) {
        if (depth > max_depth) throw syntax_fault{"too many brackets"};
        std::vector<clause> clauses;
        bool any = false;
        while (true) {
            skip_space();
            if (at_ >= text_.size() || (inner && text_[at_] == ')')) break;
            bool conjunction = false;
            bool disjunction = false;
            if (any) {
                if (word("AND") || word("&&"))
                    conjunction = true;
                else if (word("OR") || word("||"))
                    disjunction = true;
                skip_space();
            }
            occur how = options_.all_terms ? occur::must : occur::should;
            bool given = false;
            if (word("NOT") || (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '!') && take())) {
                how = occur::must_not;
                given = true;
            } else if (at_ < text_.size() && text_[at_] == '+' && take()) {
                how = occur::must;
                given = true;
            }
            skip_space();
            if (at_ >= text_.size()) throw syntax_fault{"Encountered \"<EOF>\" at line 1, column " + std::to_string(text_.size()) + "."};
            query made = one(depth);
            // AND makes the clause before it required, OR under a default of AND makes it optional.
            if (conjunction && !clauses.empty() && clauses.back().how == occur::should) clauses.back().how = occur::must;
            if (disjunction && options_.all_terms && !clauses.empty() && clauses.back().how == occur::must)
                clauses.back().how = occur::should;
            if (!given) how = conjunction ? occur::must : disjunction ? occur::should : how;
            any = true;
            clauses.push_back({how, std::move(made)});
        }
        if (clauses.empty()) {
            if (inner || !text_.empty()) {
                if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) return make_query(match_none_query{});
                throw syntax_fault{"Encountered \" \")\" \") \"\" at line 1, column " + std::to_string(at_) + "."};
            }
            return make_query(match_none_query{});
        }
        if (clauses.size() == 1 && clauses.front().how != occur::must_not) return std::move(clauses.front().what);
        boolean_query out;
        for (clause& each : clauses) {
            // What analysis left nothing of takes no part.
            if (std::holds_alternative<match_none_query>(each.what.node) && each.what.name == "_empty") continue;
            (each.how == occur::must ? out.must : each.how == occur::must_not ? out.must_not : out.should).push_back(std::move(each.what));
        }
        if (!options_.minimum_should_match.empty() && !inner)
            out.minimum_should_match = parse_minimum_should_match(options_.minimum_should_match, static_cast<int>(out.should.size()));
        return make_query(std::move(out));
    }

    bool take() {
        ++at_;
        return true;
    }

    query one(std::size_t depth) {
        std::vector<weighted_field> fields = options_.fields;
        std::size_t colon = at_;
        std::string name;
        while (colon < text_.size() && std::string_view(" \t\n\r():\"[]{}^~+!/").find(text_[colon]) == std::string_view::npos) {
            if (text_[colon] == '\\' && colon + 1 < text_.size()) ++colon;
            name += text_[colon++];
        }
        std::optional<std::string> field;
        if (!name.empty() && colon < text_.size() && text_[colon] == ':') {
            at_ = colon + 1;
            field = name;
            skip_space();
            if (name == "_exists_") return exists();
            if (name == "*" && at_ < text_.size() && text_[at_] == '*') {
                ++at_;
                return boosted(make_query(match_all_query{}));
            }
            fields = expand_fields(std::span(&name, 1), context_);
            if (name == "_id") fields.push_back({name, 1});
        }
        if (at_ >= text_.size()) throw syntax_fault{"Encountered \"<EOF>\" at line 1, column " + std::to_string(text_.size()) + "."};
        const char c = text_[at_];
        if (c == '(') {
            ++at_;
            query_string_options inner_options = options_;
            if (field) inner_options.fields = fields;
            query out = within(inner_options, depth);
            if (at_ >= text_.size() || text_[at_] != ')')
                throw syntax_fault{"Encountered \"<EOF>\" at line 1, column " + std::to_string(text_.size()) + "."};
            ++at_;
            return boosted(std::move(out));
        }
        if (c == '"') return boosted(phrase(fields));
        if (c == '[' || c == '{') return boosted(range(fields));
        if (c == '/') return boosted(regexp(fields));
        if (c == '<' || c == '>') return boosted(comparison(fields));
        if (c == ')' || c == ']' || c == '}' || c == '^' || c == '~' || c == ':')
            throw syntax_fault{"Encountered \" \"" + std::string(1, c) + "\" \" at line 1, column " + std::to_string(at_) + "."};
        return boosted(term(fields, field.has_value()));
    }

    query within(const query_string_options& options, std::size_t depth) {
        parser inner(text_, options, context_);
        inner.at_ = at_;
        query out = inner.group(depth + 1, true);
        at_ = inner.at_;
        return out;
    }

    query exists() {
        const std::string name = plain_word(nullptr);
        const json body = json::object({{"exists", json::object({{"field", name}})}});
        return boosted(parse_query(body, context_));
    }

    query boosted(query made) {
        if (at_ < text_.size() && text_[at_] == '^') {
            ++at_;
            made.boost *= number(1);
        }
        return made;
    }

    float number(float fallback) {
        float out = fallback;
        const auto [end, code] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), out);
        if (code == std::errc()) at_ = static_cast<std::size_t>(end - text_.data());
        return out;
    }

    // Up to a sign of the syntax; escapes are resolved unless `pattern` asks for wildcards.
    std::string plain_word(bool* pattern) {
        std::string out;
        const std::size_t start = at_;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (std::string_view(" \t\n\r()\"[]{}^~:").find(c) != std::string_view::npos) break;
            if (c == '\\') {
                if (at_ + 1 >= text_.size()) throw syntax_fault{"Term can not end with escape character."};
                if (pattern != nullptr && (text_[at_ + 1] == '*' || text_[at_ + 1] == '?' || text_[at_ + 1] == '\\')) out += '\\';
                out += text_[at_ + 1];
                at_ += 2;
                continue;
            }
            if (pattern != nullptr && (c == '*' || c == '?')) *pattern = true;
            out += c;
            ++at_;
        }
        if (at_ == start)
            throw syntax_fault{"Encountered \" \"" + std::string(1, text_[at_]) + "\" \" at line 1, column " + std::to_string(at_) + "."};
        return out;
    }

    static std::string unescaped(std::string_view pattern) {
        std::string out;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
            out += pattern[i];
        }
        return out;
    }

    query over_fields(const std::vector<weighted_field>& fields, const auto& make) {
        std::vector<query> made;
        for (const weighted_field& field : fields) {
            const mapped_field* mapped = context_.schema.fields.find(field.name);
            if (mapped == nullptr && field.name != "_id") continue;
            try {
                query each = make(mapped, field.name);
                each.boost *= field.boost;
                if (!std::holds_alternative<match_none_query>(each.node)) made.push_back(std::move(each));
            } catch (const query_shard_fault&) {
                if (!options_.lenient) throw;
            }
        }
        if (made.empty()) {
            query none = make_query(match_none_query{});
            none.name = fields.empty() ? "" : "_empty";
            return none;
        }
        if (made.size() == 1) return std::move(made.front());
        dis_max_query best;
        best.queries = std::move(made);
        return make_query(std::move(best));
    }

    class exact_converter : public value_converter {
    public:
        explicit exact_converter(const query_context& context) : context_(context) {}
        std::optional<query> exact(const field_spec& field, std::string_view text) const override {
            return term_of(context_.schema.fields.find(field.name), field.name, json(text), context_);
        }

    private:
        const query_context& context_;
    };

    query analysed(const mapped_field* field, const std::string& path, std::string_view text, match_kind kind, std::uint32_t slop,
                   std::optional<int> edits = {}) {
        if (field == nullptr || (field->type != field_type::text && field->type != field_type::keyword))
            return term_of(field, path, json(text), context_);
        match_options options;
        options.all_terms = options_.all_terms;
        options.with = options_.with;
        options.slop = slop;
        options.fuzziness = edits;
        const exact_converter convert(context_);
        return context_.view ? make_match(context_.view->plan(), path, text, kind, options, &convert) : make_query(match_none_query{});
    }

    query term(const std::vector<weighted_field>& fields, bool named) {
        bool pattern = false;
        const std::string raw = plain_word(&pattern);
        if (raw == "*" && !named && fields.size() != 1) return make_query(match_all_query{});
        if (at_ < text_.size() && text_[at_] == '~') {
            ++at_;
            const std::size_t before = at_;
            const float edits = number(2);
            const int most = at_ == before ? -1 : static_cast<int>(std::min(edits, 2.0f));
            return over_fields(fields, [&](const mapped_field* field, const std::string& path) {
                if (field == nullptr || (field->type != field_type::text && field->type != field_type::keyword))
                    return make_query(match_none_query{});
                return make_query(fuzzy_query{path, lower(*field, unescaped(raw)), most});
            });
        }
        if (!pattern)
            return over_fields(fields, [&](const mapped_field* field, const std::string& path) {
                return analysed(field, path, unescaped(raw), match_kind::terms, 0);
            });
        if (raw == "*")
            return over_fields(fields, [&](const mapped_field*, const std::string& path) { return make_query(exists_query{path}); });
        if (!options_.allow_leading_wildcard && (raw[0] == '*' || raw[0] == '?'))
            throw syntax_fault{"'*' or '?' not allowed as first character in WildcardQuery"};
        return over_fields(fields, [&](const mapped_field* field, const std::string& path) -> query {
            if (field == nullptr || (field->type != field_type::text && field->type != field_type::keyword))
                return make_query(match_none_query{});
            const std::string folded = lower(*field, raw);
            const std::size_t sign = folded.find_first_of("*?\\");
            // Normalizing may leave nothing of what is no text.
            if (!folded.empty() && sign == folded.size() - 1 && folded.back() == '*')
                return make_query(prefix_query{path, folded.substr(0, folded.size() - 1)});
            return make_query(wildcard_query{path, folded});
        });
    }

    // Patterns are normalized, not tokenized.
    std::string lower(const mapped_field& field, std::string text) const {
        if (field.type == field_type::keyword)
            return field.normalizer.empty() ? text : context_.schema.analyzers->get(field.normalizer).normalize(text);
        const std::string& name = field.search_analyzer.empty() ? field.analyzer : field.search_analyzer;
        const analyzer& with = options_.with != nullptr ? *options_.with : context_.schema.analyzers->get(name);
        return with.normalize(text);
    }

    query phrase(const std::vector<weighted_field>& fields) {
        ++at_;
        std::string inside;
        while (true) {
            if (at_ >= text_.size())
                throw syntax_fault{"Lexical error at line 1, column " + std::to_string(text_.size() + 1) + ".  Encountered: <EOF>"};
            const char c = text_[at_++];
            if (c == '"') break;
            if (c == '\\' && at_ < text_.size())
                inside += text_[at_++];
            else
                inside += c;
        }
        std::uint32_t slop = options_.phrase_slop;
        if (at_ < text_.size() && text_[at_] == '~') {
            ++at_;
            slop = static_cast<std::uint32_t>(std::max(number(0), 0.0f));
        }
        return over_fields(fields, [&](const mapped_field* field, const std::string& path) {
            return analysed(field, path, inside, match_kind::phrase, slop);
        });
    }

    std::string bound_word() {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '"') {
            const std::size_t end = text_.find('"', at_ + 1);
            if (end == std::string_view::npos) throw syntax_fault{"Lexical error: a quote is not closed"};
            std::string out(text_.substr(at_ + 1, end - at_ - 1));
            at_ = end + 1;
            return out;
        }
        std::string out;
        while (at_ < text_.size() && std::string_view(" \t]}").find(text_[at_]) == std::string_view::npos) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
            out += text_[at_++];
        }
        if (out.empty()) throw syntax_fault{"Encountered an empty bound of a range at line 1, column " + std::to_string(at_) + "."};
        return out;
    }

    query range(const std::vector<weighted_field>& fields) {
        const bool inclusive_from = text_[at_++] == '[';
        const std::string from = bound_word();
        skip_space();
        if (!word("TO")) throw syntax_fault{"Was expecting: \"TO\""};
        const std::string to = bound_word();
        skip_space();
        if (at_ >= text_.size() || (text_[at_] != ']' && text_[at_] != '}')) throw syntax_fault{"Was expecting one of: \"]\" \"}\""};
        const bool inclusive_to = text_[at_++] == ']';
        range_bounds bounds;
        if (from != "*") (inclusive_from ? bounds.gte : bounds.gt) = json(from);
        if (to != "*") (inclusive_to ? bounds.lte : bounds.lt) = json(to);
        return over_fields(fields,
                           [&](const mapped_field* field, const std::string& path) { return range_of(field, path, bounds, context_); });
    }

    query comparison(const std::vector<weighted_field>& fields) {
        const bool less = text_[at_++] == '<';
        const bool equal = at_ < text_.size() && text_[at_] == '=' && take();
        const std::string word = plain_word(nullptr);
        range_bounds bounds;
        (less ? (equal ? bounds.lte : bounds.lt) : (equal ? bounds.gte : bounds.gt)) = json(word);
        return over_fields(fields,
                           [&](const mapped_field* field, const std::string& path) { return range_of(field, path, bounds, context_); });
    }

    query regexp(const std::vector<weighted_field>& fields) {
        ++at_;
        std::string pattern;
        while (true) {
            if (at_ >= text_.size()) throw syntax_fault{"Lexical error: a regular expression is not closed"};
            const char c = text_[at_++];
            if (c == '/') break;
            if (c == '\\' && at_ < text_.size() && text_[at_] == '/') {
                pattern += text_[at_++];
                continue;
            }
            pattern += c;
        }
        return over_fields(fields, [&](const mapped_field*, const std::string& path) { return make_query(regexp_query{path, pattern}); });
    }

    std::string_view text_;
    const query_string_options& options_;
    const query_context& context_;
    std::size_t at_ = 0;
};

}  // namespace

query parse_query_string(std::string_view text, const query_string_options& options, const query_context& context) {
    query out;
    if (options.simple) {
        out = detail::parse_simple_query_string(text, options, context);
    } else
        try {
            out = parser(text, options, context).all();
        } catch (const syntax_fault& fault) {
            query_shard_fault failed = shard_fault(context, "Failed to parse query [" + std::string(text) + "]");
            std::move(failed.cause).caused_by("parse_exception", "Cannot parse '" + std::string(text) + "': " + fault.what);
            throw failed;
        } catch (const query_error& fault) {
            throw shard_fault(context, fault.what());
        }
    out.name.clear();
    return out;
}

}  // namespace hem::search::embedded
