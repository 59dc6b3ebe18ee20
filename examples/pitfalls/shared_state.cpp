// What belongs to a loop is used on its thread only. The compiler refuses what it can see; a primitive that another loop touches says so in
// builds with checks. Answers P15, P16.
#include <string>

#include "examples/pitfalls/pitfall.hpp"

namespace {

std::size_t length_of(const std::string& text) { return text.size(); }

hem::task<> example() {
    std::string page = "a page";
    hem::queue<int> jobs(10);
#ifdef HEM_SHOW_PITFALL
    // expect: an argument is a raw pointer: move the value in, or pass std::ref
    co_await hem::to_thread([](const std::string* text) { return text->size(); }, &page);
    // expect: an argument belongs to its loop and may not be used on another thread
    co_await hem::to_thread([](hem::queue<int>& used) { return used.size(); }, std::ref(jobs));
    // expect: a call that may be abandoned takes no references
    co_await hem::to_thread({.abandon_on_cancel = true}, length_of, std::cref(page));
#endif
    // The caller waits for the function, so a reference is safe.
    std::printf("%zu characters\n", co_await hem::to_thread(length_of, std::cref(page)));
    // A worker that has something for the loop sends it there.
    const hem::loop_handle here = hem::loop::current();
    co_await hem::to_thread([&jobs, here] { here.call_soon_threadsafe([&jobs] { jobs.put_nowait(7); }); });
    std::printf("job %d came from a worker\n", co_await jobs.get());
}

}  // namespace

int main() { return run_pitfall(example); }
