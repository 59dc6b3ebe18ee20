#include "apps/blog/front_matter.hpp"

#include "apps/blog/markdown.hpp"
#include "apps/blog/post_files.hpp"
#include "hem/model/json.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace blog {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

front_matter yaml(std::string_view text) { return read_front_matter(matter_format::yaml, text); }

front_matter toml(std::string_view text) { return read_front_matter(matter_format::toml, text); }

std::string refusal(auto&& call) {
    try {
        call();
    } catch (const import_error& error) {
        return error.what();
    }
    return "nothing was refused";
}

TEST(FrontMatter, SplitsYamlAndToml) {
    const split_post yaml_post = split_front_matter("---\ntitle: A\n---\nbody\n");
    EXPECT_EQ(yaml_post.format, matter_format::yaml);
    EXPECT_EQ(yaml_post.matter, "title: A\n");
    EXPECT_EQ(yaml_post.body, "body\n");
    const split_post toml_post = split_front_matter("\xEF\xBB\xBF+++\r\ntitle = 'A'\r\n+++ \r\nbody");
    EXPECT_EQ(toml_post.format, matter_format::toml);
    EXPECT_EQ(toml_post.matter, "title = 'A'\r\n");
    EXPECT_EQ(toml_post.body, "body");
    const split_post bare = split_front_matter("# no front matter\n---\n");
    EXPECT_EQ(bare.format, matter_format::none);
    EXPECT_EQ(bare.body, "# no front matter\n---\n");
}

TEST(FrontMatter, RefusesWhatIsNeverClosed) {
    EXPECT_THAT(refusal([] { split_front_matter("---\ntitle: A\n"); }), HasSubstr("never closed: a line '---'"));
    EXPECT_THAT(refusal([] { split_front_matter("+++\ntitle = 'A'\n---\n"); }), HasSubstr("never closed: a line '+++'"));
}

TEST(FrontMatter, ReadsJekyllsKeys) {
    const front_matter post = yaml("layout: post\ntitle: \"On: colons\"\nauthor: mira\ndate: 2025-03-04 10:20:30 +0100\n"
                                   "categories: engines search\ntags: [c++, search]\npublished: true\n");
    EXPECT_EQ(post.title, "On: colons");
    EXPECT_THAT(post.authors, ElementsAre("mira"));
    EXPECT_EQ(post.published_date, "2025-03-04T09:20:30Z");
    EXPECT_THAT(post.tags, ElementsAre("c++", "search", "engines"));
    EXPECT_FALSE(post.draft);
    EXPECT_TRUE(yaml("published: false").draft);
    EXPECT_THAT(yaml("category: Big news\ntag: one").tags, ElementsAre("one", "Big news"));
}

TEST(FrontMatter, ReadsHugosKeys) {
    const front_matter post = toml("title = 'Hugo'\ndate = 2025-11-20T06:30:00.5+02:00\ndraft = true\nslug = 'my-slug'\n"
                                   "tags = ['a', 'b']\ncategories = ['b', 'c']\nauthors = ['Ann', 'Bo']\n");
    EXPECT_EQ(post.title, "Hugo");
    EXPECT_EQ(post.published_date, "2025-11-20T04:30:00.500Z");
    EXPECT_TRUE(post.draft);
    EXPECT_EQ(post.slug, "my-slug");
    EXPECT_THAT(post.tags, ElementsAre("a", "b", "c"));
    EXPECT_THAT(post.authors, ElementsAre("Ann", "Bo"));
    EXPECT_THAT(toml("[author]\nname = 'Ann'\nemail = 'a@example.org'").authors, ElementsAre("Ann"));
    EXPECT_THAT(yaml("authors:\n  - name: Ann\n  - Bo").authors, ElementsAre("Ann", "Bo"));
}

TEST(FrontMatter, ReadsZolasKeys) {
    const front_matter post = toml(
        "title = 'Zola'\ndate = 2025-11-20\n[taxonomies]\ntags = ['a']\nseries = ['s']\nauthors = ['Ann']\n[extra]\nauthor = 'ignored'");
    EXPECT_EQ(post.published_date, "2025-11-20T00:00:00Z");
    EXPECT_THAT(post.tags, ElementsAre("a", "s"));
    EXPECT_THAT(post.authors, ElementsAre("Ann"));
    EXPECT_THAT(toml("[extra]\nauthor = 'Ann'").authors, ElementsAre("Ann"));
}

TEST(FrontMatter, SaysWhatIsWrongAndWhere) {
    EXPECT_THAT(refusal([] { yaml("title: A\n  bad: [1,\n"); }), HasSubstr("not YAML"));
    EXPECT_THAT(refusal([] { yaml("title: A\n  bad: [1,\n"); }), HasSubstr("line 3"));
    EXPECT_THAT(refusal([] { toml("title = 'A'\nx = = 2\n"); }), HasSubstr("line 3: the front matter is not TOML"));
    EXPECT_THAT(refusal([] { yaml("just a text"); }), HasSubstr("no list of 'key: value' lines"));
    EXPECT_THAT(refusal([] { yaml("date: yesterday"); }), HasSubstr("cannot read the date 'yesterday'"));
    EXPECT_THAT(refusal([] { yaml("title: [a, b]"); }), HasSubstr("'title' is a list, a text is expected"));
    EXPECT_THAT(refusal([] { yaml("draft: maybe"); }), HasSubstr("'draft' is 'maybe', true or false is expected"));
    EXPECT_THAT(refusal([] { read_front_matter(matter_format::none, ""); }), HasSubstr("has no front matter"));
    EXPECT_THAT(refusal([] { yaml("title: " + std::string(70000, 'x')); }), HasSubstr("longer than 64 KiB"));
}

TEST(FrontMatter, BoundsNestingAndSelfReference) {
    EXPECT_THAT(refusal([] { yaml("tags: &a [*a]"); }), HasSubstr("front matter"));
    EXPECT_THAT(refusal([] { yaml("x: " + std::string(2000, '[')); }), HasSubstr("front matter"));
    EXPECT_THAT(refusal([] { toml("x = " + std::string(2000, '[')); }), HasSubstr("front matter"));
}

TEST(FrontMatter, NormalizesDates) {
    EXPECT_EQ(normalized_date("2025-11-20"), "2025-11-20T00:00:00Z");
    EXPECT_EQ(normalized_date("2025-1-5"), "2025-01-05T00:00:00Z");
    EXPECT_EQ(normalized_date("2025-11-20 23:30"), "2025-11-20T23:30:00Z");
    EXPECT_EQ(normalized_date("2025-12-31T23:30:00-05:00"), "2026-01-01T04:30:00Z");
    EXPECT_EQ(normalized_date("2025-11-20 06:30:00 +0530"), "2025-11-20T01:00:00Z");
    EXPECT_EQ(normalized_date("2025-11-20t06:30:00.1234z"), "2025-11-20T06:30:00.123400Z");
    EXPECT_EQ(normalized_date("2001-12-14 21:59:43.10 -5"), "2001-12-15T02:59:43.100Z");
    EXPECT_EQ(normalized_date("2024-02-29 UTC"), std::nullopt);
    for (const char* bad : {"", "2025", "2025-13-01", "2025-02-30", "2025-11-20T", "2025-11-20T25:00", "2025-11-20 10:00 Berlin",
                            "20251120", "2025-11-20T10:00:00+99:00"}) {
        EXPECT_EQ(normalized_date(bad), std::nullopt) << bad;
    }
}

TEST(FrontMatter, ChecksUtf8) {
    EXPECT_TRUE(is_utf8("plain, gr\xC3\xBC\xC3\x9F, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
    for (const char* bad : {"\xC3", "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "caf\xE9"})
        EXPECT_FALSE(is_utf8(bad));
}

TEST(Markdown, KeepsTheTextAndTheShape) {
    EXPECT_EQ(
        markdown_to_text(
            "# Title\n\nSome *soft*\n[link](http://x) with `code`.\n\n- one\n- two\n\n```cpp\nint x;\n\nint y;\n```\n\n1. first\n2. second\n"),
        "# Title\n\nSome soft link with code.\n\n- one\n- two\n\n    int x;\n\n    int y;\n\n1. first\n2. second");
    EXPECT_EQ(markdown_to_text("a <b>bold</b> word\n\n<div>\ninside\n</div>\n"), "a bold word\n\ninside");
    EXPECT_EQ(markdown_to_text(""), "");
}

TEST(ParsePost, TakesIdAndDateFromTheNameWhenTheFrontMatterIsSilent) {
    const auto post = parse_post("---\ntitle: A\n---\nText\n", "2025-03-04-a-post", {});
    ASSERT_TRUE(post);
    EXPECT_EQ(post->id, "a-post");
    EXPECT_EQ(post->published_date, "2025-03-04T00:00:00Z");
    EXPECT_EQ(post->author, "unknown");
    EXPECT_EQ(post->content, "Text");
    const auto named = parse_post("---\nslug: other\ndate: 2026-01-02\n---\n", "2025-03-04-a-post", {.unknown_author = "Ann"});
    ASSERT_TRUE(named);
    EXPECT_EQ(named->id, "other");
    EXPECT_EQ(named->published_date, "2026-01-02T00:00:00Z");
    EXPECT_EQ(named->title, "A post");
    EXPECT_EQ(named->author, "Ann");
}

TEST(ParsePost, FurtherAuthorsBecomeTags) {
    const auto post = parse_post("---\ndate: 2026-01-02\nauthors: [Ann, Bo, Cy]\ntags: [x]\n---\n", "p", {});
    ASSERT_TRUE(post);
    EXPECT_EQ(post->author, "Ann");
    EXPECT_THAT(post->tags, ElementsAre("x", "author:Bo", "author:Cy"));
}

TEST(ParsePost, SkipsDraftsUnlessAsked) {
    constexpr std::string_view draft = "+++\ndate = 2026-01-02\ndraft = true\n+++\n";
    EXPECT_FALSE(parse_post(draft, "p", {}));
    EXPECT_TRUE(parse_post(draft, "p", {.drafts = true}));
}

TEST(ParsePost, RefusesAPostWithoutADate) {
    EXPECT_THAT(refusal([] { parse_post("---\ntitle: A\n---\n", "a-post", {}); }), HasSubstr("has no date"));
    EXPECT_THAT(refusal([] { parse_post("---\ntitle: A\n---\n", "2025-02-31-a-post", {}); }), HasSubstr("has no date"));
    EXPECT_THAT(refusal([] { parse_post(std::string_view("---\ntitle: a\0b\n---\n", 20), "2025-02-01-a", {}); }), HasSubstr("NUL byte"));
    EXPECT_THAT(refusal([] { parse_post("---\ntitle: caf\xE9\n---\n", "2025-02-01-a", {}); }), HasSubstr("is not UTF-8"));
}

// A folder under the system's temporary one, removed at the end.
class PostFiles : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "hem-blog-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void write(const std::string& path, std::string_view text = "---\ndate: 2026-01-02\n---\n") {
        std::filesystem::create_directories((folder_ / path).parent_path());
        std::ofstream(folder_ / path) << text;
    }
    std::vector<std::string> names(const post_file_options& options = {}) {
        std::vector<std::string> found;
        for (const post_file& file : find_post_files(folder_, options)) found.push_back(file.name);
        return found;
    }
    std::filesystem::path folder_;
};

TEST_F(PostFiles, FindsBundlesAndSkipsSections) {
    write("_index.md");
    write("index.md");
    write("blog/_index.md");
    write("blog/one.md");
    write("blog/2025-01-02-two/index.md");
    write("blog/2025-01-02-two/notes.md");
    write("blog/three/index.de.md");
    write("blog/picture.png");
    write(".git/four.md");
    EXPECT_THAT(names(), ElementsAre("2025-01-02-two", "one", "three.de"));
}

TEST_F(PostFiles, ReadsAJekyllSiteFromItsPosts) {
    write("about.md");
    write("_posts/2025-01-02-one.md");
    write("_posts/deep/2025-01-03-two.markdown");
    write("_drafts/three.md");
    EXPECT_THAT(names(), ElementsAre("2025-01-02-one", "2025-01-03-two"));
    EXPECT_THAT(names({.drafts = true}), ElementsAre("three", "2025-01-02-one", "2025-01-03-two"));
}

TEST_F(PostFiles, ReadsAHugoSiteFromItsContent) {
    write("hugo.toml", "");
    write("README.md");
    write("content/_index.md");
    write("content/posts/one.md");
    EXPECT_THAT(names(), ElementsAre("one"));
}

TEST_F(PostFiles, NamesAFolderThatIsNotThere) {
    EXPECT_THAT(refusal([&] { find_post_files(folder_ / "none", {}); }), HasSubstr("No such file or directory"));
}

TEST_F(PostFiles, ReadsAFile) {
    write("2026-02-03-x.md", "---\ntitle: X\n---\nBody");
    const auto files = find_post_files(folder_, {});
    ASSERT_EQ(files.size(), 1u);
    const auto post = read_post_file(files[0], {});
    ASSERT_TRUE(post);
    EXPECT_EQ(to_json_line(*post), R"({"id":"x","title":"X","content":"Body","author":"unknown","published_date":"2026-02-03T00:00:00Z"})");
    write("big.md", std::string(9 * 1024 * 1024, 'x'));
    EXPECT_THAT(refusal([&] { read_post_file({folder_ / "big.md", "big"}, {}); }), HasSubstr("larger than 8 MiB"));
}

}  // namespace

}  // namespace blog
