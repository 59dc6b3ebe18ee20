// The token filter `synonym`: words and phrases that mean the same, by rules in Solr's form.
//
//     pc, personal computer              both stand for each other (expand=false: each becomes the first)
//     notebook, laptop => portable       the left side becomes the right one
//
// Rules are analysed by what stands before the filter in its chain. Of the rules that match at a token the longest applies, and what it
// matched takes part in no other. A phrase of n words that is added stands on the n positions from its match's begin on, beside the text's
// own words there; it can reach over the match. Only a single word that is added beside a longer match knows that length. That is how
// Lucene's SynonymFilter behaves (observed on OpenSearch 2.19).
#include "hem/search/embedded/analysis_chain.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace hem::search::embedded::detail {

namespace {

using words = std::vector<std::string>;

// Rules by the words of their left sides.
struct rule_node {
    std::map<std::string, rule_node, std::less<>> next;
    std::vector<words> outputs;
    bool keeps_input = false;
};

class synonym_stage final : public stage {
public:
    explicit synonym_stage(std::shared_ptr<const rule_node> rules) : rules_(std::move(rules)) {}
    void accept(working_token& each) override {
        inputs_.push_back({each});
        work(false);
    }
    void finish(std::uint32_t holes) override {
        work(true);
        // Phrases that reach over the end of the text.
        for (auto& slot : outputs_) give_outputs(slot, 1, last_);
        outputs_.clear();
        next->finish(holes);
    }

private:
    struct input {
        working_token token;
        bool matched = false, kept = false;
    };
    struct output {
        std::string text;
        std::uint32_t length = 1;
        // Of a single word: where its match ends. Others end with the token beside them.
        std::optional<std::pair<std::uint32_t, std::uint32_t>> end = {};
    };
    using slot = std::vector<output>;

    // Matches and gives what no later token can change.
    void work(bool all) {
        while (!inputs_.empty()) {
            const rule_node* at = rules_.get();
            const rule_node* found = nullptr;
            std::size_t length = 1;
            for (std::size_t count = 0; count < inputs_.size() && !at->next.empty(); ++count) {
                const auto child = at->next.find(inputs_[count].token.text);
                if (child == at->next.end()) break;
                at = &child->second;
                if (!at->outputs.empty()) {
                    found = at;
                    length = count + 1;
                }
                if (count + 1 == inputs_.size() && !at->next.empty() && !all) return;  // the next token decides
            }
            if (found != nullptr) apply(*found, length);
            for (; length > 0; --length) give();
        }
    }
    void apply(const rule_node& rule, std::size_t length) {
        const auto& last = inputs_[length - 1].token;
        for (const auto& phrase : rule.outputs) {
            if (outputs_.size() < phrase.size()) outputs_.resize(phrase.size());
            if (phrase.size() == 1) {
                outputs_[0].push_back(
                    {phrase[0], rule.keeps_input ? static_cast<std::uint32_t>(length) : 1, std::pair(last.end, last.end_utf16)});
                continue;
            }
            for (std::size_t at = 0; at < phrase.size(); ++at) outputs_[at].push_back({phrase[at]});
        }
        for (std::size_t at = 0; at < length; ++at) {
            inputs_[at].matched = true;
            inputs_[at].kept = rule.keeps_input;
        }
    }
    // The oldest token and what stands beside it.
    void give() {
        auto [token, matched, kept] = std::move(inputs_.front());
        inputs_.pop_front();
        last_ = token;
        const bool shown = kept || !matched;
        if (shown) next->accept(token);
        if (outputs_.empty()) return;
        const slot beside = std::move(outputs_.front());
        outputs_.pop_front();
        give_outputs(beside, shown ? 0 : 1, last_);
    }
    void give_outputs(const slot& from, std::uint32_t increment, const working_token& beside) {
        for (const auto& each : from) {
            working_token made;
            made.text = each.text;
            made.position_increment = std::exchange(increment, 0);
            made.position_length = each.length;
            made.start = beside.start;
            made.start_utf16 = beside.start_utf16;
            std::tie(made.end, made.end_utf16) = each.end.value_or(std::pair(beside.end, beside.end_utf16));
            made.type = token_type::synonym;
            next->accept(made);
        }
    }

    std::shared_ptr<const rule_node> rules_;
    std::deque<input> inputs_;
    std::deque<slot> outputs_;  // beside the inputs of the same place, and beyond
    working_token last_;
};

class synonym_factory final : public stage_factory {
public:
    explicit synonym_factory(std::shared_ptr<const rule_node> rules) : rules_(std::move(rules)) {}
    std::unique_ptr<stage> make() const override { return std::make_unique<synonym_stage>(rules_); }

private:
    std::shared_ptr<const rule_node> rules_;
};

// The parts between separators that are not escaped; empty ones are left out. Escapes stay in.
std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts(1);
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at).starts_with(separator)) {
            if (!parts.back().empty()) parts.emplace_back();
            at += separator.size();
            continue;
        }
        if (text[at] == '\\' && at + 1 < text.size()) parts.back() += text[at++];
        parts.back() += text[at++];
    }
    if (parts.back().empty()) parts.pop_back();
    return parts;
}

std::string unescaped(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    text = begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
    std::string made;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        made += text[at];
    }
    return made;
}

class rule_reader {
public:
    rule_reader(const analysis_chain& before, bool expand, bool lenient) : before_(before), expand_(expand), lenient_(lenient) {}

    // Throws analysis_error.
    void read(const std::string& rule) {
        if (rule.empty() || rule.front() == '#') return;
        const auto sides = split(rule, "=>");
        if (sides.size() > 2) refuse(rule, "it has more than one =>");
        const bool replaces = sides.size() == 2;
        const auto left = analysed(sides.empty() ? std::string() : sides[0], rule);
        if (replaces) {
            const auto right = analysed(sides[1], rule);
            for (const auto& from : left) {
                for (const auto& to : right) add(from, to, false);
            }
            return;
        }
        for (std::size_t from = 0; from < left.size(); ++from) {
            if (!expand_) {
                add(left[from], left[0], false);
                continue;
            }
            for (std::size_t to = 0; to < left.size(); ++to) {
                if (to != from) add(left[from], left[to], true);
            }
        }
    }
    std::shared_ptr<const rule_node> take() { return std::make_shared<rule_node>(std::move(root_)); }

private:
    [[noreturn]] static void refuse(const std::string& rule, const std::string& why) {
        throw analysis_error("Failed to build synonyms: the rule [" + rule + "]: " + why);
    }
    // The phrases between the commas.
    std::vector<words> analysed(const std::string& side, const std::string& rule) const {
        std::vector<words> all;
        for (const auto& part : split(side, ",")) {
            struct collecting {
                words found;
                bool whole = true;
            } state;
            run_chain(before_, unescaped(part), &state, [](void* context, const token& each) {
                auto& into = *static_cast<collecting*>(context);
                into.whole = into.whole && each.position_increment == 1;
                into.found.emplace_back(each.text);
            });
            if (state.found.empty() || !state.whole) {
                if (lenient_) continue;
                refuse(rule, state.found.empty() ? "the filters before leave nothing of [" + part + "]"
                                                 : "the filters before do not make [" + part + "] one word after the other");
            }
            all.push_back(std::move(state.found));
        }
        return all;
    }
    void add(const words& from, const words& to, bool keeps_input) {
        rule_node* at = &root_;
        for (const auto& word : from) at = &at->next[word];
        at->keeps_input = at->keeps_input || keeps_input;
        if (std::ranges::find(at->outputs, to) == at->outputs.end()) at->outputs.push_back(to);
    }

    const analysis_chain& before_;
    bool expand_, lenient_;
    rule_node root_;
};

}  // namespace

std::unique_ptr<stage_factory> make_synonym_filter(const analysis_component& component, const std::vector<analysis_component>& filters,
                                                   const analysis_chain& before) {
    component_options options(component, "token filter");
    for (std::size_t at = 0; at < before.filters.size(); ++at) {
        const std::string& type = filters[at].type;
        if (type == "ngram" || type == "edge_ngram" || type == "shingle")
            throw analysis_error("Token filter [" + type + "] cannot be used to parse synonyms");
    }
    if (options.list("synonyms_path") != nullptr)
        options.refuse("the embedded engine does not support [synonyms_path]; give the rules as [synonyms]");
    if (const auto format = options.text("format", "solr"); format != "solr")
        options.refuse("the embedded engine does not support the format [" + format + "]; it has solr (a cluster has more)");
    const auto* rules = options.list("synonyms");
    if (rules == nullptr) throw analysis_error("synonym requires either `synonyms` or `synonyms_path` to be configured");
    rule_reader reader(before, options.flag("expand", true), options.flag("lenient", false));
    options.check();
    for (const auto& each : *rules) reader.read(each);
    return std::make_unique<synonym_factory>(reader.take());
}

}  // namespace hem::search::embedded::detail
