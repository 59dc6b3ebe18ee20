// The same two lookups in sequence and at once, and what the difference is worth. When one of a gather fails, the other is cancelled
// and joined before the error leaves. Answers 3-03.
#include "examples/patterns/example.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

hem::task<std::string> fetch_user(int id) {
    co_await hem::sleep_for(500ms);
    co_return "user " + std::to_string(id);
}

hem::task<std::vector<std::string>> fetch_posts(int id) {
    co_await hem::sleep_for(300ms);
    std::vector<std::string> posts;
    for (int i = 1; i <= 3; ++i) posts.push_back("post " + std::to_string(i) + " of " + std::to_string(id));
    co_return posts;
}

hem::task<std::string> refused(hem::duration after) {
    co_await hem::sleep_for(after);
    throw std::runtime_error("refused");
}

hem::task<double> in_sequence(int id) {
    auto begin = hem::clock::now();
    std::string user = co_await fetch_user(id);
    auto posts = co_await fetch_posts(id);
    std::printf("in sequence: %s, %zu posts\n", user.c_str(), posts.size());
    co_return seconds_since(begin);
}

hem::task<double> at_once(int id) {
    auto begin = hem::clock::now();
    auto [user, posts] = co_await hem::gather(fetch_user(id), fetch_posts(id));
    std::printf("at once: %s, %zu posts\n", user.c_str(), posts.size());
    co_return seconds_since(begin);
}

hem::task<> example() {
    double sequence = co_await in_sequence(1), concurrent = co_await at_once(1);
    std::printf("%.2f s or %.2f s: %.1fx\n", sequence, concurrent, sequence / concurrent);

    auto begin = hem::clock::now();
    try {
        co_await hem::gather(fetch_user(1), refused(100ms));
    } catch (const std::runtime_error& error) {
        std::printf("%s after %.1f s: the other lookup was cancelled\n", error.what(), seconds_since(begin));
    }
}

}  // namespace

int main(int count, char** arguments) { return run_example(count, arguments, example); }
