// A task runs later than it is made, a child later than its creator goes on: a reference or view in it may point to what is gone.
// Temporaries and views are refused; children keep their function and arguments by value. Answers P23.
#include <string>
#include <string_view>

#include "examples/pitfalls/pitfall.hpp"

namespace {

hem::task<std::size_t> length(const std::string& text) {
    co_await hem::sleep_for(1s);
    co_return text.size();
}
hem::task<> print(std::string text) {
    co_await hem::sleep_for(1s);
    std::printf("%s\n", text.c_str());
}
#ifdef HEM_SHOW_PITFALL
hem::task<> print_view(std::string_view text) { co_await print(std::string(text)); }
#endif

hem::task<> example() {
#ifdef HEM_SHOW_PITFALL
    // expect: temporary whose address is used as value of local variable 'later'
    hem::task<std::size_t> later = length("a temporary that dies at the semicolon");
    const std::string name = "a capture";
    // expect: temporary whose address is used as value of local variable 'captures'
    hem::task<std::size_t> captures = [&name]() -> hem::task<std::size_t> { co_return name.size(); }();
#endif
    std::printf("%zu\n", co_await length("awaited in the same expression: fine"));

    int sum = 0;  // what children share lives outside of the group: the body's own locals die when the body returns
    co_await hem::with_task_group([&](hem::task_group& group) -> hem::task<> {
        std::string text = "moved into the child";
#ifdef HEM_SHOW_PITFALL
        // expect: an argument is a view or raw pointer that may dangle in the child
        group.create_task(print_view, std::string_view(text));
        // expect: pass the function and its arguments: create_task(fetch, url)
        group.create_task(print(text));
#endif
        group.create_task(print, std::move(text));
        group.create_task([&sum]() -> hem::task<> { co_await hem::sleep_for(2s), ++sum; });
        co_return;
    });
    std::printf("sum %d\n", sum);
}

}  // namespace

int main() { return run_pitfall(example); }
