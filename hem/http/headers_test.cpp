#include "hem/http/headers.hpp"

#include <gtest/gtest.h>

#include "hem/http/errors.hpp"
#include "hem/http/response.hpp"

namespace hem::http {
namespace {

std::string text_of(const headers& fields) {
    std::string text;
    for (const auto& [name, value, id] : fields) text += std::string(name) + "=" + std::string(value) + ";";
    return text;
}

TEST(Headers, KeepOrderAndLowerNames) {
    const headers fields{{"Content-Type", "a"}, {"X-B", "b"}, {"Set-Cookie", "c"}, {"X-B", "d"}, {"set-cookie", "e"}};
    EXPECT_EQ(text_of(fields), "content-type=a;x-b=b;set-cookie=c;x-b=d;set-cookie=e;");
    EXPECT_EQ(fields.size(), 5u);
    EXPECT_EQ(fields.get("CONTENT-TYPE"), "a");
    EXPECT_EQ(fields.get(field::content_type), "a");
    EXPECT_EQ(fields.get("x-B"), "b");
    EXPECT_EQ(fields.get_all("X-b"), (std::vector<std::string_view>{"b", "d"}));
    EXPECT_EQ(fields.get_all("Set-Cookie"), (std::vector<std::string_view>{"c", "e"}));
    EXPECT_FALSE(fields.get("absent").has_value());
    EXPECT_FALSE(fields.contains(field::host));
}

TEST(Headers, SetReplacesAllAtThePlaceOfTheFirst) {
    headers fields{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"vary", "4"}, {"c", "5"}, {"a", "6"}};
    fields.set("A", "7");
    EXPECT_EQ(text_of(fields), "a=7;b=2;vary=4;c=5;");
    fields.set(field::vary, "8");
    fields.set("new", "9");
    EXPECT_EQ(text_of(fields), "a=7;b=2;vary=8;c=5;new=9;");
}

TEST(Headers, EraseForgetsTheName) {
    headers fields{{"vary", "1"}, {"b", "2"}, {"vary", "3"}};
    EXPECT_EQ(fields.erase("Vary"), 2u);
    EXPECT_EQ(fields.erase("vary"), 0u);
    EXPECT_FALSE(fields.contains(field::vary));
    EXPECT_FALSE(fields.get(field::vary).has_value());
    EXPECT_EQ(text_of(fields), "b=2;");
}

TEST(Headers, ViewsSurviveGrowthAndMoves) {
    headers fields;
    fields.append("x-first", "value");
    const std::string_view first = *fields.get("x-first");
    for (int i = 0; i < 200; ++i) fields.append("x-" + std::to_string(i), std::string(50, 'v'));
    const headers moved = std::move(fields);
    EXPECT_EQ(first, "value");
    EXPECT_EQ(first.data(), moved.get("x-first")->data());
    const headers copy = moved;
    EXPECT_EQ(text_of(copy), text_of(moved));
}

TEST(Headers, BlanksAroundValuesAreCut) {
    headers fields;
    fields.set("a", " \t b c \t");
    EXPECT_EQ(fields.get("a"), "b c");
    fields.set("b", "   ");
    EXPECT_EQ(fields.get("b"), "");
}

TEST(Headers, RefuseWhatMustNotReachTheWire) {
    headers fields;
    const auto problem = [&](std::string_view name, std::string_view value) {
        try {
            fields.append(name, value);
        } catch (const invalid_header& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(problem("x-a", "secret\r\nset-cookie: b"),
              "value of header field \"x-a\" has a control byte at offset 6; line breaks and NUL cannot be sent");
    EXPECT_NE(problem("x-a", std::string_view("a\0b", 3)), "");
    EXPECT_NE(problem("x-a", "a\nb"), "");
    EXPECT_NE(problem("x-a", "\x7f"), "");
    EXPECT_EQ(problem("x a", "b"), "header field name \"x?a\" is not a token: wrong byte at offset 1");
    EXPECT_EQ(problem("", "b"), "header field name \"\" is not a token: it is empty");
    EXPECT_NE(problem("x:", "b"), "");
    EXPECT_NE(problem(std::string(257, 'a'), "b"), "");
    EXPECT_EQ(problem("x-a", "tab\tand \x80\xff"), "");
    EXPECT_EQ(fields.size(), 1u);
}

TEST(Headers, FramingOfAResponseBelongsToTheServer) {
    response answer(200);
    EXPECT_THROW(answer.headers().set("Transfer-Encoding", "chunked"), invalid_header);
    EXPECT_THROW(answer.headers().append("Keep-Alive", "timeout=5"), invalid_header);
    EXPECT_THROW(answer.headers().set("upgrade", "h2c"), invalid_header);
    EXPECT_THROW(answer.headers().set("trailer", "x"), invalid_header);
    EXPECT_THROW(answer.headers().set("connection", "keep-alive"), invalid_header);
    EXPECT_THROW(answer.headers() = headers({{"transfer-encoding", "chunked"}}); answer.headers().set("upgrade", "x"), invalid_header);
    answer.headers().set("Connection", "Close");
    EXPECT_TRUE(answer.headers().contains(field::connection));
}

TEST(Fields, EveryKnownNameFindsItsId) {
    for (std::size_t i = 1; i < field_count; ++i) {
        const auto id = static_cast<field>(i);
        EXPECT_EQ(find_field(field_name(id)), id) << field_name(id);
        EXPECT_EQ(find_field(std::string(field_name(id)) + "x"), field::other);
    }
    EXPECT_EQ(find_field(""), field::other);
    EXPECT_EQ(find_field("x-unknown"), field::other);
    for (int i = 1; i < 10; ++i) EXPECT_EQ(find_method(method_name(static_cast<method_kind>(i))), static_cast<method_kind>(i));
    EXPECT_EQ(find_method("get"), method_kind::other);
}

TEST(Status, PhrasesAndLinesAgree) {
    EXPECT_EQ(reason_phrase(404), "Not Found");
    EXPECT_EQ(reason_phrase(422), "Unprocessable Content");
    EXPECT_EQ(reason_phrase(299), "Unknown");
    EXPECT_EQ(status_line(503), "HTTP/1.1 503 Service Unavailable\r\n");
    EXPECT_EQ(status_line(200), "HTTP/1.1 200 OK\r\n");
    EXPECT_EQ(status_line(999), "");
}

}  // namespace
}  // namespace hem::http
