#include "hem/search/client.hpp"

#include "hem/core/gather.hpp"
#include "hem/search/connections.hpp"
#include "hem/search/detail/client_state.hpp"
#include "hem/search/detail/scripted_transport.hpp"
#include "hem/testing.hpp"

#include <algorithm>

namespace search = hem::search;
using hem::json;
using hem::task;
using search::detail::scripted_client;
using search::detail::scripted_transport;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;
using fault = scripted_transport::failure;

namespace {

struct fixture {
    std::shared_ptr<scripted_transport> node = std::make_shared<scripted_transport>();
    search::client client;
    explicit fixture(search::client_options options = {}) : client(scripted_client(node, std::move(options))) {}
};

ASYNC_TEST(SearchClient, OverloadIsRetriedForEveryRequest) {
    fixture f;
    f.node->answer(429, "{}").answer(503, "{}").answer(201, "{}");
    const auto answer = co_await f.client.perform("POST", "/i/_doc", {}, "{}");
    EXPECT_EQ(answer.status(), 201);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(SearchClient, BadGatewayIsRetriedOnlyWhereItIsSafe) {
    fixture f;
    f.node->answer(502, "{}").answer(200, "{}").answer(502, "{}");
    EXPECT_EQ((co_await f.client.perform("GET", "/i/_doc/1")).status(), 200);
    CO_EXPECT_THROW(co_await f.client.perform("POST", "/i/_doc", {}, "{}"), search::api_error);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(SearchClient, RetriesEndWithTheLastAnswer) {
    fixture f;
    f.node->fallback = {.status = 503, .body = R"({"error":{"type":"x","reason":"busy"},"status":503})"};
    CO_EXPECT_THROW(co_await f.client.perform("GET", "/i"), hem::unavailable);
    EXPECT_EQ(f.node->seen.size(), 4u);
}

ASYNC_TEST(SearchClient, AnEarlierAnswerBeatsALaterTransportError) {
    fixture f;
    f.node->answer(503, R"({"error":{"type":"x","reason":"busy"},"status":503})");
    f.node->fallback = {.fault = fault::refused};
    CO_EXPECT_THROW(co_await f.client.perform("GET", "/i"), search::unavailable_error);
    EXPECT_EQ(f.node->seen.size(), 4u);
}

ASYNC_TEST(SearchClient, RetryAfterIsALowerBound) {
    fixture f;
    f.node->answer(429, "{}", {{"retry-after", "7"}}).answer(200, "{}");
    const hem::time_point began = hem::clock::now();
    (void)co_await f.client.perform("GET", "/i");
    EXPECT_EQ(hem::clock::now() - began, 7s);
}

ASYNC_TEST(SearchClient, AnHourOfRetryAfterIsTheCallersToWait) {
    fixture f;
    f.node->answer(429, "{}", {{"retry-after", "3600"}});
    try {
        (void)co_await f.client.perform("GET", "/i");
        ADD_FAILURE();
    } catch (const hem::unavailable& error) {
        EXPECT_EQ(error.retry_after(), std::optional<hem::duration>(3600s));
    }
    EXPECT_EQ(f.node->seen.size(), 1u);
}

ASYNC_TEST(SearchClient, WhatWasNotSentMovesToTheNextNode) {
    auto a = std::make_shared<scripted_transport>("http://a:9200"), b = std::make_shared<scripted_transport>("http://b:9200");
    a->fallback = {.fault = fault::refused};
    search::client_options options;
    options.transports = {a, b};
    options.randomize_nodes = false;
    options.flavour = search::server_flavour{};
    search::client client(options);
    EXPECT_EQ((co_await client.perform("POST", "/i/_doc", {}, "{}")).meta.node, "http://b:9200");
    EXPECT_EQ(a->seen.size(), 1u);
    // a is dead for a second: b is asked alone.
    for (int i = 0; i < 3; ++i) (void)co_await client.perform("GET", "/i");
    EXPECT_EQ(a->seen.size(), 1u);
    a->fallback = {.status = 200, .body = "{}"};
    co_await hem::sleep_for(1100ms);
    for (int i = 0; i < 4; ++i) (void)co_await client.perform("GET", "/i");
    EXPECT_EQ(a->seen.size(), 3u);
}

ASYNC_TEST(SearchClient, ALostConnectionIsRetriedOnlyWhereItIsSafe) {
    fixture f;
    f.node->add({.fault = fault::lost}).answer(200, "{}").add({.fault = fault::lost});
    EXPECT_EQ((co_await f.client.perform("PUT", "/i/_doc/1", {}, "{}")).status(), 200);
    CO_EXPECT_THROW(co_await f.client.perform("PUT", "/i/_doc/1", {{"if_seq_no", "1"}, {"if_primary_term", "1"}}, "{}"),
                    search::connection_error);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(SearchClient, TimeoutIsOfOneAttempt) {
    fixture f({.request_timeout = 2s});
    f.node->fallback = {.delay = 1min};
    const hem::time_point began = hem::clock::now();
    CO_EXPECT_THROW(co_await f.client.perform("GET", "/i"), search::connection_timeout);
    EXPECT_EQ(hem::clock::now() - began, 2s);
    EXPECT_EQ(f.node->seen.size(), 1u);
    EXPECT_EQ(f.node->running, 0);
}

ASYNC_TEST(SearchClient, RetryOnTimeout) {
    fixture f({.request_timeout = 2s, .retry_on_timeout = true});
    f.node->add({.delay = 1min}).answer(200, "{}");
    EXPECT_EQ((co_await f.client.perform("GET", "/i")).status(), 200);
    f.node->add({.delay = 1min});
    CO_EXPECT_THROW(co_await f.client.perform("POST", "/i/_doc", {}, "{}"), hem::timeout_error);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(SearchClient, TheScopesDeadlineWins) {
    fixture f({.request_timeout = 10s});
    f.node->fallback = {.delay = 1min};
    const hem::time_point began = hem::clock::now();
    try {
        (void)co_await hem::timeout(1s, f.client.perform("GET", "/i"));
        ADD_FAILURE();
    } catch (const search::connection_timeout&) {
        ADD_FAILURE() << "the client's own limit did not strike";
    } catch (const hem::timeout_error&) {
    }
    EXPECT_EQ(hem::clock::now() - began, 1s);
    EXPECT_EQ(f.node->running, 0);
}

ASYNC_TEST(SearchClient, AllNodesDeadTriesTheOneDueFirst) {
    auto a = std::make_shared<scripted_transport>("http://a:9200"), b = std::make_shared<scripted_transport>("http://b:9200");
    a->fallback = b->fallback = {.fault = fault::refused};
    search::client_options options;
    options.transports = {a, b};
    options.randomize_nodes = false;
    options.flavour = search::server_flavour{};
    search::client client(options);
    CO_EXPECT_THROW(co_await client.perform("GET", "/i"), search::connection_error);
    EXPECT_EQ(a->seen.size() + b->seen.size(), 4u);
}

TEST(NodePool, BackoffDoublesUpToItsLimit) {
    search::node_pool pool({std::make_shared<scripted_transport>("a"), std::make_shared<scripted_transport>("b")}, 1s, 30s, false);
    hem::random_generator random(1);
    const hem::time_point now{};
    search::node_pool::node& node = pool.pick(now, random);
    std::vector<hem::duration> pauses;
    for (int i = 0; i < 8; ++i) {
        pool.failed(node, now);
        pauses.push_back(node.dead_until - now);
    }
    EXPECT_EQ(pauses, (std::vector<hem::duration>{1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s}));
    EXPECT_NE(&pool.pick(now, random), &node);
    EXPECT_NE(&pool.pick(now, random), &node);
    pool.succeeded(node);
    EXPECT_EQ(&pool.pick(now, random), &node);
}

ASYNC_TEST(SearchClient, FlavourIsAskedOnce) {
    auto node = std::make_shared<scripted_transport>();
    node->add({.status = 200, .body = R"({"version":{"distribution":"opensearch","number":"2.19.6"}})", .delay = 1s});
    search::client_options options;
    options.transports = {node};
    search::client client(options);
    co_await hem::gather(client.perform("GET", "/a"), client.perform("GET", "/b"));
    lines sent = node->lines();
    EXPECT_EQ(sent.front(), "GET /");
    std::sort(sent.begin(), sent.end());
    EXPECT_EQ(sent, (lines{"GET /", "GET /a", "GET /b"}));
    const auto flavour = co_await client.flavour();
    EXPECT_EQ(flavour.product, search::product::opensearch);
    EXPECT_EQ(flavour.major, 2);
    EXPECT_EQ(flavour.minor, 19);
}

ASYNC_TEST(SearchClient, ForbiddenToAskMeansElasticsearch8) {
    auto node = std::make_shared<scripted_transport>();
    node->answer(403, "{}");
    search::client_options options;
    options.transports = {node};
    search::client client(options);
    (void)co_await client.perform("GET", "/a");
    EXPECT_EQ((co_await client.flavour()).major, 8);
}

ASYNC_TEST(SearchClient, ProductCheck) {
    auto node = std::make_shared<scripted_transport>();
    node->answer(200, R"({"version":{"number":"9.1.0"}})");
    search::client_options options;
    options.transports = {node};
    options.product_check = true;
    search::client client(options);
    CO_EXPECT_THROW(co_await client.perform("GET", "/a"), search::unsupported_product);
}

ASYNC_TEST(SearchClient, ErrorsByStatus) {
    fixture f({.max_retries = 0});
    const std::string body =
        R"({"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [x]"}],"type":"index_not_found_exception","reason":"no such index [x]"},"status":404})";
    f.node->answer(404, body);
    try {
        (void)co_await f.client.perform("GET", "/x/_search");
        ADD_FAILURE();
    } catch (const search::not_found& error) {
        EXPECT_STREQ(error.what(), "not_found(404, 'index_not_found_exception', 'no such index [x]')");
        EXPECT_EQ(error.root_causes().size(), 1u);
        EXPECT_EQ(error.body(), body);
        EXPECT_FALSE(error.retryable());
    }
    const auto expect = [&]<class Wanted>(int status, std::type_identity<Wanted>) -> task<> {
        f.node->answer(status, R"({"error":"text","status":1})");
        CO_EXPECT_THROW(co_await f.client.perform("GET", "/x"), Wanted);
    };
    co_await expect(400, std::type_identity<search::bad_request>());
    co_await expect(401, std::type_identity<search::unauthorized>());
    co_await expect(403, std::type_identity<search::forbidden>());
    co_await expect(404, std::type_identity<hem::not_found>());
    co_await expect(409, std::type_identity<hem::conflict>());
    co_await expect(429, std::type_identity<search::too_many_requests>());
    co_await expect(503, std::type_identity<search::unavailable_error>());
    co_await expect(500, std::type_identity<search::api_error>());
    f.node->answer(400, R"({"error":{"type":"search_phase_execution_exception","reason":"all shards failed"},"status":400})");
    CO_EXPECT_THROW(co_await f.client.perform("GET", "/x"), search::search_phase_error);
}

ASYNC_TEST(SearchClient, PingNeverThrows) {
    fixture f({.max_retries = 0});
    f.node->answer(200, "").answer(500, "").add({.fault = fault::refused});
    EXPECT_TRUE(co_await f.client.ping());
    EXPECT_FALSE(co_await f.client.ping());
    EXPECT_FALSE(co_await f.client.ping());
}

ASYNC_TEST(SearchClient, HeadersAndCredentials) {
    fixture f({.basic_auth = std::pair{"user", "secret"}, .opaque_id = "me"});
    (void)co_await f.client.perform("GET", "/x");
    EXPECT_EQ(f.node->seen[0].request.headers, (search::string_pairs{{"authorization", "Basic dXNlcjpzZWNyZXQ="}, {"x-opaque-id", "me"}}));
    search::client other = f.client.with({.bearer_auth = "t"});
    (void)co_await other.perform("GET", "/x");
    EXPECT_EQ(f.node->seen[1].request.headers, (search::string_pairs{{"authorization", "Bearer t"}}));
}

TEST(SearchClientOptions, ContradictionsAreRefused) {
    EXPECT_THROW(search::client({.hosts = {}}), std::invalid_argument);
    EXPECT_THROW(search::client({.hosts = {"https://x:9200"}}), std::invalid_argument);
    EXPECT_THROW(search::client({.hosts = {"ftp://x"}}), std::invalid_argument);
    EXPECT_THROW(search::client({.hosts = {"embedded:"}}), std::invalid_argument);
    EXPECT_THROW(search::client({.hosts = {"http://a:1", "a:1"}}), std::invalid_argument);
    EXPECT_THROW(search::client({.hosts = {"http://a:1"}, .bearer_auth = "x", .api_key = "y"}), std::invalid_argument);
}

TEST(SearchClientOptions, FromJson) {
    const auto options = search::client_options::from_json(
        json::parse(R"({"hosts":["http://a:9200"],"timeout":2.5,"maxsize":25,"max_retries":1,"http_auth":["u","p"]})"));
    EXPECT_EQ(options.hosts, std::vector<std::string>{"http://a:9200"});
    EXPECT_EQ(options.request_timeout, 2500ms);
    EXPECT_EQ(options.connections_per_node, 25u);
    EXPECT_EQ(options.basic_auth->second, "p");
    EXPECT_THROW(search::client_options::from_json(json::parse(R"({"hots":[]})")), std::invalid_argument);
}

ASYNC_TEST(SearchClient, ClosedRefuses) {
    fixture f;
    co_await f.client.close();
    co_await f.client.close();
    EXPECT_TRUE(f.node->closed);
    CO_EXPECT_THROW(co_await f.client.perform("GET", "/x"), hem::closed_resource);
}

ASYNC_TEST(Connections, Registry) {
    auto& registry = search::connections::current();
    auto node = std::make_shared<scripted_transport>();
    search::client_options options;
    options.transports = {node};
    registry.configure({{"default", options}});
    search::client first = registry.get_connection();
    registry.configure({{"default", options}, {"other", options}});
    EXPECT_EQ(&first.state(), &registry.get_connection().state());
    try {
        (void)registry.get_connection("none");
        ADD_FAILURE();
    } catch (const search::unknown_connection& error) {
        EXPECT_STREQ(error.what(), "there is no search connection 'none'; known are 'default' 'other'");
    }
    registry.remove_connection("other");
    EXPECT_THROW(registry.remove_connection("other"), search::unknown_connection);
    co_await registry.close();
    EXPECT_TRUE(node->closed);
    registry.configure({});
}

}  // namespace
