#include "hem/http/url.hpp"

#include <gtest/gtest.h>

#include "hem/http/errors.hpp"

namespace hem::http {
namespace {

TEST(Url, ParsesItsParts) {
    const url all = url::parse("HTTPS://user:pw@Example.COM:8443/a/b%20c?x=1&y=%2F#part");
    EXPECT_EQ(all.scheme, "https");
    EXPECT_EQ(all.userinfo, "user:pw");
    EXPECT_EQ(all.host, "example.com");
    EXPECT_EQ(all.port, 8443);
    EXPECT_EQ(all.path, "/a/b%20c");
    EXPECT_EQ(all.query, "x=1&y=%2F");
    EXPECT_EQ(all.fragment, "part");
    EXPECT_EQ(all.target(), "/a/b%20c?x=1&y=%2F");
    EXPECT_EQ(all.text(), "https://user:pw@example.com:8443/a/b%20c?x=1&y=%2F#part");
    EXPECT_EQ(url::parse(all.text()), all);
}

TEST(Url, TakesWhatIsUsual) {
    EXPECT_EQ(url::parse("http://h").path, "/");
    EXPECT_EQ(url::parse("http://h").effective_port(), 80);
    EXPECT_EQ(url::parse("https://h?q").query, "q");
    EXPECT_EQ(url::parse("http://[2001:db8::1]:8000/x").host, "[2001:db8::1]");
    EXPECT_EQ(url::parse("http://127.0.0.1:9200").authority(), "127.0.0.1:9200");
    EXPECT_EQ(url::parse("/only/path?q#f").host, "");
    EXPECT_EQ(url::parse("http://h:").port, std::nullopt);
    EXPECT_EQ(url::parse("").path, "");
    EXPECT_EQ(url::parse("file:///a/b").text(), "file:///a/b");
    EXPECT_EQ(url::parse("file:a").text(), "file:a");
}

TEST(Url, RefusesWhatIsNone) {
    for (const std::string_view text :
         {"http://", "http:///x", "http://a b/", "http://h/a b", "http://h/\xc3\xa4", "http://h/%", "http://h/%zz", "http://h:65536/",
          "http://h:x/", "http://[::1/", "http://[1::2::3]/", "http://[12345::]/", "http://[1.2.3.4]/", "http://a,b/", "http://u@v@h/",
          "http://h/?a b", "http://h/#a#b", "http://h/\n"}) {
        EXPECT_THROW(url::parse(text), invalid_url) << text;
        EXPECT_EQ(url::try_parse(text), std::nullopt) << text;
    }
    try {
        url::parse("http://h/a b");
        FAIL();
    } catch (const invalid_url& error) {
        EXPECT_STREQ(error.what(), "\"http://h/a b\" is not a URL: at offset 10, this byte must be percent-encoded in a path");
    }
}

TEST(Url, AddressesOfVersionSix) {
    for (const std::string_view good :
         {"[::]", "[::1]", "[1:2:3:4:5:6:7:8]", "[1::8]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", "[fe80::]", "[::2:3:4:5:6:7:8]"})
        EXPECT_TRUE(valid_authority(good)) << good;
    for (const std::string_view bad :
         {"[]", "[:]", "[:::]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[::1:2:3:4:5:6:7:8]", "[1:]", "[:1]", "[::1.2.3]",
          "[::1.2.3.256]", "[::01.2.3.4]", "[g::]", "[::1]x", "[::1", "[v1.x]", "[1::2:3:4:5:6:1.2.3.4:1]"})
        EXPECT_FALSE(valid_authority(bad)) << bad;
}

TEST(Url, JoinKeepsTheBasePath) {
    const auto joined = [](std::string_view base, std::string_view path) { return join(url::parse(base), path).text(); };
    EXPECT_EQ(joined("https://h/v1", "/posts"), "https://h/v1/posts");
    EXPECT_EQ(joined("https://h/v1/", "/posts"), "https://h/v1/posts");
    EXPECT_EQ(joined("https://h/v1/", "posts?x=1"), "https://h/v1/posts?x=1");
    EXPECT_EQ(joined("https://h", "/"), "https://h/");
    EXPECT_EQ(joined("https://h/v1", ""), "https://h/v1");
    EXPECT_EQ(joined("https://h/v1", "http://other/x"), "http://other/x");
    EXPECT_EQ(joined("https://h/v1", "//other/x"), "https://h/v1//other/x");
    EXPECT_EQ(joined("https://h", "a:b/c"), "https://h/a:b/c");
    EXPECT_EQ(joined("https://h/?key=1", "/p?q=2"), "https://h/p?key=1&q=2");
    EXPECT_THROW(joined("https://h", "/a b"), invalid_url);
}

TEST(UrlCoding, EncodesBySet) {
    EXPECT_EQ(percent_encode("a b/c?d&\xc3\xa4~", encode_set::component), "a%20b%2Fc%3Fd%26%C3%A4~");
    EXPECT_EQ(percent_encode("a b/c:@&=+", encode_set::segment), "a%20b%2Fc:@&=+");
    EXPECT_EQ(percent_encode("a b+c", encode_set::form), "a+b%2Bc");
}

TEST(UrlCoding, DecodingIsTheInverse) {
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    EXPECT_EQ(percent_decode(percent_encode(every, encode_set::segment)), every);
    EXPECT_EQ(percent_decode(percent_encode(every)), every);
    EXPECT_EQ(form_decode(percent_encode(every, encode_set::form)), every);
}

TEST(UrlCoding, BrokenEscapesAreRefusedInPathsAndKeptInForms) {
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    EXPECT_EQ(percent_decode("a%2"), std::nullopt);
    EXPECT_EQ(percent_decode("%g0"), std::nullopt);
    EXPECT_EQ(form_decode("100%"), "100%");
    EXPECT_EQ(form_decode("%4"), "%4");
    EXPECT_EQ(form_decode("%zz+%41"), "%zz A");
    EXPECT_TRUE(valid_percent_escapes("a%41%2f"));
    EXPECT_FALSE(valid_percent_escapes("a%4"));
    EXPECT_FALSE(valid_percent_escapes("%"));
}

TEST(QueryParams, ParseAndEncode) {
    const auto params = query_params::parse("a=1&b=x+y&&a=%26&flag&=v&c==");
    EXPECT_EQ(params.size(), 6u);
    EXPECT_EQ(params.get("a"), "1");
    EXPECT_EQ(params.get_all("a"), (std::vector<std::string_view>{"1", "&"}));
    EXPECT_EQ(params.get("b"), "x y");
    EXPECT_EQ(params.get("flag"), "");
    EXPECT_EQ(params.get(""), "v");
    EXPECT_EQ(params.get("c"), "=");
    EXPECT_EQ(params.get("A"), std::nullopt);
    EXPECT_EQ(params.encode(), "a=1&b=x+y&a=%26&flag=&=v&c=%3D");
}

TEST(QueryParams, TakeNumbersAndFlags) {
    query_params params{{"n", 3}, {"big", 18446744073709551615u}, {"x", 0.5}, {"t", true}, {"s", "text"}};
    EXPECT_EQ(params.encode(), "n=3&big=18446744073709551615&x=0.5&t=true&s=text");
    params.append("n", 4);
    params.set("n", 5);
    params.set("new", false);
    EXPECT_EQ(params.encode(), "n=5&big=18446744073709551615&x=0.5&t=true&s=text&new=false");
}

}  // namespace
}  // namespace hem::http
