#include "hem/search/embedded/highlight.hpp"

#include "hem/search/embedded/rest_error.hpp"
#include "hem/search/embedded/source_filter.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace hem::search::embedded {

namespace {

std::string text_of(const json& value) { return value.is_string() ? value.as_string() : value.dump(); }

std::string first_tag(const json& value) {
    if (value.is_array()) return value.size() == 0 ? std::string() : text_of(value.elements().front());
    return text_of(value);
}

std::size_t size_of(const json& value, const std::string& key) {
    if (!value.is_number() || value.as_double() < 0) throw content_fault("highlight", "failed to parse field [" + key + "]", key, true);
    return static_cast<std::size_t>(value.as_double());
}

void option(highlight_field& into, const std::string& key, const json& value, std::string_view parser) {
    if (key == "pre_tags")
        into.pre = first_tag(value);
    else if (key == "post_tags")
        into.post = first_tag(value);
    else if (key == "fragment_size")
        into.fragment_size = size_of(value, key);
    else if (key == "number_of_fragments")
        into.number_of_fragments = size_of(value, key);
    else if (key == "no_match_size")
        into.no_match_size = size_of(value, key);
    else if (key == "require_field_match")
        into.require_field_match = !value.is_bool() || value.as_bool();
    else if (key == "order")
        into.by_score = text_of(value) == "score";
    else if (key == "encoder")
        into.html = text_of(value) == "html";
    else if (key == "highlight_query")
        into.query = value;
    else if (key == "tags_schema") {
        if (text_of(value) == "styled") {
            into.pre = "<em class=\"hlt1\">";
            into.post = "</em>";
        }
    } else if (key == "type") {
        const std::string type = text_of(value);
        if (type != "unified" && type != "plain" && type != "fvh") throw illegal_argument("unknown highlighter type [" + type + "]");
    } else if (key == "max_analyzed_offset" || key == "max_analyzer_offset" || key == "boundary_scanner" ||
               key == "boundary_scanner_locale" || key == "boundary_chars" || key == "boundary_max_scan" || key == "fragmenter" ||
               key == "fragment_offset" || key == "matched_fields" || key == "phrase_limit" || key == "force_source" || key == "options")
        throw unsupported("the highlight option [" + key + "]");
    else
        throw content_fault(parser, "unknown field [" + key + "]", key);
}

struct span {
    std::size_t start = 0, end = 0;  // bytes
    std::size_t term = 0;            // which of the query's terms
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// `*`, `?` and escapes; goes back to the last star only, so the time is bounded by the product of the lengths.
bool wildcard_match(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
            continue;
        }
        if (p < pattern.size() && pattern[p] == '?') {
            ++p;
            ++t;
            while (t < text.size() && is_continuation(text[t])) ++t;
            continue;
        }
        const std::size_t escaped = p < pattern.size() && pattern[p] == '\\' && p + 1 < pattern.size() ? 1 : 0;
        if (p < pattern.size() && pattern[p + escaped] == text[t]) {
            p += 1 + escaped;
            ++t;
            continue;
        }
        if (star == std::string_view::npos) return false;
        p = star + 1;
        t = ++resume;
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool takes(const highlight_term& term, std::string_view text) {
    switch (term.what) {
    case highlight_term::kind::term: return term.text == text;
    case highlight_term::kind::prefix: return text.starts_with(term.text);
    case highlight_term::kind::pattern: return wildcard_match(term.text, text);
    }
    return false;
}

// Where the terms stand in a value. A phrase's terms count only where the phrase stands.
std::vector<span> find_spans(const std::vector<highlight_term>& terms, const std::vector<owned_token>& tokens) {
    std::vector<span> out;
    std::map<int, std::vector<std::size_t>> phrases;
    std::map<std::uint32_t, std::vector<const owned_token*>> at;
    for (const owned_token& token : tokens) at[token.position].push_back(&token);
    for (std::size_t i = 0; i < terms.size(); ++i) {
        if (terms[i].phrase >= 0) {
            phrases[terms[i].phrase].push_back(i);
            continue;
        }
        for (const owned_token& token : tokens)
            if (takes(terms[i], token.text)) out.push_back({token.start, token.end, i});
    }
    for (const auto& [number, members] : phrases) {
        std::map<std::uint32_t, std::vector<std::size_t>> slots;
        for (const std::size_t i : members) slots[terms[i].position].push_back(i);
        const std::uint32_t first = slots.begin()->first;
        for (const auto& [start, unused] : at) {
            std::vector<span> here;
            const bool whole = std::all_of(slots.begin(), slots.end(), [&](const auto& slot) {
                const auto found = at.find(start + slot.first - first);
                if (found == at.end()) return false;
                for (const owned_token* token : found->second)
                    for (const std::size_t i : slot.second)
                        if (takes(terms[i], token->text)) {
                            here.push_back({token->start, token->end, i});
                            return true;
                        }
                return false;
            });
            if (whole) out.insert(out.end(), here.begin(), here.end());
        }
    }
    std::sort(out.begin(), out.end(), [](const span& a, const span& b) { return a.start != b.start ? a.start < b.start : a.end > b.end; });
    std::vector<span> merged;
    for (const span& one : out)
        if (merged.empty() || one.start >= merged.back().end) merged.push_back(one);
    return merged;
}

// Sentences end after . ! ? before white space, and at line ends.
std::vector<std::size_t> sentence_starts(std::string_view text) {
    std::vector<std::size_t> out{0};
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const bool stop =
            (text[i] == '.' || text[i] == '!' || text[i] == '?') && (text[i + 1] == ' ' || text[i + 1] == '\n' || text[i + 1] == '\r');
        if (!stop && text[i] != '\n') continue;
        std::size_t next = i + 1;
        while (next < text.size() && (text[next] == ' ' || text[next] == '\n' || text[next] == '\r' || text[next] == '\t')) ++next;
        if (next < text.size() && next > out.back()) out.push_back(next);
        i = next - 1;
    }
    return out;
}

std::size_t word_start(std::string_view text, std::size_t at) {
    while (at > 0 && at < text.size() && text[at - 1] != ' ' && text[at - 1] != '\n') --at;
    while (at > 0 && at < text.size() && is_continuation(text[at])) --at;
    return at;
}

struct fragment {
    std::size_t start = 0, end = 0;
    std::vector<span> spans;
    std::size_t distinct = 0;
};

std::vector<fragment> fragments_of(std::string_view text, const std::vector<span>& spans, std::size_t size) {
    std::vector<fragment> out;
    const std::vector<std::size_t> starts = sentence_starts(text);
    for (const span& one : spans) {
        if (!out.empty() && one.end <= out.back().end) {
            out.back().spans.push_back(one);
            continue;
        }
        fragment made;
        const auto sentence = std::upper_bound(starts.begin(), starts.end(), one.start) - 1;
        made.start = *sentence;
        if (!out.empty()) made.start = std::max(made.start, out.back().end);
        // A long sentence starts near its first match.
        if (one.start > made.start + size / 2 && one.end > made.start + size)
            made.start = std::max(made.start, word_start(text, one.start - size / 4));
        made.end = made.start;
        auto next = std::upper_bound(starts.begin(), starts.end(), made.start);
        while (true) {
            const std::size_t end = next == starts.end() ? text.size() : *next;
            if (end - made.start > size && made.end >= one.end) break;
            if (end - made.start > size) {
                made.end = std::max(word_start(text, std::min(made.start + size, text.size())), one.end);
                break;
            }
            made.end = end;
            if (next == starts.end()) break;
            ++next;
        }
        made.end = std::max(made.end, one.end);
        made.spans.push_back(one);
        out.push_back(std::move(made));
    }
    for (fragment& one : out) {
        std::set<std::size_t> terms;
        for (const span& each : one.spans) terms.insert(each.term);
        one.distinct = terms.size();
        while (one.end > one.start &&
               (text[one.end - 1] == ' ' || text[one.end - 1] == '\n' || text[one.end - 1] == '\r' || text[one.end - 1] == '\t'))
            --one.end;
    }
    return out;
}

void append_encoded(std::string& out, std::string_view text, bool html) {
    if (!html) {
        out += text;
        return;
    }
    for (const char c : text) switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#x27;"; break;
        case '/': out += "&#x2F;"; break;
        default: out += c;
        }
}

std::string marked(std::string_view text, const fragment& part, const highlight_field& options) {
    std::string out;
    std::size_t at = part.start;
    for (const span& one : part.spans) {
        append_encoded(out, text.substr(at, one.start - at), options.html);
        out += options.pre;
        append_encoded(out, text.substr(one.start, one.end - one.start), options.html);
        out += options.post;
        at = one.end;
    }
    append_encoded(out, text.substr(at, part.end - at), options.html);
    return out;
}

}  // namespace

highlight_request highlight_request::parse(const json& body) {
    if (!body.is_object()) throw parsing_fault("Unknown key for a " + std::string(body.kind_name()) + " in [highlight].", "highlight");
    highlight_request out;
    highlight_field shared;
    const json* fields = nullptr;
    for (const auto& [key, value] : body.items()) {
        if (key == "fields")
            fields = &value;
        else
            option(shared, key, value, "highlight");
    }
    if (fields == nullptr) return out;
    const auto add = [&](const std::string& name, const json& options) {
        highlight_field made = shared;
        made.pattern = name;
        if (!options.is_object()) throw content_fault("highlight", "failed to parse field [fields]", "fields", true);
        try {
            for (const auto& [key, value] : options.items()) option(made, key, value, "highlight_field");
        } catch (rest_error& fault) {
            throw std::move(fault).inside("fields", name).inside("highlight", "fields");
        }
        out.fields.push_back(std::move(made));
    };
    if (fields->is_array()) {
        for (const json& one : fields->elements())
            for (const auto& [name, options] : one.items()) add(name, options);
    } else
        for (const auto& [name, options] : fields->items()) add(name, options);
    return out;
}

highlighter::highlighter(const highlight_request& wanted, const query_context& context, const query& own) : schema_(context.schema) {
    const auto own_terms = highlight_terms(context.view, own);
    for (const highlight_field& options : wanted.fields) {
        const auto terms = options.query.is_null() ? own_terms : highlight_terms(context.view, parse_query(options.query, context));
        for (const mapped_field* field : context.schema.fields.matching(options.pattern)) {
            if (field->type != field_type::text && field->type != field_type::keyword) continue;
            field_terms made{options, field, field->path, {}};
            if (const std::size_t dot = field->path.rfind('.'); dot != std::string::npos) {
                const mapped_field* parent = context.schema.fields.find(std::string_view(field->path).substr(0, dot));
                if (parent != nullptr && parent->fields.contains(field->name)) made.source_path = parent->path;
            }
            for (const highlight_term& term : terms)
                if (term.field == field->path || term.field.empty() || !options.require_field_match) made.terms.push_back(term);
            fields_.push_back(std::move(made));
        }
    }
}

json highlighter::run(const json& source) const {
    json out;
    for (const field_terms& each : fields_) {
        std::vector<const json*> values;
        values_at(source, each.source_path, values);
        struct found_fragment {
            std::string text;
            std::size_t distinct, spans, place;
        };
        std::vector<found_fragment> found;
        for (const json* value : values) {
            const std::string text = text_of(*value);
            std::vector<span> spans;
            if (each.field->type == field_type::keyword) {
                const std::string term =
                    each.field->normalizer.empty() ? text : schema_.analyzers->get(each.field->normalizer).normalize(text);
                for (std::size_t i = 0; i < each.terms.size() && spans.empty(); ++i)
                    if (takes(each.terms[i], term)) spans.push_back({0, text.size(), i});
                if (each.field->ignore_above && text.size() > *each.field->ignore_above * 4) spans.clear();
            } else
                spans = find_spans(each.terms, schema_.analyzers->get(each.field->analyzer).tokens(text));
            if (spans.empty()) continue;
            if (each.options.number_of_fragments == 0 || each.field->type == field_type::keyword) {
                found.push_back({marked(text, {0, text.size(), spans, 1}, each.options), 1, spans.size(), found.size()});
                continue;
            }
            const std::size_t size = each.options.fragment_size == 0 ? text.size() : each.options.fragment_size;
            for (const fragment& part : fragments_of(text, spans, size))
                found.push_back({marked(text, part, each.options), part.distinct, part.spans.size(), found.size()});
        }
        json fragments = json::array();
        if (found.empty() && each.options.no_match_size > 0 && !values.empty()) {
            const std::string text = text_of(*values.front());
            std::size_t end = std::min(each.options.no_match_size, text.size());
            if (end < text.size()) {
                const std::size_t word = word_start(text, end);
                if (word > 0) end = word;
                while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\n')) --end;
            }
            std::string cut;
            append_encoded(cut, std::string_view(text).substr(0, end), each.options.html);
            fragments.push_back(std::move(cut));
        } else {
            const std::size_t most = each.options.number_of_fragments == 0 ? found.size() : each.options.number_of_fragments;
            const auto better = [](const found_fragment& a, const found_fragment& b) {
                return a.distinct != b.distinct ? a.distinct > b.distinct : a.spans != b.spans ? a.spans > b.spans : a.place < b.place;
            };
            if (found.size() > most || each.options.by_score) std::sort(found.begin(), found.end(), better);
            if (found.size() > most) found.resize(most);
            if (!each.options.by_score)
                std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
            for (found_fragment& one : found) fragments.push_back(std::move(one.text));
        }
        if (fragments.size() == 0) continue;
        if (out.is_null()) out = json::object();
        out.set(each.field->path, std::move(fragments));
    }
    return out;
}

}  // namespace hem::search::embedded
