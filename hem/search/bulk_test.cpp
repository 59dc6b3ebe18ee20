#include "hem/search/bulk.hpp"

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

namespace {

struct note {
    std::string text;
};

// An answer with one item per status.
std::string items(std::initializer_list<int> statuses) {
    std::string body = R"({"took":1,"errors":true,"items":[)";
    for (const int status : statuses) {
        if (!body.ends_with('[')) body += ',';
        body += R"({"index":{"_index":"i","_id":"x","status":)" + std::to_string(status);
        body += status < 400 ? R"(,"result":"created"}})" : R"(,"error":{"type":"t","reason":"r"}}})";
    }
    return body + "]}";
}

std::vector<search::bulk_action> actions(int count) {
    std::vector<search::bulk_action> made;
    for (int i = 0; i < count; ++i) made.push_back(search::bulk_action::put("{}", std::to_string(i)));
    return made;
}

struct fixture {
    std::shared_ptr<scripted_transport> node = std::make_shared<scripted_transport>();
    search::client client = scripted_client(node);
};

ASYNC_TEST(Bulk, WireForm) {
    fixture f;
    f.node->answer(200, items({201, 201})).answer(200, items({200}));
    std::vector<search::document<note>> documents(2);
    documents[0].text = "one";
    documents[0].meta.index = "blog_posts";
    documents[0].meta.id = "a1";
    documents[1].text = "two";
    const auto summary = co_await search::bulk(f.client, documents, {.index = "blog_posts", .chunk_size = 100});
    EXPECT_EQ(summary.succeeded, 2u);
    EXPECT_EQ(f.node->seen[0].request.body,
              "{\"index\":{\"_index\":\"blog_posts\",\"_id\":\"a1\"}}\n{\"text\":\"one\"}\n{\"index\":{}}\n{\"text\":\"two\"}\n");
    search::bulk_action change = search::bulk_action::update("1", json::object({{"title", "new"}}));
    change.index = "blog_posts";
    (void)co_await search::bulk(f.client, std::vector{change});
    EXPECT_EQ(f.node->seen[1].request.body, "{\"update\":{\"_index\":\"blog_posts\",\"_id\":\"1\"}}\n{\"doc\":{\"title\":\"new\"}}\n");
    EXPECT_EQ(f.node->lines(), (lines{"POST /blog_posts/_bulk", "POST /_bulk"}));
}

ASYNC_TEST(Bulk, ActionsOfPython) {
    fixture f;
    f.node->answer(200, items({200, 200, 200}));
    const std::vector<json> given{json::parse(R"({"_op_type":"update","_index":"i","_id":7,"_source":{"doc":{"a":1}}})"),
                                  json::parse(R"({"_id":"2","title":"t","id":"own field"})"),
                                  json::parse(R"({"_op_type":"delete","_id":"3"})")};
    (void)co_await search::bulk(f.client, given);
    EXPECT_EQ(f.node->seen[0].request.body,
              "{\"update\":{\"_index\":\"i\",\"_id\":\"7\"}}\n{\"doc\":{\"a\":1}}\n"
              "{\"index\":{\"_id\":\"2\"}}\n{\"title\":\"t\",\"id\":\"own field\"}\n{\"delete\":{\"_id\":\"3\"}}\n");
    EXPECT_THROW(search::bulk_action::from_json(json::parse(R"({"_op_type":"upsert"})")), std::invalid_argument);
}

ASYNC_TEST(Bulk, ChunksByCountAndBytes) {
    fixture f;
    f.node->answer(200, items({201, 201})).answer(200, items({201, 201})).answer(200, items({201}));
    (void)co_await search::bulk(f.client, actions(5), {.chunk_size = 2});
    EXPECT_EQ(f.node->seen.size(), 3u);
    // One action is `{"index":{"_id":"0"}}\n{}\n`: 25 bytes; two fit into 50, not into 49.
    const std::size_t one = f.node->seen[2].request.body.size();
    EXPECT_EQ(one, 25u);
    f.node->answer(200, items({201, 201})).answer(200, items({201}));
    (void)co_await search::bulk(f.client, actions(3), {.max_chunk_bytes = 2 * one});
    EXPECT_EQ(f.node->seen.size(), 5u);
    f.node->answer(200, items({201})).answer(200, items({201}));
    (void)co_await search::bulk(f.client, actions(2), {.max_chunk_bytes = 2 * one - 1});
    EXPECT_EQ(f.node->seen.size(), 7u);
    f.node->answer(200, items({201}));
    (void)co_await search::bulk(f.client, actions(1), {.max_chunk_bytes = 5});
    EXPECT_EQ(f.node->seen.size(), 8u);
}

ASYNC_TEST(Bulk, OnlyOverloadedItemsGoAgain) {
    fixture f;
    f.node->answer(200, items({201, 429, 400, 429})).answer(200, items({201, 429})).answer(200, items({201}));
    const auto summary = co_await search::bulk(f.client, actions(4));
    EXPECT_EQ(summary.succeeded, 3u);
    EXPECT_EQ(summary.failed, 1u);
    CO_ASSERT_EQ(summary.failures.size(), 1u);
    EXPECT_EQ(summary.failures[0].position, 2u);
    EXPECT_EQ(summary.failures[0].status, 400);
    EXPECT_EQ(f.node->seen[1].request.body, "{\"index\":{\"_id\":\"1\"}}\n{}\n{\"index\":{\"_id\":\"3\"}}\n{}\n");
    EXPECT_EQ(f.node->seen[2].request.body, "{\"index\":{\"_id\":\"3\"}}\n{}\n");
}

ASYNC_TEST(Bulk, RetriesEnd) {
    fixture f;
    f.node->fallback = {.status = 200, .body = items({429})};
    const auto summary = co_await search::bulk(f.client, actions(1), {.max_retries = 2});
    EXPECT_EQ(summary.failed, 1u);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(Bulk, AWholeRequestTurnedAwayGoesAgainAfterRetryAfter) {
    fixture f;
    f.node->answer(429, "{}", {{"retry-after", "9"}}).answer(200, items({201}));
    const hem::time_point began = hem::clock::now();
    const auto summary = co_await search::bulk(f.client, actions(1));
    EXPECT_EQ(summary.succeeded, 1u);
    EXPECT_EQ(hem::clock::now() - began, 9s);
}

ASYNC_TEST(Bulk, ARetryThatWouldPassTheDeadlineIsNotBegun) {
    fixture f;
    f.node->answer(200, items({201, 429, 400}), {{"retry-after", "9"}});
    const hem::time_point began = hem::clock::now();
    const auto summary = co_await hem::timeout(5s, search::bulk(f.client, actions(3)));
    EXPECT_EQ(hem::clock::now(), began);
    EXPECT_EQ(summary.succeeded, 1u);
    CO_ASSERT_EQ(summary.failures.size(), 2u);
    EXPECT_EQ(summary.failures[0].position, 1u);
    EXPECT_EQ(summary.failures[0].status, 429);
    EXPECT_EQ(summary.failures[1].status, 400);
    f.node->answer(429, "{}", {{"retry-after", "9"}});
    CO_EXPECT_THROW((void)co_await hem::timeout(5s, search::bulk(f.client, actions(1))), search::too_many_requests);
}

// The client's own retries, after transport errors, are part of it; a report of a retry inside a retry would fail the test.
ASYNC_TEST(Bulk, ALostConnectionInARetryGoesAgain) {
    fixture f;
    f.node->answer(200, items({429})).add({.fault = scripted_transport::failure::lost}).answer(200, items({201}));
    const auto summary = co_await search::bulk(f.client, actions(1));
    EXPECT_EQ(summary.succeeded, 1u);
    EXPECT_EQ(f.node->seen.size(), 3u);
}

ASYNC_TEST(Bulk, AWholeRequestRefusedThrows) {
    fixture f;
    f.node->answer(400, R"({"error":{"type":"illegal_argument_exception","reason":"bad"},"status":400})");
    CO_EXPECT_THROW((void)co_await search::bulk(f.client, actions(1)), search::bad_request);
}

ASYNC_TEST(Bulk, RaiseOnErrorSendsNothingLater) {
    fixture f;
    f.node->answer(200, items({400}));
    CO_EXPECT_THROW((void)co_await search::bulk(f.client, actions(3), {.chunk_size = 1, .raise_on_error = true}), search::bulk_error);
    EXPECT_EQ(f.node->seen.size(), 1u);
}

ASYNC_TEST(Bulk, IgnoredStatusesCountAsDone) {
    fixture f;
    f.node->answer(200, items({409, 404}));
    const auto summary = co_await search::bulk(f.client, actions(2), {.ignore_status = {409}});
    EXPECT_EQ(summary.succeeded, 1u);
    EXPECT_EQ(summary.failed, 1u);
}

ASYNC_TEST(Bulk, AssignedIdsAreCreated) {
    fixture f;
    f.node->answer(200, items({201}));
    (void)co_await search::bulk(f.client, std::vector{note{"x"}}, {.assign_ids = true});
    const std::string& body = f.node->seen[0].request.body;
    EXPECT_TRUE(body.starts_with("{\"create\":{\"_id\":\"")) << body;
    EXPECT_EQ(json::parse(body.substr(0, body.find('\n')))["create"]["_id"].as_string().size(), 20u);
}

hem::async_generator<note> notes(int count, bool& closed) {
    struct mark {
        bool& flag;
        ~mark() { flag = true; }
    } at_end{closed};
    for (int i = 0; i < count; ++i) co_yield note{std::to_string(i)};
}

ASYNC_TEST(Bulk, GeneratorIsPulledAndClosed) {
    fixture f;
    f.node->answer(200, items({201, 201})).answer(500, R"({"error":"x","status":500})");
    bool closed = false;
    CO_EXPECT_THROW((void)co_await search::bulk(f.client, notes(100, closed), {.chunk_size = 2}), search::api_error);
    EXPECT_TRUE(closed);
    EXPECT_EQ(f.node->seen.size(), 2u);
}

ASYNC_TEST(Bulk, QueueUntilClosed) {
    fixture f;
    f.node->answer(200, items({201, 201}));
    hem::queue<note> queue(10);
    queue.put_nowait({"a"});
    queue.put_nowait({"b"});
    queue.close();
    EXPECT_EQ((co_await search::bulk(f.client, queue)).succeeded, 2u);
}

ASYNC_TEST(Bulk, ConcurrencyIsBounded) {
    fixture f;
    f.node->fallback = {.status = 200, .body = items({201}), .delay = 1s};
    const hem::time_point began = hem::clock::now();
    const auto summary = co_await search::bulk(f.client, actions(6), {.chunk_size = 1, .concurrency = 3});
    EXPECT_EQ(summary.succeeded, 6u);
    EXPECT_EQ(f.node->peak, 3);
    EXPECT_EQ(hem::clock::now() - began, 2s);
}

ASYNC_TEST(Bulk, StreamingGivesOutcomesInOrder) {
    fixture f;
    f.node->answer(200, items({201, 400})).answer(200, items({201}));
    std::vector<std::size_t> positions;
    std::vector<int> statuses;
    co_await hem::for_each(search::streaming_bulk(f.client, actions(3), {.chunk_size = 2}), [&](search::bulk_outcome outcome) {
        positions.push_back(outcome.position);
        statuses.push_back(outcome.status);
    });
    EXPECT_EQ(positions, (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(statuses, (std::vector<int>{201, 400, 201}));
}

ASYNC_TEST(Bulk, AnAnswerOfAnotherLengthIsRefused) {
    fixture f;
    f.node->answer(200, items({201})).answer(200, R"({"items":[)");
    CO_EXPECT_THROW((void)co_await search::bulk(f.client, actions(2)), search::serialization_error);
    CO_EXPECT_THROW((void)co_await search::bulk(f.client, actions(2)), search::serialization_error);
}

}  // namespace
