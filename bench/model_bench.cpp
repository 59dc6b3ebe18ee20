// JSON into models and back: against simdjson's own parse of the same bytes, and against copying them.
#include "hem/model.hpp"

#include "bench/measure.hpp"

#include <cstring>
#include <simdjson.h>

namespace {

struct document {
    std::string id;
    std::string title;
    std::string content;
    std::string author;
    std::vector<std::string> tags;
    hem::field<int, hem::ge<1>> page = 1;
    hem::field<int, hem::ge<1>, hem::le<100>> size = 10;
    double score;
    bool published = true;
    std::optional<std::string> summary;
};

std::string body_of_1k() {
    document made;
    made.id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    made.title = "Structured concurrency in practice";
    made.author = "Ada Lovelace";
    made.tags = {"async", "patterns", "c++", "cancellation"};
    made.score = 12.625;
    made.summary = "What a task group promises.";
    while (made.content.size() < 700) made.content += "A task group waits for every task that was started in it. ";
    std::string text = hem::to_json(made);
    return text;
}

std::string list_of(const std::string& each, int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + each;
    return text + "]";
}

}  // namespace

int main() {
    using hem::bench::keep;
    const std::string body = body_of_1k();
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(body);
    const auto raw_parse = [&](long count) {
        for (long i = 0; i < count; ++i) keep(parser.parse(padded).error());
    };
    const auto read_model = [&](long count) {
        for (long i = 0; i < count; ++i) keep(hem::read_json<document>(body));
    };
    hem::bench::compare("1 KiB body into a model of 10 fields", 100'000, read_model, "simdjson parse alone", raw_parse, 0);
    hem::bench::figure("the same, nanoseconds", hem::bench::round(100'000, read_model), "ns", 4000);

    const auto model = hem::from_json<document>(body);
    std::string out;
    const auto copy = [&](long count) {
        for (long i = 0; i < count; ++i) {
            out.clear();
            out.append(body);
            keep(out);
        }
    };
    const auto write_model = [&](long count) {
        for (long i = 0; i < count; ++i) {
            out.clear();
            hem::write_json(out, model);
            keep(out);
        }
    };
    hem::bench::compare("the model as 1 KiB of JSON", 300'000, write_model, "copy of the bytes", copy, 0);
    // 1 GB/s is 1 ns per byte.
    hem::bench::figure("the same, nanoseconds per KiB", hem::bench::round(300'000, write_model) * 1024 / double(body.size()), "ns", 1024);

    const std::string list = list_of(body, 1000);
    const auto read_list = [&](long count) {
        for (long i = 0; i < count; ++i) keep(hem::read_json<std::vector<document>>(list));
    };
    hem::bench::figure("list of 1000 into models, nanoseconds per KiB", hem::bench::round(20, read_list) * 1024 / double(list.size()), "ns",
                       2048);
    const auto parse_tree = [&](long count) {
        for (long i = 0; i < count; ++i) keep(hem::json::parse(list));
    };
    hem::bench::figure("the same into a tree, nanoseconds per KiB", hem::bench::round(20, parse_tree) * 1024 / double(list.size()), "ns",
                       2048);
    return 0;
}
