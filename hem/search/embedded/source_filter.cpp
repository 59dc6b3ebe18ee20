#include "hem/search/embedded/source_filter.hpp"

#include "hem/search/embedded/mapping.hpp"
#include "hem/search/embedded/rest_error.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

std::vector<std::string> patterns_of(const json& value) {
    std::vector<std::string> out;
    if (value.is_string()) {
        out.push_back(value.as_string());
    } else if (value.is_array()) {
        for (const json& one : value.elements()) {
            if (!one.is_string()) throw parsing_fault("Unknown key for a " + std::string(one.kind_name()) + " in [_source].", "_source");
            out.push_back(one.as_string());
        }
    } else
        throw parsing_fault("Unknown key for a " + std::string(value.kind_name()) + " in [_source].", "_source");
    return out;
}

bool any_match(const std::vector<std::string>& patterns, std::string_view path) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return simple_match(pattern, path); });
}

class cutter {
public:
    explicit cutter(const source_filter& by) : by_(by) {}

    json object(const json& from, const std::string& path, bool inside) const {
        json out = json::object();
        for (const auto& [key, value] : from.items()) {
            const std::string full = path.empty() ? key : path + "." + key;
            if (any_match(by_.excludes, full)) continue;
            const bool taken = inside || by_.includes.empty() || any_match(by_.includes, full);
            if (value.is_object()) {
                json part = object(value, full, taken);
                if (part.size() > 0 || (taken && value.size() == 0) || taken) out.append_member(key, std::move(part));
                if (!taken && out.size() > 0 && out.items().back().first == key && out.items().back().second.size() == 0) out.erase(key);
            } else if (value.is_array()) {
                json part = array(value, full, taken);
                if (taken || part.size() > 0) out.append_member(key, std::move(part));
            } else if (taken)
                out.append_member(key, value);
        }
        return out;
    }

private:
    json array(const json& from, const std::string& path, bool taken) const {
        json out = json::array();
        for (const json& one : from.elements()) {
            if (one.is_object()) {
                json part = object(one, path, taken);
                if (taken || part.size() > 0) out.push_back(std::move(part));
            } else if (one.is_array()) {
                json part = array(one, path, taken);
                if (taken || part.size() > 0) out.push_back(std::move(part));
            } else if (taken)
                out.push_back(one);
        }
        return out;
    }

    const source_filter& by_;
};

}  // namespace

source_filter source_filter::parse(const json& value) {
    source_filter out;
    if (value.is_bool()) {
        out.wanted = value.as_bool();
        return out;
    }
    if (!value.is_object()) {
        out.includes = patterns_of(value);
        return out;
    }
    for (const auto& [key, patterns] : value.items()) {
        if (key == "includes" || key == "include")
            out.includes = patterns_of(patterns);
        else if (key == "excludes" || key == "exclude")
            out.excludes = patterns_of(patterns);
        else if (key == "exclude_vectors") {
        } else
            throw parsing_fault("Unknown key for a " +
                                    std::string(patterns.is_array()    ? "START_ARRAY"
                                                : patterns.is_object() ? "START_OBJECT"
                                                                       : "VALUE_STRING") +
                                    " in [" + key + "].",
                                key);
    }
    return out;
}

json source_filter::apply(const json& source) const {
    if (whole() || !source.is_object()) return source;
    return cutter(*this).object(source, "", false);
}

std::string source_filter::apply_text(const std::string& source) const {
    if (whole()) return source;
    return apply(json::parse(source, {.max_depth = 1000})).dump();
}

namespace {

using parts = std::vector<std::string>;

parts split_path(std::string_view text) {
    parts out;
    while (true) {
        const std::size_t dot = text.find('.');
        out.emplace_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return out;
        text.remove_prefix(dot + 1);
    }
}

// What is left of each pattern below a member called `key`.
std::vector<parts> step(const std::vector<parts>& patterns, const std::string& key, bool& complete) {
    std::vector<parts> out;
    for (const parts& pattern : patterns) {
        if (pattern.empty()) continue;
        if (pattern.front() == "**") {
            out.push_back(pattern);
            if (pattern.size() == 1) complete = true;
            const parts rest(pattern.begin() + 1, pattern.end());
            if (!rest.empty() && simple_match(rest.front(), key)) {
                if (rest.size() == 1)
                    complete = true;
                else
                    out.emplace_back(rest.begin() + 1, rest.end());
            }
            continue;
        }
        if (!simple_match(pattern.front(), key)) continue;
        if (pattern.size() == 1)
            complete = true;
        else
            out.emplace_back(pattern.begin() + 1, pattern.end());
    }
    return out;
}

json keep(const json& from, const std::vector<parts>& patterns) {
    if (from.is_array()) {
        json out = json::array();
        for (const json& one : from.elements()) {
            if (!one.is_object() && !one.is_array()) continue;
            json part = keep(one, patterns);
            if (part.size() > 0) out.push_back(std::move(part));
        }
        return out;
    }
    json out = json::object();
    for (const auto& [key, value] : from.items()) {
        bool complete = false;
        const auto below = step(patterns, key, complete);
        if (complete) {
            out.append_member(key, value);
            continue;
        }
        if (below.empty() || (!value.is_object() && !value.is_array())) continue;
        json part = keep(value, below);
        if (part.size() > 0) out.append_member(key, std::move(part));
    }
    return out;
}

json drop(const json& from, const std::vector<parts>& patterns) {
    if (from.is_array()) {
        json out = json::array();
        for (const json& one : from.elements()) out.push_back(one.is_object() || one.is_array() ? drop(one, patterns) : one);
        return out;
    }
    json out = json::object();
    for (const auto& [key, value] : from.items()) {
        bool complete = false;
        const auto below = step(patterns, key, complete);
        if (complete) continue;
        out.append_member(key, below.empty() || (!value.is_object() && !value.is_array()) ? value : drop(value, below));
    }
    return out;
}

}  // namespace

json filter_paths(const json& body, std::string_view patterns) {
    std::vector<parts> kept;
    std::vector<parts> dropped;
    while (!patterns.empty()) {
        const std::size_t comma = patterns.find(',');
        std::string_view one = patterns.substr(0, comma);
        if (one.starts_with('-'))
            dropped.push_back(split_path(one.substr(1)));
        else if (!one.empty())
            kept.push_back(split_path(one));
        patterns = comma == std::string_view::npos ? std::string_view() : patterns.substr(comma + 1);
    }
    json out = kept.empty() ? body : keep(body, kept);
    return dropped.empty() ? out : drop(out, dropped);
}

void values_at(const json& source, std::string_view path, std::vector<const json*>& into) {
    if (source.is_array()) {
        for (const json& one : source.elements()) values_at(one, path, into);
        return;
    }
    if (path.empty()) {
        if (!source.is_object() && !source.is_null()) into.push_back(&source);
        return;
    }
    if (!source.is_object()) return;
    // A member may carry several parts of the path in its name.
    for (const auto& [key, value] : source.items()) {
        if (path == key)
            values_at(value, {}, into);
        else if (path.size() > key.size() && path.starts_with(key) && path[key.size()] == '.')
            values_at(value, path.substr(key.size() + 1), into);
    }
}

}  // namespace hem::search::embedded
