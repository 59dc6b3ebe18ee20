#include "hem/search/embedded/analysis.hpp"

#include "hem/search/embedded/analysis_chain.hpp"
#include "hem/search/embedded/unicode_words.hpp"

#include <algorithm>
#include <charconv>

namespace hem::search::embedded {

std::string_view to_string(token_type type) noexcept {
    switch (type) {
    case token_type::alphanum: return "<ALPHANUM>";
    case token_type::num: return "<NUM>";
    case token_type::hangul: return "<HANGUL>";
    case token_type::katakana: return "<KATAKANA>";
    case token_type::southeast_asian: return "<SOUTHEAST_ASIAN>";
    case token_type::ideographic: return "<IDEOGRAPHIC>";
    case token_type::hiragana: return "<HIRAGANA>";
    case token_type::emoji: return "<EMOJI>";
    case token_type::synonym: return "SYNONYM";
    case token_type::shingle: return "shingle";
    case token_type::word: break;
    }
    return "word";
}

namespace {

// The end of the chain: corrects offsets and hands tokens out.
class outlet final : public detail::stage {
public:
    outlet(void* context, void (*sink)(void*, const token&), const std::vector<detail::filtered_text>& filtered)
        : context_(context), sink_(sink), filtered_(filtered) {}

    void accept(detail::working_token& each) override {
        token out{each.text, each.position_increment, each.position_length, each.start,
                  each.end,  each.start_utf16,        each.end_utf16,       each.type};
        for (auto text = filtered_.rbegin(); text != filtered_.rend(); ++text) {
            correct(*text, out.start, out.start_utf16);
            correct(*text, out.end, out.end_utf16);
        }
        sink_(context_, out);
    }
    void finish(std::uint32_t trailing) override { holes = trailing; }

    std::uint32_t holes = 0;

private:
    static void correct(const detail::filtered_text& text, std::uint32_t& byte, std::uint32_t& unit) {
        auto found = std::upper_bound(text.corrections.begin(), text.corrections.end(), byte,
                                      [](std::uint32_t at, const auto& each) { return at < each.at; });
        if (found == text.corrections.begin()) return;
        --found;
        byte = static_cast<std::uint32_t>(byte + found->bytes);
        unit = static_cast<std::uint32_t>(unit + found->units);
    }

    void* context_;
    void (*sink_)(void*, const token&);
    const std::vector<detail::filtered_text>& filtered_;
};

}  // namespace

analyzer::analyzer(const analyzer_definition& definition) : name_(definition.name), chain_(std::make_unique<detail::analysis_chain>()) {
    for (const auto& each : definition.char_filters) chain_->char_filters.push_back(detail::make_char_filter(each));
    chain_->tokenizer = detail::make_tokenizer(definition.tokenizer);
    for (const auto& each : definition.filters) {
        chain_->filters.push_back(each.type == "synonym" ? detail::make_synonym_filter(each, definition.filters, *chain_)
                                                         : detail::make_filter(each));
    }
}

analyzer::~analyzer() = default;

std::uint32_t analyzer::run(std::string_view text, void* context, void (*sink)(void*, const token&)) const {
    return detail::run_chain(*chain_, text, context, sink);
}

std::uint32_t detail::run_chain(const analysis_chain& chain, std::string_view text, void* context, void (*sink)(void*, const token&)) {
    std::vector<detail::filtered_text> filtered;
    filtered.reserve(chain.char_filters.size());  // `text` looks into it
    for (const auto& each : chain.char_filters) {
        filtered.push_back(each->apply(text));
        text = filtered.back().text;
    }
    outlet last(context, sink, filtered);
    std::vector<std::unique_ptr<detail::stage>> stages;
    stages.reserve(chain.filters.size());
    detail::stage* next = &last;
    for (auto each = chain.filters.rbegin(); each != chain.filters.rend(); ++each) {
        stages.push_back((*each)->make());
        stages.back()->next = next;
        next = stages.back().get();
    }
    chain.tokenizer->run(text, *next);
    return last.holes;
}

std::vector<owned_token> analyzer::tokens(std::string_view text) const {
    std::vector<owned_token> all;
    std::uint32_t position = 0;
    bool first = true;
    analyze(text, [&](const token& each) {
        position += each.position_increment;
        if (first && position > 0) --position;
        first = false;
        all.push_back(
            {std::string(each.text), position, each.position_length, each.start, each.end, each.start_utf16, each.end_utf16, each.type});
    });
    return all;
}

std::string analyzer::normalize(std::string_view text) const {
    std::string out;
    bool any = false;
    analyze(text, [&](const token& each) {
        if (!any) out = each.text;
        any = true;
    });
    return any ? out : std::string();
}

// ---- registry ---------------------------------------------------------------------------------------------------------------------

namespace {

analyzer_definition built_in(std::string_view type, detail::component_options& options) {
    analyzer_definition made;
    auto add = [&](analysis_component filter) { made.filters.push_back(std::move(filter)); };
    auto stop = [&](const char* fallback) {
        const auto* given = options.list("stopwords");
        std::vector<std::string> words = given != nullptr ? *given : std::vector<std::string>{fallback};
        if (words != std::vector<std::string>{"_none_"}) add({"stop", {{"stopwords", words}}});
    };
    if (type == "standard") {
        const auto longest = options.integer("max_token_length", 255);
        made.tokenizer = {"standard", {{"max_token_length", {std::to_string(longest)}}}};
        add({"lowercase", {}});
        stop("_none_");
    } else if (type == "english") {
        add({"stemmer", {{"language", {"possessive_english"}}}});
        add({"lowercase", {}});
        stop("_english_");
        if (const auto* kept = options.list("stem_exclusion")) add({"keyword_marker", {{"keywords", *kept}}});
        add({"porter_stem", {}});
    } else if (type == "simple") {
        made.tokenizer = {"lowercase", {}};
    } else if (type == "whitespace") {
        made.tokenizer = {"whitespace", {}};
    } else if (type == "stop") {
        made.tokenizer = {"lowercase", {}};
        stop("_english_");
    } else if (type == "keyword") {
        made.tokenizer = {"keyword", {}};
    } else if (type == "pattern") {
        made.tokenizer = {"pattern", {{"pattern", {options.text("pattern", "\\W+")}}}};
        if (options.flag("lowercase", true)) add({"lowercase", {}});
        stop("_none_");
    } else {
        throw analysis_error("the embedded engine does not support the analyzer type [" + std::string(type) +
                             "]; it has custom english keyword pattern simple standard stop whitespace (a cluster has more)");
    }
    return made;
}

}  // namespace

analyzer_registry::analyzer_registry() {
    static const auto built = [] {
        std::map<std::string, std::shared_ptr<const analyzer>, std::less<>> all;
        for (const char* name : {"standard", "english", "simple", "whitespace", "stop", "keyword", "pattern"}) {
            const analysis_component plain{name, {}};
            detail::component_options options(plain, "analyzer");
            auto definition = built_in(name, options);
            definition.name = name;
            all.emplace(name, std::make_shared<analyzer>(definition));
        }
        all.emplace("default", all.find("standard")->second);
        const analyzer_definition lower{"lowercase", {}, {"keyword", {}}, {{"lowercase", {}}}};
        all.emplace("lowercase", std::make_shared<analyzer>(lower));  // the built-in normalizer
        return all;
    }();
    analyzers_ = built;
}

void analyzer_registry::define(const analyzer_definition& definition) {
    analyzers_.insert_or_assign(definition.name, std::make_shared<analyzer>(definition));
}

void analyzer_registry::define_configured(const std::string& name, const analysis_component& configured) {
    detail::component_options options(configured, "analyzer");
    auto definition = built_in(configured.type, options);
    options.check();
    definition.name = name;
    define(definition);
}

const analyzer* analyzer_registry::find(std::string_view name) const noexcept {
    const auto found = analyzers_.find(name);
    return found == analyzers_.end() ? nullptr : found->second.get();
}

const analyzer& analyzer_registry::get(std::string_view name) const {
    if (const auto* found = find(name)) return *found;
    std::string known;
    for (const auto& [each, unused] : analyzers_) known += (known.empty() ? "" : " ") + each;
    throw analysis_error("analyzer [" + std::string(name) + "] not found; there are " + known);
}

// ---- options ----------------------------------------------------------------------------------------------------------------------

namespace detail {

component_options::component_options(const analysis_component& component, std::string_view what)
    : component_(component), what_(what), used_(component.options.size()) {}

const std::vector<std::string>* component_options::list(std::string_view name) {
    for (std::size_t at = 0; at < used_.size(); ++at) {
        if (component_.options[at].first == name) {
            used_[at] = true;
            return &component_.options[at].second;
        }
    }
    return nullptr;
}

std::string component_options::text(std::string_view name, std::string_view fallback) {
    const auto* found = list(name);
    if (found == nullptr) return std::string(fallback);
    if (found->size() != 1) refuse("[" + std::string(name) + "] must be one text");
    return found->front();
}

std::int64_t component_options::integer(std::string_view name, std::int64_t fallback) {
    const auto* found = list(name);
    if (found == nullptr) return fallback;
    std::int64_t value = 0;
    const std::string written = found->size() == 1 ? found->front() : std::string();
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), value);
    if (error != std::errc() || end != written.data() + written.size() || written.empty()) {
        refuse("[" + std::string(name) + "] must be a whole number, found [" + written + "]");
    }
    return value;
}

bool component_options::flag(std::string_view name, bool fallback) {
    const auto* found = list(name);
    if (found == nullptr) return fallback;
    if (found->size() == 1 && found->front() == "true") return true;
    if (found->size() == 1 && found->front() == "false") return false;
    refuse("[" + std::string(name) + "] must be true or false");
}

void component_options::check() const {
    for (std::size_t at = 0; at < used_.size(); ++at) {
        if (!used_[at]) refuse("the embedded engine does not support the option [" + component_.options[at].first + "]");
    }
}

void component_options::refuse(const std::string& reason) const {
    throw analysis_error(what_ + " of type [" + component_.type + "]: " + reason);
}

}  // namespace detail

}  // namespace hem::search::embedded
