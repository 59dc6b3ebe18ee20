#include "hem/web/detail/route_trie.hpp"

#include "hem/core/errors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hem::web::detail {

namespace {

constexpr std::array<std::string_view, 7> method_names{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
constexpr std::size_t get_method = 1, head_method = 2, options_method = 3, other_method = 7;

std::size_t index_of(std::string_view method) noexcept {
    if (method == "GET") return get_method;
    for (std::size_t i = 0; i < method_names.size(); ++i) {
        if (method == method_names[i]) return i;
    }
    return other_method;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd6e8feb86659fd93ULL);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Multiply-fold over eight bytes at a time; tables compare the text, so collisions cost time only.
std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t state = mix(seed, left);
    while (left >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        state = mix(state, word);
        at += 8;
        left -= 8;
    }
    std::uint64_t tail = 0;
    if (left >= 4) {
        std::uint32_t first, last;
        std::memcpy(&first, at, 4);
        std::memcpy(&last, at + left - 4, 4);
        tail = (static_cast<std::uint64_t>(last) << 32) | first;
    } else if (left != 0) {
        tail = static_cast<unsigned char>(at[0]) | static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 |
               static_cast<std::uint64_t>(static_cast<unsigned char>(at[left - 1])) << 16;
    }
    return mix(state, tail);
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Appends the decoded text; an encoded slash stays encoded if `keep_slash`. False for a broken escape.
bool decode(std::string_view raw, std::string& out, bool keep_slash) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') {
            out += raw[i];
            continue;
        }
        if (i + 2 >= raw.size()) return false;
        const int high = hex_value(raw[i + 1]), low = hex_value(raw[i + 2]);
        if (high < 0 || low < 0) return false;
        const char byte = static_cast<char>(high * 16 + low);
        if (byte == '\0') return false;
        if (keep_slash && byte == '/') {
            out += "%2F";
        } else {
            out += byte;
        }
        i += 2;
    }
    return true;
}

std::uint64_t table_size(std::size_t entries) noexcept { return std::bit_ceil(std::max<std::uint64_t>(8, entries * 2)); }

}  // namespace

struct route_trie::cursor {
    static constexpr std::size_t max_pieces = route_pattern::max_segments + 1;
    struct piece {
        const char* data;
        std::uint32_t size;
        std::uint32_t raw;  // where the segment begins in the path
        std::string_view view() const noexcept { return {data, size}; }
    };

    std::string_view path;
    std::string_view method;
    std::size_t method_index = other_method;
    std::size_t size = 0;
    std::uint32_t route = none;
    std::uint32_t parameters = 0;
    std::uint32_t wildcard = none;                                    // where its value begins in the path
    std::vector<const terminal*>* ends = nullptr;                     // collects all that match instead of stopping at the method
    std::array<std::uint32_t, route_pattern::max_parameters> values;  // pieces by index
    std::array<piece, max_pieces> pieces;
};

route_trie::route_trie() : nodes_(1) {}

std::uint32_t route_trie::child(std::uint32_t from, const path_segment& segment) {
    if (segment.kind == segment_kind::literal) {
        for (const auto& known : edges_) {
            if (known.from == from && known.label == segment.text) return known.to;
        }
        nodes_[from].has_literals = true;
        const auto to = static_cast<std::uint32_t>(nodes_.size());
        edges_.push_back({from, to, hash_text(segment.text, from), segment.text});
        nodes_.emplace_back();
        return to;
    }
    const auto slot = static_cast<std::size_t>(segment.kind) - 1;
    if (nodes_[from].dynamic[slot] == none) {
        nodes_[from].dynamic[slot] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    }
    return nodes_[from].dynamic[slot];
}

std::optional<std::uint32_t> route_trie::add(std::string_view method, const route_pattern& pattern, std::uint32_t route) {
    if (frozen_) throw usage_error("route \"" + pattern.text + "\" is added after start-up; register routes before the app serves");
    std::uint32_t at = 0;
    bool literal = true;
    for (const auto& segment : pattern.segments) {
        at = child(at, segment);
        literal = literal && segment.kind == segment_kind::literal;
    }
    if (nodes_[at].end == none) {
        nodes_[at].end = static_cast<std::uint32_t>(ends_.size());
        ends_.emplace_back().known.fill(none);
        if (literal) statics_.push_back({hash_text(pattern.text, 0), nodes_[at].end, pattern.text});
    }
    auto& end = ends_[nodes_[at].end];
    const auto index = index_of(method);
    if (index < known_methods) {
        if (end.known[index] != none) return end.known[index];
        end.known[index] = route;
        return std::nullopt;
    }
    for (const auto& [name, taken] : end.other) {
        if (name == method) return taken;
    }
    end.other.emplace_back(method, route);
    return std::nullopt;
}

void route_trie::freeze() {
    frozen_ = true;
    const auto build = [](const auto& entries, std::vector<std::uint32_t>& table, std::uint64_t& mask) {
        table.assign(table_size(entries.size()), none);
        mask = table.size() - 1;
        for (std::uint32_t i = 0; i < entries.size(); ++i) {
            auto slot = entries[i].hash & mask;
            while (table[slot] != none) slot = (slot + 1) & mask;
            table[slot] = i;
        }
    };
    build(edges_, edge_table_, edge_mask_);
    build(statics_, static_table_, static_mask_);
}

std::uint32_t route_trie::literal_child(std::uint32_t from, std::string_view label) const noexcept {
    const auto hash = hash_text(label, from);
    for (auto slot = hash & edge_mask_; edge_table_[slot] != none; slot = (slot + 1) & edge_mask_) {
        const auto& candidate = edges_[edge_table_[slot]];
        if (candidate.hash == hash && candidate.from == from && candidate.label == label) return candidate.to;
    }
    return none;
}

const route_trie::terminal* route_trie::static_end(std::string_view path) const noexcept {
    const auto hash = hash_text(path, 0);
    for (auto slot = hash & static_mask_; static_table_[slot] != none; slot = (slot + 1) & static_mask_) {
        const auto& candidate = statics_[static_table_[slot]];
        if (candidate.hash == hash && candidate.path == path) return &ends_[candidate.end];
    }
    return nullptr;
}

std::uint32_t route_trie::route_of(const terminal& end, std::size_t method_index, std::string_view method) const noexcept {
    if (method_index < known_methods) {
        const auto route = end.known[method_index];
        return route == none && method_index == head_method ? end.known[get_method] : route;
    }
    for (const auto& [name, route] : end.other) {
        if (name == method) return route;
    }
    return none;
}

// Splits and decodes; false for "." and ".." segments and broken escapes. Segments beyond the deepest pattern are checked, not kept.
bool route_trie::split(cursor& at, std::string_view path, std::string& decoded) {
    at.path = path;
    const bool escaped = path.find('%') != std::string_view::npos;
    if (escaped) {
        decoded.clear();
        decoded.reserve(2 * path.size() + 32);  // enough for every segment and a wildcard, so views stay good; never in place
    }
    std::size_t begin = 1;
    while (true) {
        auto end = begin;  // segments are short: a loop beats memchr
        while (end != path.size() && path[end] != '/') ++end;
        auto text = path.substr(begin, end - begin);
        if (escaped && text.find('%') != std::string_view::npos) {
            const auto from = decoded.size();
            if (!decode(text, decoded, false)) return false;
            text = std::string_view(decoded).substr(from);
            if (at.size >= cursor::max_pieces) decoded.resize(from);
        }
        if (!text.empty() && text.front() == '.' && (text.size() == 1 || (text.size() == 2 && text[1] == '.'))) return false;
        if (at.size < cursor::max_pieces) {
            at.pieces[at.size++] = {text.data(), static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(begin)};
        }
        if (end == path.size()) return true;
        begin = end + 1;
    }
}

bool route_trie::take(cursor& at, std::uint32_t end) const {
    if (end == none) return false;
    const auto& found = ends_[end];
    if (at.ends != nullptr) {
        at.ends->push_back(&found);
        return false;
    }
    at.route = route_of(found, at.method_index, at.method);
    return at.route != none;
}

bool route_trie::walk(cursor& at, std::uint32_t from, std::size_t depth) const {
    const auto& here = nodes_[from];
    if (depth == at.size) return take(at, here.end);
    const auto text = at.pieces[depth].view();
    if (here.has_literals) {
        const auto to = literal_child(from, text);
        if (to != none && walk(at, to, depth + 1)) return true;
    }
    constexpr auto wildcard_slot = static_cast<std::size_t>(segment_kind::wildcard) - 1;
    for (std::size_t slot = 0; slot < wildcard_slot; ++slot) {
        const auto to = here.dynamic[slot];
        if (to == none || !segment_fits(static_cast<segment_kind>(slot + 1), text)) continue;
        at.values[at.parameters++] = static_cast<std::uint32_t>(depth);
        if (walk(at, to, depth + 1)) return true;
        --at.parameters;
    }
    const auto rest = here.dynamic[wildcard_slot];
    if (rest == none || !take(at, nodes_[rest].end)) return false;
    at.wildcard = at.pieces[depth].raw;
    return true;
}

match_status route_trie::find(std::string_view method, std::string_view path, route_match& match, bool redirect_slashes) const {
    if (path.empty() || path.front() != '/') return match_status::bad_path;
    cursor at;
    at.method = method;
    at.method_index = index_of(method);
    match.size = 0;
    if (const auto* end = static_end(path)) {
        match.route = route_of(*end, at.method_index, method);
        if (match.route != none) return match_status::found;
    }
    if (!split(at, path, match.decoded)) return match_status::bad_path;
    if (walk(at, 0, 0)) {
        match.route = at.route;
        match.size = at.parameters;
        for (std::uint32_t i = 0; i < at.parameters; ++i) match.values[i] = at.pieces[at.values[i]].view();
        if (at.wildcard != none) {
            auto rest = path.substr(at.wildcard);
            if (rest.find('%') != std::string_view::npos) {
                const auto from = match.decoded.size();
                decode(rest, match.decoded, true);
                rest = std::string_view(match.decoded).substr(from);
            }
            match.values[match.size++] = rest;
        }
        return match_status::found;
    }
    if (!allow(path).empty()) return at.method_index == options_method ? match_status::options : match_status::method_not_allowed;
    const bool leaves_host = path.size() > 1 && (path[1] == '/' || path[1] == '\\');
    if (!redirect_slashes || leaves_host || path == "/") return match_status::not_found;
    auto other = std::string(path);
    if (other.back() == '/') {
        other.pop_back();
    } else {
        other += '/';
    }
    return allow(other).empty() ? match_status::not_found : match_status::redirect;
}

std::string route_trie::allow(std::string_view path) const {
    std::vector<const terminal*> ends;
    std::string decoded;
    cursor at;
    at.ends = &ends;
    if (!split(at, path, decoded)) return {};
    walk(at, 0, 0);
    if (ends.empty()) return {};
    std::vector<std::string_view> methods{"OPTIONS"};
    for (const auto* end : ends) {
        for (std::size_t i = 0; i < known_methods; ++i) {
            if (end->known[i] != none) methods.push_back(method_names[i]);
        }
        if (end->known[get_method] != none) methods.emplace_back("HEAD");
        for (const auto& [name, route] : end->other) methods.push_back(name);
    }
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    std::string text;
    for (const auto method : methods) {
        if (!text.empty()) text += ", ";
        text += method;
    }
    return text;
}

}  // namespace hem::web::detail
