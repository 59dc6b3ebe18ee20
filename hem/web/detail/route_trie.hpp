// Finds the route of a method and path. Built at registration, frozen at start-up, then read-only.
//
// Order of match per segment, whatever the order of registration: literal, uuid, int, float, parameter, wildcard; it backtracks.
// The method takes part: a more specific path without the method does not hide a less specific one that has it. Each node lies at
// one depth and is visited at most once, so a look-up costs O(nodes) at worst. Paths without parameters are one hash look-up first.
// A look-up allocates only for a path with percent escapes.
#pragma once

#include "hem/web/detail/route_pattern.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::web::detail {

enum class match_status : std::uint8_t {
    found,
    not_found,
    method_not_allowed,  // `allow` names the methods
    options,             // OPTIONS without a route of its own; `allow` names the methods
    redirect,            // only the path with the trailing slash added or taken away has a route
    bad_path,            // "." or ".." segment, or a broken escape
};

struct route_match {
    std::uint32_t route = 0;
    std::uint32_t size = 0;
    std::array<std::string_view, route_pattern::max_parameters> values;  // the first `size`, decoded, in order of the path
    std::string decoded;                                                 // owns values that had escapes
};

class route_trie {
public:
    route_trie();

    // Returns the route that already has this method and shape; then nothing was added. Throws usage_error after freeze().
    std::optional<std::uint32_t> add(std::string_view method, const route_pattern& pattern, std::uint32_t route);

    void freeze();

    // The views in `match` point into `path` or `match.decoded`. `path` begins with "/" and has no query.
    match_status find(std::string_view method, std::string_view path, route_match& match, bool redirect_slashes = true) const;

    // "GET, HEAD, OPTIONS, POST" for a path that matches something, with HEAD where GET is and OPTIONS always.
    std::string allow(std::string_view path) const;

private:
    static constexpr std::size_t known_methods = 7;
    static constexpr std::uint32_t none = 0xffffffff;

    struct terminal {
        std::array<std::uint32_t, known_methods> known;
        std::vector<std::pair<std::string, std::uint32_t>> other;
    };
    struct node {
        std::array<std::uint32_t, 5> dynamic{none, none, none, none, none};  // child by kind: uuid … wildcard
        std::uint32_t end = none;                                            // terminal
        bool has_literals = false;
    };
    struct edge {
        std::uint32_t from = none;
        std::uint32_t to = none;
        std::uint64_t hash = 0;
        std::string label;
    };
    struct static_path {
        std::uint64_t hash = 0;
        std::uint32_t end = none;
        std::string path;
    };
    struct cursor;

    std::uint32_t child(std::uint32_t from, const path_segment& segment);
    std::uint32_t literal_child(std::uint32_t from, std::string_view label) const noexcept;
    const terminal* static_end(std::string_view path) const noexcept;
    std::uint32_t route_of(const terminal& end, std::size_t method_index, std::string_view method) const noexcept;
    bool walk(cursor& at, std::uint32_t from, std::size_t depth) const;
    bool take(cursor& at, std::uint32_t end) const;
    static bool split(cursor& at, std::string_view path, std::string& decoded);

    std::vector<node> nodes_;
    std::vector<terminal> ends_;
    std::vector<edge> edges_;
    std::vector<static_path> statics_;
    std::vector<std::uint32_t> edge_table_;
    std::vector<std::uint32_t> static_table_;
    std::uint64_t edge_mask_ = 0;
    std::uint64_t static_mask_ = 0;
    bool frozen_ = false;
};

}  // namespace hem::web::detail
