// The typed client without a node: building and serialising a search, reading an answer into documents.
#include "hem/search.hpp"

#include "bench/measure.hpp"

#include <string>

namespace {

namespace bench = hem::bench;
namespace search = hem::search;

struct blog_post {
    search::text<"english"> title, content;
    search::keyword author;
    search::date published_date;
    std::vector<search::keyword> tags;
};

// The advanced search of the blog: multi_match, tags any-of, two facets, a page.
std::string advanced_search() {
    return search::search_request<blog_post>()
        .query(search::multi_match("python async", {"title^2", "content"}, {.type = search::multi_match_type::best_fields}))
        .filter(search::boolean({.should = {search::term("tags", "python"), search::term("tags", "fastapi")}, .minimum_should_match = 1}))
        .aggregate("authors", search::terms("author").size(10))
        .aggregate("publication_dates", search::date_histogram("published_date").calendar_interval("month"))
        .slice(0, 20)
        .dump();
}

// 20 hits and one aggregation, about 16.7 KB.
std::string answer_of_20_hits() {
    std::string text =
        R"({"took":3,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":1234,"relation":"eq"},"max_score":7.5,"hits":[)";
    for (int at = 0; at < 20; ++at) {
        std::string content;
        while (content.size() < 600)
            content += "a sentence of \\\"words\\\" that stands for a post's text, number " + std::to_string(at) + ". ";
        text += (at > 0 ? "," : "") + std::string(R"({"_index":"blog_posts","_id":"id)") + std::to_string(at) + R"(","_score":)" +
                std::to_string(7.5 - at * 0.25) + R"(,"_source":{"title":"Post number )" + std::to_string(at) + R"(","content":")" +
                content + R"(","author":"author_)" + std::to_string(at % 7) +
                R"(","published_date":"2025-11-20T06:30:00.123456Z","tags":["python","fastapi","async"]}})";
    }
    return text +
           R"(]},"aggregations":{"authors":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[{"key":"author_1","doc_count":3},{"key":"author_2","doc_count":3}]}}})";
}

// Microseconds of CPU time for one call, the best of some rounds.
double microseconds(int calls, auto&& body) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const double begin = bench::cpu_time();
        for (int at = 0; at < calls; ++at) body();
        best = std::min(best, (bench::cpu_time() - begin) / calls / 1000);
    }
    return best;
}

}  // namespace

int main() {
    bench::figure("build and serialise the advanced search", microseconds(20'000, [] { bench::keep(advanced_search()); }), "us", 5);
    const std::string answer = answer_of_20_hits();
    std::size_t characters = 0;
    const double decoded = microseconds(2'000, [&] {
        const search::search_response<blog_post> found{search::detail::read_search_body(answer, {}), {}, "{}"};
        for (const auto& hit : found.hits) characters += hit->title.size();
    });
    bench::figure("20 typed documents of an answer of " + std::to_string(answer.size() / 1000) + " KB", decoded, "us", 40);
    const double untouched = microseconds(2'000, [&] {
        const search::search_response<blog_post> found{search::detail::read_search_body(answer, {}), {}, "{}"};
        characters += found.hits.size();
    });
    bench::figure("the same, hits not touched", untouched, "us", 0);
    bench::keep(characters);
}
