#include "apps/blog/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blog {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const environment home{{"HOME", "/home/ann"}};

parsed_options parse(std::vector<std::string_view> arguments, const environment& variables = home) {
    return parse_options(arguments, variables);
}

TEST(Options, DefaultsServeTheEmbeddedStoreOnLoopback) {
    const parsed_options parsed = parse({});
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_EQ(parsed.options.command, command::serve);
    EXPECT_EQ(parsed.options.host, "127.0.0.1");
    EXPECT_EQ(parsed.options.port, 8000);
    EXPECT_EQ(parsed.options.search, "embedded:/home/ann/.local/share/hem-blog/blog.db");
    EXPECT_EQ(parsed.options.store_path(), "/home/ann/.local/share/hem-blog/blog.db");
    EXPECT_EQ(parse({}, {{"XDG_DATA_HOME", "/x"}, {"HOME", "/home/ann"}}).options.data, "/x/hem-blog");
}

TEST(Options, AFlagWinsOverTheEnvironment) {
    const environment variables{{"HEM_BLOG_HOST", "0.0.0.0"}, {"HEM_BLOG_PORT", "9000"}, {"HEM_BLOG_DATA", "/data"}};
    const parsed_options parsed = parse({"serve", "--port=9001", "--host", "localhost"}, variables);
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_EQ(parsed.options.port, 9001);
    EXPECT_EQ(parsed.options.host, "127.0.0.1");
    EXPECT_EQ(parsed.options.search, "embedded:/data/blog.db");
    EXPECT_EQ(parse({}, variables).options.port, 9000);
    EXPECT_EQ(parse({"--host", "[::1]"}).options.host, "::1");
}

TEST(Options, AnEmptyVariableIsUnset) { EXPECT_EQ(parse({}, {{"HEM_BLOG_PORT", ""}, {"HOME", "/h"}}).options.port, 8000); }

TEST(Options, ReportsAllThatIsWrongAtOnce) {
    const parsed_options parsed = parse({"--port", "70000", "--colour", "red", "--host=everywhere"}, {{"HEM_BLOG_SEARCH", "ftp://x"}});
    EXPECT_THAT(
        parsed.errors,
        ElementsAre(HasSubstr("--colour is no setting of 'serve'; there are --host, --port, --search, --data, --debug-page, --help"),
                    HasSubstr("an argument is 'red': 'serve' does not take it"), HasSubstr("--host is 'everywhere': an IP address such as"),
                    HasSubstr("--port is '70000': a number from 0 to 65535"),
                    HasSubstr("HEM_BLOG_SEARCH is 'ftp://x': embedded:FILE, embedded::memory: or http://HOST:PORT is expected")));
    EXPECT_THAT(describe_errors(parsed.errors), HasSubstr("5 settings are wrong"));
}

TEST(Options, ChecksWhereThePostsAre) {
    EXPECT_THAT(parse({"--search", "http://127.0.0.1:9200"}).errors, IsEmpty());
    EXPECT_THAT(parse({"--search", "http://[::1]:9200/prefix"}).errors, IsEmpty());
    EXPECT_THAT(parse({"--search", "embedded::memory:"}).errors, IsEmpty());
    EXPECT_EQ(parse({"--search", "embedded::memory:"}).options.store_path(), ":memory:");
    EXPECT_THAT(parse({"--search", "https://search:9200"}).errors, ElementsAre(HasSubstr("Hem has no TLS")));
    EXPECT_THAT(parse({"--search", "http://search:99999"}).errors, ElementsAre(HasSubstr("its port must be a number")));
    EXPECT_THAT(parse({"--search", "embedded:"}).errors, ElementsAre(HasSubstr("embedded:FILE")));
    EXPECT_THAT(parse({"--search"}).errors, ElementsAre("--search needs a value after it"));
    EXPECT_THAT(parse({}, {}).errors, ElementsAre(HasSubstr("--data is not set")));
    EXPECT_THAT(parse({"engine", "--search", "http://127.0.0.1:9200"}).errors, ElementsAre(HasSubstr("serves an embedded store")));
}

TEST(Options, ReadsImport) {
    const parsed_options parsed = parse({"import", "posts", "--drafts", "--author", "Ann", "--to", "http://127.0.0.1:8000"});
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_EQ(parsed.options.command, command::import_posts);
    EXPECT_EQ(parsed.options.source, "posts");
    EXPECT_TRUE(parsed.options.drafts);
    EXPECT_EQ(parsed.options.unknown_author, "Ann");
    EXPECT_EQ(parsed.options.server, "http://127.0.0.1:8000");
    EXPECT_THAT(parse({"import"}).errors, ElementsAre(HasSubstr("names no source")));
    EXPECT_THAT(parse({"import", "a", "b"}).errors, ElementsAre(HasSubstr("an argument is 'b'")));
    EXPECT_THAT(parse({"import", "a", "--to", "8000"}).errors, ElementsAre(HasSubstr("--to is '8000': a URL such as")));
    EXPECT_EQ(parse({"import", "-"}).options.source, "-");
}

TEST(Options, FlagsMayStandBeforeTheCommand) {
    const parsed_options parsed = parse({"--data", "/d", "--author=ann", "import", "/posts"});
    EXPECT_THAT(parsed.errors, IsEmpty());
    EXPECT_EQ(parsed.options.command, command::import_posts);
    EXPECT_EQ(parsed.options.source, "/posts");
    EXPECT_EQ(parsed.options.data, "/d");
}

TEST(Options, ReadsExportAndEngine) {
    EXPECT_EQ(parse({"export", "--format", "json"}).options.format, export_format::document);
    EXPECT_THAT(parse({"export", "--format", "xml"}).errors, ElementsAre("--format is 'xml': jsonl or json is expected"));
    const environment blog_port{{"HEM_BLOG_PORT", "8001"}, {"HOME", "/h"}};
    EXPECT_EQ(parse({"engine"}, blog_port).options.port, 9200);
    EXPECT_EQ(parse({"engine", "--port", "0"}, blog_port).options.port, 0);
}

TEST(Options, EveryCommandHasHelp) {
    EXPECT_THAT(parse({"--help"}).options.help, HasSubstr("HEM_BLOG_SEARCH"));
    EXPECT_EQ(parse({"help"}).options.command, command::help);
    EXPECT_THAT(parse({"serve", "--help"}).options.help, HasSubstr("blog serve:"));
    EXPECT_THAT(parse({"import", "--nonsense", "--help"}).options.help, HasSubstr("blog import:"));
    EXPECT_THAT(parse({"export", "-h"}).options.help, HasSubstr("blog export:"));
    EXPECT_THAT(parse({"engine", "--help"}).options.help, HasSubstr("blog engine:"));
    EXPECT_THAT(parse({"start"}).errors, ElementsAre("start is no command; there are serve, import, export and engine"));
}

}  // namespace

}  // namespace blog
