#include "hem/search/embedded/engine.hpp"

#include "hem/model/json.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace hem::search::embedded {
namespace {

std::int64_t test_clock = 1'763'596'800'000;

rest_response send(engine& to, const std::string& method, const std::string& target, const std::string& body = {},
                   const std::string& type = "application/json") {
    return to.handle(rest_request::from_target(method, target, body, type));
}

std::unique_ptr<engine> in_memory() {
    return engine::open({.now_ms = [] { return test_clock; }, .random_seed = 7});
}

TEST(Engine, NamesItselfAndItsProduct) {
    const auto store = in_memory();
    const rest_response about = send(*store, "GET", "/");
    EXPECT_EQ(about.status, 200);
    EXPECT_EQ(about.header("x-elastic-product"), "Elasticsearch");
    EXPECT_EQ(about.header("content-type"), "application/json");
    EXPECT_EQ(json::parse(about.body)["version"]["build_flavor"].as_string(), "hem");
    EXPECT_TRUE(send(*store, "HEAD", "/").body.empty());
}

TEST(Engine, AQueryStringOfOddBytesIsAnswered) {
    const auto store = in_memory();
    send(*store, "PUT", "/a/_doc/1", R"({"t":"text"})");
    for (const char* words : {"\xfd?", "?\nJ", "*", "\xfd*", "?", "~", "\"\xfd"}) {
        rest_request request;
        request.path = "/a/_search";
        request.params.emplace_back("q", words);
        EXPECT_NO_THROW((void)json::parse(store->handle(request).body)) << words;
    }
}

TEST(Engine, AnswersAreUtf8WhateverBytesCameIn) {
    const auto store = in_memory();
    for (const char* target : {"/\xfc\xfc", "/%ff%fe/_search?pretty", "/a/_doc/%c3"}) {
        const rest_response missing = send(*store, "GET", target);
        EXPECT_GE(missing.status, 400);
        EXPECT_NO_THROW((void)json::parse(missing.body)) << target;
    }
    const rest_response made = send(*store, "PUT", "/a/_doc/%c3", "{}");
    EXPECT_NO_THROW((void)json::parse(made.body)) << made.body;
}

TEST(Engine, AnswersInTheVendorTypeWhenAsked) {
    const auto store = in_memory();
    rest_request request = rest_request::from_target("GET", "/");
    request.accept = "application/vnd.elasticsearch+json; compatible-with=8";
    EXPECT_EQ(store->handle(request).header("content-type"), "application/vnd.elasticsearch+json;compatible-with=8");
}

TEST(Engine, RefusesForeignContentTypesAndLargeBodies) {
    const auto store = engine::open({.max_body_bytes = 100});
    EXPECT_EQ(send(*store, "PUT", "/a/_doc/1", "{\"a\":1}", "text/plain").status, 406);
    const rest_response large = send(*store, "PUT", "/a/_doc/1", std::string(101, ' '));
    EXPECT_EQ(large.status, 413);
    EXPECT_TRUE(large.body.empty());
}

TEST(Engine, CutEscapesAreFaultsOfTheRequest) {
    const auto store = in_memory();
    EXPECT_THROW(rest_request::from_target("GET", "/a?b=%4"), std::invalid_argument);
    EXPECT_EQ(send(*store, "GET", "/a%2").status, 400);
}

TEST(Engine, BatchesShareATransactionAndKeepTheirOrder) {
    const auto store = in_memory();
    std::vector<rest_request> batch;
    batch.push_back(rest_request::from_target("PUT", "/a/_doc/1", R"({"n":1})"));
    batch.push_back(rest_request::from_target("PUT", "/a/_doc/1", R"({"n":2})"));
    batch.push_back(rest_request::from_target("PUT", "/a/_create/1", R"({"n":3})"));
    batch.push_back(rest_request::from_target("GET", "/a/_source/1"));
    batch.push_back(rest_request::from_target("DELETE", "/a/_doc/1"));
    const auto answers = store->handle_batch(batch);
    ASSERT_EQ(answers.size(), 5U);
    EXPECT_EQ(answers[0].status, 201);
    EXPECT_EQ(answers[1].status, 200);
    EXPECT_EQ(answers[2].status, 409);
    EXPECT_EQ(answers[3].body, R"({"n":2})");
    EXPECT_EQ(answers[4].status, 200);
}

TEST(Engine, ContextsExpireWithTheClock) {
    const auto store = in_memory();
    send(*store, "PUT", "/a/_doc/1", R"({"n":1})");
    const rest_response first = send(*store, "POST", "/a/_search?scroll=1m", R"({"size":1})");
    ASSERT_EQ(first.status, 200);
    EXPECT_EQ(store->open_contexts(), 1U);
    const std::string id = json::parse(first.body)["_scroll_id"].as_string();
    test_clock += 61'000;
    EXPECT_EQ(send(*store, "POST", "/_search/scroll", R"({"scroll":"1m","scroll_id":")" + id + "\"}").status, 404);
    EXPECT_EQ(store->open_contexts(), 0U);
}

TEST(Engine, AFileIsThereAgainAfterReopening) {
    const auto path = std::filesystem::temp_directory_path() / ("hem_engine_test_" + std::to_string(::getpid()) + ".db");
    {
        const auto store = engine::open({.path = path.string()});
        EXPECT_EQ(send(*store, "PUT", "/a", R"({"mappings":{"properties":{"t":{"type":"text","analyzer":"english"}}},"aliases":{"al":{}}})")
                      .status,
                  200);
        EXPECT_EQ(send(*store, "PUT", "/a/_doc/1", R"({"t":"quick foxes","tag":"x"})").status, 201);
        EXPECT_THROW(engine::open({.path = path.string()}), std::runtime_error);
    }
    {
        const auto store = engine::open({.path = path.string()});
        const json found = json::parse(send(*store, "POST", "/al/_search", R"({"query":{"match":{"t":"fox"}}})").body);
        EXPECT_EQ(found["hits"]["total"]["value"].as_int64(), 1);
        const json mapping = json::parse(send(*store, "GET", "/a/_mapping").body);
        EXPECT_EQ(mapping["a"]["mappings"]["properties"]["tag"]["type"].as_string(), "text");
        store->close();
        EXPECT_EQ(send(*store, "GET", "/").status, 503);
    }
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path.string() + suffix);
}

TEST(Engine, ForcemergeRenumbersAndScrollsGoOn) {
    const auto store = in_memory();
    send(*store, "PUT", "/posts", R"({"mappings":{"properties":{"t":{"type":"text","analyzer":"english"}}}})");
    for (int round = 0; round < 3; ++round)
        for (int at = 0; at < 20; ++at)
            send(*store, "PUT", "/posts/_doc/" + std::to_string(at), R"({"t":"running foxes","n":)" + std::to_string(at) + "}");
    send(*store, "DELETE", "/posts/_doc/7");
    const auto page =
        json::parse(send(*store, "POST", "/posts/_search?scroll=1m", R"({"size":5,"query":{"match":{"t":"fox"}},"sort":"_doc"})").body);
    const auto found = [&] {
        return json::parse(send(*store, "POST", "/posts/_search",
                                R"({"size":30,"version":true,"seq_no_primary_term":true,"query":{"match":{"t":"fox"}}})")
                               .body)["hits"]
            .dump();
    };
    const std::string before = found();
    EXPECT_EQ(json::parse(send(*store, "GET", "/posts/_stats/docs").body)["_all"]["primaries"]["docs"]["deleted"].as_int64(), 41);
    EXPECT_EQ(send(*store, "POST", "/posts/_forcemerge").status, 200);
    EXPECT_EQ(json::parse(send(*store, "GET", "/posts/_stats/docs").body)["_all"]["primaries"]["docs"]["deleted"].as_int64(), 0);
    EXPECT_EQ(found(), before);
    EXPECT_EQ(json::parse(send(*store, "GET", "/posts/_doc/3").body)["_version"].as_int64(), 3);
    std::size_t hits = page["hits"]["hits"].size();
    for (int at = 0; at < 4; ++at)
        hits +=
            json::parse(send(*store, "POST", "/_search/scroll", json::object({{"scroll", "1m"}, {"scroll_id", page["_scroll_id"]}}).dump())
                            .body)["hits"]["hits"]
                .size();
    EXPECT_EQ(hits, 19u);
    EXPECT_EQ(json::parse(send(*store, "PUT", "/posts/_doc/7", R"({"t":"back"})").body)["_version"].as_int64(), 5)
        << "the delete was remembered";
}

TEST(Engine, RefusesWhatItDoesNotHaveByName) {
    const auto store = in_memory();
    for (const char* target : {"/_ingest/pipeline", "/a/_explain/1", "/_template/x", "/_reindex"}) {
        const rest_response answer = send(*store, "GET", target);
        EXPECT_EQ(answer.status, 400) << target;
        EXPECT_NE(answer.body.find("the embedded engine does not support"), std::string::npos) << answer.body;
    }
}

TEST(Engine, ReadersRunBesideAWriter) {
    const auto store = in_memory();
    send(*store, "PUT", "/a", R"({"mappings":{"properties":{"k":{"type":"keyword"},"t":{"type":"text"}}}})");
    std::atomic<bool> done = false;
    std::atomic<int> faults = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            while (!done)
                if (send(*store, "POST", "/a/_search", R"({"query":{"match":{"t":"word"}},"aggs":{"k":{"terms":{"field":"k"}}}})").status !=
                    200)
                    ++faults;
        });
    for (int i = 0; i < 100; ++i)
        if (send(*store, "PUT", "/a/_doc/" + std::to_string(i % 20), R"({"k":"x","t":"a word"})").status >= 300) ++faults;
    done = true;
    for (std::thread& one : readers) one.join();
    EXPECT_EQ(faults, 0);
    EXPECT_EQ(json::parse(send(*store, "GET", "/a/_count").body)["count"].as_int64(), 20);
}

}  // namespace
}  // namespace hem::search::embedded
