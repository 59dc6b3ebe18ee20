#include "hem/testing.hpp"
#include "hem/web.hpp"

#include <gmock/gmock.h>

namespace hem::web {
namespace {

using ::testing::HasSubstr;

std::string mistake(auto registration) {
    app broken;
    try {
        registration(broken);
        broken.check();
    } catch (const usage_error& error) {
        return error.what();
    }
    return "no mistake found";
}

struct log_book {
    std::vector<std::string> lines;
};
struct connection {
    log_book* book;
    int number;
};
struct transaction {
    connection* over;
};
struct open_inputs {
    depends<log_book> book;
};
struct begin_inputs {
    depends<connection> over;
    query<bool> fail_commit = false;
};

async_context<transaction> begin(begin_inputs in) {
    auto& lines = in.over->book->lines;
    lines.push_back("begin");
    transaction work{&*in.over};
    try {
        co_yield work;
    } catch (...) {
        lines.push_back("rollback");
        throw;
    }
    if (*in.fail_commit) throw std::runtime_error("commit failed");
    lines.push_back("commit");
}

struct note_call {
    depends<transaction> work;
    depends<connection> over;
    query<int> value;
};

void provide_all(app& target, log_book& book) {
    target.provide<log_book>([&book] { return std::ref(book); }, {.scope = scope::app});
    target.provide<connection>([](open_inputs in) -> connection {
        in.book->lines.push_back("open");
        return {&*in.book, static_cast<int>(in.book->lines.size())};
    });
    target.provide<transaction>(begin);
    target.get("/note", [](note_call call) -> task<int> {
        call.over->book->lines.push_back("handler");
        EXPECT_EQ(call.work->over, &*call.over);  // one connection per request
        if (*call.value < 0) throw http_exception(418);
        co_return *call.value;
    });
}

ASYNC_TEST(Dependencies, RunOnceDepthFirstAndEndBeforeTheAnswer) {
    log_book book;
    app target;
    provide_all(target, book);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/note?value=7");
        EXPECT_EQ(answer.text(), "7");
        EXPECT_THAT(book.lines, ::testing::ElementsAre("open", "begin", "handler", "commit"));
    });
}

ASYNC_TEST(Dependencies, HandlersErrorIsThrownAtTheYield) {
    log_book book;
    app target;
    provide_all(target, book);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/note?value=-1");
        EXPECT_EQ(answer.status(), 418);
        EXPECT_THAT(book.lines, ::testing::ElementsAre("open", "begin", "handler", "rollback"));
    });
}

ASYNC_TEST(Dependencies, InputErrorsOfTheWholeGraphComeBeforeAnyProvider) {
    log_book book;
    app target;
    provide_all(target, book);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/note?fail_commit=maybe");
        EXPECT_EQ(answer.status(), 422);
        const auto errors = json::parse(answer.text())["detail"];
        CO_ASSERT_EQ(errors.size(), 2U);
        EXPECT_EQ(errors[0]["loc"], json::array({"query", "fail_commit"}));
        EXPECT_EQ(errors[1]["loc"], json::array({"query", "value"}));
        EXPECT_TRUE(book.lines.empty());
    });
}

ASYNC_TEST(Dependencies, FailedCommitIsTheAnswer) {
    log_book book;
    app target;
    provide_all(target, book);
    const auto reported = hem::testing::expect_report(report_kind::suppressed_error);
    co_await hem::with(test_client(target, {.raise_server_exceptions = false}), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/note?value=7&fail_commit=1");
        EXPECT_EQ(answer.status(), 500);
        EXPECT_EQ(answer.text(), R"({"detail":"Internal Server Error"})");
    });
    CO_ASSERT_EQ(reported.texts().size(), 1U);
    EXPECT_THAT(reported.texts()[0], HasSubstr("GET /note answered 500"));
    EXPECT_THAT(reported.texts()[0], HasSubstr("commit failed"));
}

struct guard_inputs {
    header<std::optional<std::string>> authorization;
};
struct caller {
    std::string name;
};
struct payload {
    int n;
};
struct guarded_call {
    depends<caller> who;
    query<int> page;
    body<payload> data;
};

ASYNC_TEST(Dependencies, GuardsAnswerBeforeTheBodyAnd422) {
    app target;
    int ran = 0;
    target.provide<caller>(
        [&ran](guard_inputs in) -> task<caller> {
            ++ran;
            if (!*in.authorization) throw http_exception(401, "Not authenticated", {{"www-authenticate", "Bearer"}});
            co_return caller{**in.authorization};
        },
        {.guard = true});
    target.post("/guarded",
                [](guarded_call call) -> task<std::string> { co_return call.who->name + std::to_string(call.data->n + *call.page); });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.post("/guarded?page=x", {.json = 3});
        EXPECT_EQ(answer.status(), 401);
        EXPECT_EQ(answer.headers().get("www-authenticate"), "Bearer");
        answer = co_await client.post("/guarded?page=x", {.headers = {{"authorization", "ann"}}, .json = 3});
        EXPECT_EQ(answer.status(), 422);
        EXPECT_EQ(json::parse(answer.text())["detail"].size(), 2U);
        answer = co_await client.post("/guarded?page=2", {.headers = {{"authorization", "ann"}}, .json = payload{3}});
        EXPECT_EQ(answer.text(), R"("ann5")");
        EXPECT_EQ(ran, 3);
    });
}

struct counter {
    int value = 0;
};
struct two_counters {
    depends<counter> a;
    depends<counter> b;
    depends<counter, no_cache> c;
};

ASYNC_TEST(Dependencies, NoCacheMakesAValueOfItsOwn) {
    app target;
    int made = 0;
    target.provide<counter>([&made]() -> counter { return {++made}; });
    target.get("/",
               [](two_counters call) -> task<std::vector<int>> { co_return std::vector{call.a->value, call.b->value, call.c->value}; });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/");
        EXPECT_EQ(answer.text(), "[1,1,2]");
    });
}

struct tag_two;
struct tagged {
    depends<counter> one;
    depends<counter, tag_two> two;
};
struct one_counter {
    depends<counter> it;
};

ASYNC_TEST(Dependencies, TagsOverridesAndListsOfDependencies) {
    app target;
    int needed = 0;
    target.provide<counter>([]() -> counter { return {1}; });
    target.provide<counter, tag_two>([]() -> counter { return {2}; });
    target.provide<connection>([&needed]() -> connection { return {nullptr, ++needed}; });
    target.get("/", [](tagged call) -> task<std::vector<int>> { co_return std::vector{call.one->value, call.two->value}; },
               {.dependencies = need<connection>()});
    {
        const auto faked = target.override_provider<counter>([]() -> counter { return {10}; });
        co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
            auto answer = co_await client.get("/");
            EXPECT_EQ(answer.text(), "[10,2]");
        });
    }
    EXPECT_EQ(needed, 1);
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/");
        EXPECT_EQ(answer.text(), "[1,2]");
    });
}

struct service_with_own {
    int n = 4;
    static service_with_own provide() { return {}; }
};
struct own_call {
    depends<service_with_own> service;
};

ASYNC_TEST(Dependencies, TypeMayProvideItself) {
    app target;
    target.get("/", [](own_call call) -> task<int> { co_return call.service->n; });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        auto answer = co_await client.get("/");
        EXPECT_EQ(answer.text(), "4");
    });
}

ASYNC_TEST(Dependencies, AppScopeLivesFromStartUpToShutdownInOrder) {
    log_book book;
    app target;
    target.provide<counter>(
        [&book]() -> async_context<counter> {
            book.lines.push_back("counter up");
            counter made{3};
            co_yield made;
            book.lines.push_back("counter down");
        },
        {.scope = scope::app});
    target.lifespan([&book](app&) -> async_context<> {
        book.lines.push_back("lifespan up");
        co_yield {};
        book.lines.push_back("lifespan down");
    });
    target.get("/", [](one_counter call) -> task<int> { co_return call.it->value++; });
    co_await hem::with(test_client(target), [&](test_client& client) -> task<> {
        EXPECT_EQ((co_await client.get("/")).text(), "3");
        EXPECT_EQ((co_await client.get("/")).text(), "4");
    });
    EXPECT_THAT(book.lines, ::testing::ElementsAre("counter up", "lifespan up", "lifespan down", "counter down"));
}

struct need_b;
struct type_a {
    int n;
};
struct type_b {
    int n;
};
struct a_needs_b {
    depends<type_b> b;
};
struct b_needs_a {
    depends<type_a> a;
};
struct wants_a {
    depends<type_a> a;
};
struct misnamed_call {
    path<int> post_id;
};

TEST(Dependencies, MistakesAreFoundAtStartUpWithNames) {
    EXPECT_THAT(mistake([](app& a) { a.get("/x", [](wants_a) -> task<> { co_return; }); }),
                ::testing::AllOf(HasSubstr("route GET /x"), HasSubstr("member \"a\" of"), HasSubstr("wants_a"),
                                 HasSubstr("needs a provider of"), HasSubstr("type_a")));
    EXPECT_THAT(mistake([](app& a) {
                    a.provide<type_a>([](a_needs_b) -> type_a { return {1}; });
                    a.provide<type_b>([](b_needs_a) -> type_b { return {1}; });
                    a.get("/x", [](wants_a) -> task<> { co_return; });
                }),
                ::testing::AllOf(HasSubstr("dependency cycle"), HasSubstr("type_a needs"), HasSubstr("type_b needs")));
    EXPECT_THAT(mistake([](app& a) {
                    a.provide<type_a>([](a_needs_b) -> type_a { return {1}; }, {.scope = scope::app});
                    a.provide<type_b>([]() -> type_b { return {1}; });
                }),
                ::testing::AllOf(HasSubstr("type_a"), HasSubstr("app scope"), HasSubstr("ends earlier")));
    EXPECT_THAT(mistake([](app& a) {
                    a.provide<type_b>([]() -> type_b { return {1}; });
                    a.provide<type_b>([]() -> type_b { return {1}; });
                }),
                HasSubstr("registered already"));
    EXPECT_THAT(mistake([](app& a) { a.get("/posts/{id}", [](misnamed_call) -> task<> { co_return; }); }),
                ::testing::AllOf(HasSubstr("route GET /posts/{id}"), HasSubstr("member \"post_id\""), HasSubstr("misnamed_call"),
                                 HasSubstr("only {id}")));
    EXPECT_THAT(mistake([](app& a) { a.get("/posts/{id}", []() -> task<> { co_return; }); }), HasSubstr("nobody reads {id}"));
    EXPECT_THAT(mistake([](app& a) {
                    a.get("/posts", []() -> task<> { co_return; }, {.name = "a"});
                    a.get("/posts", []() -> task<> { co_return; }, {.name = "b"});
                }),
                ::testing::AllOf(HasSubstr("registered already"), HasSubstr("dependencies_test.cpp")));
    EXPECT_THAT(mistake([](app& a) { a.get("/posts", [](payload) -> task<> { co_return; }); }), HasSubstr("allow_body"));
}

}  // namespace
}  // namespace hem::web
