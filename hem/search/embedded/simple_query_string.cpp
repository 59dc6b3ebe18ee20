// The language of `simple_query_string`, which never fails.
#include "hem/search/embedded/query_string_detail.hpp"

#include <algorithm>

namespace hem::search::embedded::detail {

namespace {

// simple_query_string: + (and), | (or), - (not), "..." , * at the end, ( ), ~n. Whatever makes no sense is taken as text.
class simple_parser {
public:
    simple_parser(std::string_view text, const query_string_options& options, const query_context& context)
        : text_(text), options_(options), context_(context) {}

    query group(std::size_t depth) {
        std::vector<query> made;
        std::vector<query> alternatives;
        std::vector<bool> required;
        bool all = options_.all_terms;
        bool negate = false;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == ')' && depth > 0) break;
            if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ')') {
                ++at_;
                continue;
            }
            if (c == '+') {
                all = true;
                ++at_;
                continue;
            }
            if (c == '|') {
                all = false;
                ++at_;
                continue;
            }
            if (c == '-') {
                negate = !negate;
                ++at_;
                continue;
            }
            query each;
            if (c == '(' && depth < 100) {
                ++at_;
                each = group(depth + 1);
                if (at_ < text_.size() && text_[at_] == ')') ++at_;
            } else
                each = word();
            if (std::holds_alternative<match_none_query>(each.node) && each.name == "_empty") {
                negate = false;
                continue;
            }
            if (negate) {
                boolean_query without;
                without.must.push_back(make_query(match_all_query{}));
                without.must_not.push_back(std::move(each));
                each = make_query(std::move(without));
                negate = false;
            }
            if (!made.empty() && all && !required.empty()) required.back() = true;
            made.push_back(std::move(each));
            required.push_back(all);
            all = options_.all_terms;
        }
        if (made.empty()) return make_query(match_none_query{});
        if (made.size() == 1) return std::move(made.front());
        boolean_query out;
        for (std::size_t i = 0; i < made.size(); ++i) (required[i] ? out.must : out.should).push_back(std::move(made[i]));
        return make_query(std::move(out));
    }

private:
    query word() {
        std::string inside;
        match_kind kind = match_kind::terms;
        bool prefix = false;
        std::uint32_t slop = 0;
        if (text_[at_] == '"' && text_.find('"', at_ + 1) != std::string_view::npos) {
            const std::size_t end = text_.find('"', at_ + 1);
            inside = text_.substr(at_ + 1, end - at_ - 1);
            at_ = end + 1;
            kind = match_kind::phrase;
            if (at_ < text_.size() && text_[at_] == '~') {
                ++at_;
                while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
                    slop = std::min<std::uint32_t>(slop * 10 + static_cast<std::uint32_t>(text_[at_++] - '0'), 1000);
            }
        } else {
            while (at_ < text_.size() && std::string_view(" \t\n\r()+|\"").find(text_[at_]) == std::string_view::npos) {
                if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
                inside += text_[at_++];
            }
            if (inside.empty()) {
                inside = text_[at_++];
            } else if (inside.size() > 1 && inside.back() == '*') {
                inside.pop_back();
                prefix = true;
            }
        }
        std::vector<query> made;
        for (const weighted_field& field : options_.fields) {
            const mapped_field* mapped = context_.schema.fields.find(field.name);
            if (mapped == nullptr) continue;
            try {
                query each;
                if (mapped->type != field_type::text && mapped->type != field_type::keyword) {
                    if (prefix) continue;
                    each = term_of(mapped, field.name, json(inside), context_);
                } else if (prefix) {
                    const std::string& name = mapped->search_analyzer.empty() ? mapped->analyzer : mapped->search_analyzer;
                    const std::string folded =
                        mapped->type == field_type::text ? context_.schema.analyzers->get(name).normalize(inside) : inside;
                    each = make_query(prefix_query{mapped->path, folded});
                } else {
                    match_options options;
                    options.with = options_.with;
                    options.slop = slop;
                    each = context_.view ? make_match(context_.view->plan(), mapped->path, inside, kind, options)
                                         : make_query(match_none_query{});
                }
                each.boost *= field.boost;
                if (!std::holds_alternative<match_none_query>(each.node)) made.push_back(std::move(each));
            } catch (const query_shard_fault&) {
                continue;  // a value that the field cannot have
            }
        }
        if (made.empty()) {
            query none = make_query(match_none_query{});
            none.name = "_empty";
            return none;
        }
        if (made.size() == 1) return std::move(made.front());
        dis_max_query best;
        best.queries = std::move(made);
        best.tie_breaker = 1;
        return make_query(std::move(best));
    }

    std::string_view text_;
    const query_string_options& options_;
    const query_context& context_;
    std::size_t at_ = 0;
};

}  // namespace

query parse_simple_query_string(std::string_view text, const query_string_options& options, const query_context& context) {
    return simple_parser(text, options, context).group(0);
}

}  // namespace hem::search::embedded::detail
