#include "hem/web/detail/route_trie.hpp"

#include "hem/core/errors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace hem::web::detail {
namespace {

struct table {
    route_trie trie;
    std::vector<std::string> patterns;

    explicit table(std::initializer_list<const char*> routes) {
        for (const std::string line : routes) {
            const auto space = line.find(' ');
            const auto taken =
                trie.add(line.substr(0, space), parse_route_pattern(line.substr(space + 1)), static_cast<std::uint32_t>(patterns.size()));
            EXPECT_FALSE(taken.has_value()) << line;
            patterns.push_back(line.substr(space + 1));
        }
        trie.freeze();
    }

    // The pattern and its values, or what happened instead.
    std::string find(std::string_view method, std::string_view path) const {
        route_match match;
        switch (trie.find(method, path, match)) {
        case match_status::not_found: return "404";
        case match_status::method_not_allowed: return "405 " + trie.allow(path);
        case match_status::options: return "options " + trie.allow(path);
        case match_status::redirect: return "redirect";
        case match_status::bad_path: return "400";
        case match_status::found: break;
        }
        auto text = patterns[match.route];
        for (std::uint32_t i = 0; i < match.size; ++i) text += " [" + std::string(match.values[i]) + "]";
        return text;
    }
};

TEST(RouteTrie, OrderOfMatchIsPerSegmentAndIndependentOfRegistration) {
    const std::vector<const char*> routes{"GET /items/{any}",    "GET /items/{n:int}", "GET /items/{x:float}",
                                          "GET /items/{u:uuid}", "GET /items/new",     "GET /items/{rest:path}"};
    std::vector<int> order{0, 1, 2, 3, 4, 5};
    do {
        route_trie trie;
        for (const int i : order) trie.add("GET", parse_route_pattern(std::string(routes[i]).substr(4)), static_cast<std::uint32_t>(i));
        trie.freeze();
        const auto route = [&](std::string_view path) {
            route_match match;
            return trie.find("GET", path, match) == match_status::found ? static_cast<int>(match.route) : -1;
        };
        EXPECT_EQ(route("/items/new"), 4);
        EXPECT_EQ(route("/items/17"), 1);
        EXPECT_EQ(route("/items/1.5"), 2);
        EXPECT_EQ(route("/items/123e4567-e89b-12d3-a456-426614174000"), 3);
        EXPECT_EQ(route("/items/newer"), 0);
        EXPECT_EQ(route("/items/a/b"), 5);
        EXPECT_EQ(route("/items/"), 5);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(RouteTrie, BacktracksOutOfALiteralThatLeadsNowhere) {
    const table routes{"GET /users/me", "GET /users/{id}/posts", "GET /users/{id}/{tab}", "GET /{rest:path}"};
    EXPECT_EQ(routes.find("GET", "/users/me"), "/users/me");
    EXPECT_EQ(routes.find("GET", "/users/me/posts"), "/users/{id}/posts [me]");
    EXPECT_EQ(routes.find("GET", "/users/me/likes"), "/users/{id}/{tab} [me] [likes]");
    EXPECT_EQ(routes.find("GET", "/users/me/likes/x"), "/{rest:path} [users/me/likes/x]");
    EXPECT_EQ(routes.find("GET", "/"), "/{rest:path} []");
}

TEST(RouteTrie, ConverterThatDoesNotFitIsNoMatch) {
    const table routes{"GET /n/{n:int}", "GET /x/{x:float}", "GET /u/{u:uuid}"};
    EXPECT_EQ(routes.find("GET", "/n/12"), "/n/{n:int} [12]");
    EXPECT_EQ(routes.find("GET", "/n/1a"), "404");
    EXPECT_EQ(routes.find("GET", "/n/"), "404");
    EXPECT_EQ(routes.find("GET", "/x/3"), "/x/{x:float} [3]");
    EXPECT_EQ(routes.find("GET", "/x/3."), "404");
    EXPECT_EQ(routes.find("GET", "/u/123e4567e89b12d3a456426614174000"), "404");
}

TEST(RouteTrie, MethodTakesPartInTheMatch) {
    const table routes{"GET /posts/new", "DELETE /posts/{id}", "POST /posts",  "GET /posts",
                       "HEAD /head",     "GET /head",          "OPTIONS /own", "PURGE /own"};
    EXPECT_EQ(routes.find("DELETE", "/posts/new"), "/posts/{id} [new]");
    EXPECT_EQ(routes.find("PATCH", "/posts/new"), "405 DELETE, GET, HEAD, OPTIONS");
    EXPECT_EQ(routes.find("PUT", "/posts"), "405 GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(routes.find("get", "/posts"), "405 GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(routes.find("HEAD", "/posts"), "/posts");
    EXPECT_EQ(routes.find("OPTIONS", "/posts"), "options GET, HEAD, OPTIONS, POST");
    EXPECT_EQ(routes.find("OPTIONS", "/own"), "/own");
    EXPECT_EQ(routes.find("PURGE", "/own"), "/own");
    route_match match;
    ASSERT_EQ(routes.trie.find("HEAD", "/head", match), match_status::found);
    EXPECT_EQ(match.route, 4U);
}

TEST(RouteTrie, SegmentsAreDecodedOnceAfterSplitting) {
    const table routes{"GET /posts/{id}", "GET /posts/über", "GET /files/{rest:path}", "GET /a/{x}/{y}"};
    EXPECT_EQ(routes.find("GET", "/posts/a%2Fb"), "/posts/{id} [a/b]");
    EXPECT_EQ(routes.find("GET", "/posts/a%252Fb"), "/posts/{id} [a%2Fb]");
    EXPECT_EQ(routes.find("GET", "/p%6Fsts/x"), "/posts/{id} [x]");
    EXPECT_EQ(routes.find("GET", "/posts/%C3%BCber"), "/posts/über");
    EXPECT_EQ(routes.find("GET", "/posts/a+b"), "/posts/{id} [a+b]");
    EXPECT_EQ(routes.find("GET", "/files/a%20b/c%2fd"), "/files/{rest:path} [a b/c%2Fd]");
    EXPECT_EQ(routes.find("GET", "/a/%41/%42"), "/a/{x}/{y} [A] [B]");
}

TEST(RouteTrie, RefusesDotSegmentsAndBrokenEscapes) {
    const table routes{"GET /files/{rest:path}", "GET /{a}"};
    for (const auto* path : {"/files/../x", "/files/./x", "/files/..", "/.", "/files/%2e%2e/x", "/%2E", "/files/.%2e", "/x%", "/x%2",
                             "/x%zz", "/x%00", "", "x"}) {
        EXPECT_EQ(routes.find("GET", path), "400") << path;
    }
    EXPECT_EQ(routes.find("GET", "/files/..."), "/files/{rest:path} [...]");
    EXPECT_EQ(routes.find("GET", "/.hidden"), "/{a} [.hidden]");
    EXPECT_EQ(routes.find("GET", "/files/" + std::string(200, '/') + ".."), "400");
}

TEST(RouteTrie, RedirectsOnlyWhereTheOtherFormExists) {
    const table routes{"GET /posts", "GET /admin/", "GET /both", "GET /both/", "GET /u/{id}", "GET /"};
    EXPECT_EQ(routes.find("GET", "/posts/"), "redirect");
    EXPECT_EQ(routes.find("POST", "/posts/"), "redirect");
    EXPECT_EQ(routes.find("GET", "/admin"), "redirect");
    EXPECT_EQ(routes.find("GET", "/both/"), "/both/");
    EXPECT_EQ(routes.find("GET", "/u/7/"), "redirect");
    EXPECT_EQ(routes.find("GET", "/u/"), "404");
    EXPECT_EQ(routes.find("GET", "//posts/"), "404");
    EXPECT_EQ(routes.find("GET", "/\\posts/"), "404");
    route_match match;
    EXPECT_EQ(routes.trie.find("GET", "/posts/", match, false), match_status::not_found);
}

TEST(RouteTrie, SameMethodAndShapeIsReportedNotAdded) {
    route_trie trie;
    EXPECT_FALSE(trie.add("GET", parse_route_pattern("/users/{id}"), 7));
    EXPECT_EQ(trie.add("GET", parse_route_pattern("/users/{name}"), 8), 7U);
    EXPECT_FALSE(trie.add("GET", parse_route_pattern("/users/{id:int}"), 9));
    EXPECT_FALSE(trie.add("POST", parse_route_pattern("/users/{name}"), 10));
    EXPECT_FALSE(trie.add("LOCK", parse_route_pattern("/users/{name}"), 11));
    EXPECT_EQ(trie.add("LOCK", parse_route_pattern("/users/{x}"), 12), 11U);
    trie.freeze();
    EXPECT_THROW(trie.add("GET", parse_route_pattern("/late"), 13), usage_error);
}

TEST(RoutePattern, RefusesWhatCannotMatchInPlainWords) {
    const auto message = [](std::string_view path) -> std::string {
        try {
            parse_route_pattern(path);
        } catch (const usage_error& error) {
            return error.what();
        }
        return "accepted";
    };
    using testing::HasSubstr;
    EXPECT_THAT(message("posts"), HasSubstr("begin with \"/\""));
    EXPECT_THAT(message("/a//b"), HasSubstr("empty segment"));
    EXPECT_THAT(message("/{}"), HasSubstr("no name"));
    EXPECT_THAT(message("/{1a}"), HasSubstr("\"1a\" is not an identifier"));
    EXPECT_THAT(message("/{a}/{a}"), HasSubstr("\"a\" stands there twice"));
    EXPECT_THAT(message("/{a:hex}"), HasSubstr("unknown converter \"hex\""));
    EXPECT_THAT(message("/{a:path}/b"), HasSubstr("must come last"));
    EXPECT_THAT(message("/{a}.json"), HasSubstr("fills a whole segment"));
    EXPECT_THAT(message("/a/../b"), HasSubstr("never match"));
    EXPECT_THAT(message("/a?b"), HasSubstr("no path segment has"));
    EXPECT_THAT(message("/a%20b"), HasSubstr("unescaped"));
    EXPECT_EQ(parse_route_pattern("/a/{b:int}/{c:path}").openapi_path(), "/a/{b}/{c}");
}

// Reference: try every route, keep the one whose kinds are smallest from left to right.
std::string by_hand(const std::vector<std::pair<std::string, route_pattern>>& routes, std::string_view method, std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 1;;) {
        const auto end = path.find('/', begin);
        parts.emplace_back(path.substr(begin, end == std::string_view::npos ? end : end - begin));
        if (end == std::string_view::npos) break;
        begin = end + 1;
    }
    const route_pattern* best = nullptr;
    for (const auto& [verb, pattern] : routes) {
        if (verb != method) continue;
        const auto& segments = pattern.segments;
        const bool wild = segments.back().kind == segment_kind::wildcard;
        bool fits = wild ? parts.size() >= segments.size() : parts.size() == segments.size();
        for (std::size_t i = 0; fits && i < segments.size(); ++i) {
            fits = segments[i].kind == segment_kind::literal ? segments[i].text == parts[i] : segment_fits(segments[i].kind, parts[i]);
        }
        if (!fits) continue;
        const auto less = [&](const route_pattern& a, const route_pattern& b) {
            for (std::size_t i = 0; i < std::min(a.segments.size(), b.segments.size()); ++i) {
                if (a.segments[i].kind != b.segments[i].kind) return a.segments[i].kind < b.segments[i].kind;
            }
            return false;
        };
        if (best == nullptr || less(pattern, *best)) best = &pattern;
    }
    return best != nullptr ? best->text : "none";
}

TEST(RouteTrie, AgreesWithASearchByHand) {
    std::mt19937 random(7);
    const std::vector<std::string> choices{"a", "b", "7", "{p}", "{n:int}", "{x:float}"};
    const std::vector<std::string> texts{"a", "b", "7", "8", "1.5", "zz", ""};
    const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
    for (int round = 0; round < 200; ++round) {
        route_trie trie;
        std::vector<std::pair<std::string, route_pattern>> routes;
        std::vector<std::string> names;
        for (int i = 0; i < 20; ++i) {
            std::string path;
            const auto length = 1 + random() % 4;
            for (std::size_t k = 0; k < length; ++k) {
                auto part = pick(choices);
                if (part[0] == '{') part.insert(part[1] == 'p' ? 2 : 2, std::to_string(k));
                path += "/" + part;
            }
            if (random() % 6 == 0) path += "/{rest:path}";
            const std::string method = random() % 2 == 0 ? "PUT" : "POST";
            auto pattern = parse_route_pattern(path);
            if (!trie.add(method, pattern, static_cast<std::uint32_t>(names.size()))) {
                names.push_back(path);
                routes.emplace_back(method, std::move(pattern));
            }
        }
        trie.freeze();
        for (int i = 0; i < 100; ++i) {
            std::string path;
            const auto length = 1 + random() % 5;
            for (std::size_t k = 0; k < length; ++k) path += "/" + pick(texts);
            route_match match;
            const auto status = trie.find("PUT", path, match);
            const auto expected = by_hand(routes, "PUT", path);
            EXPECT_EQ(status == match_status::found ? names[match.route] : "none", expected) << path;
        }
    }
}

}  // namespace
}  // namespace hem::web::detail
