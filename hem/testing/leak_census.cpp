#include "hem/testing/leak_census.hpp"

#include <dirent.h>

#include <thread>

namespace hem::testing {
namespace {

std::size_t entries(const char* folder) {
    std::size_t count = 0;
    if (DIR* d = ::opendir(folder)) {
        while (::readdir(d)) ++count;
        ::closedir(d);
    }
    return count;
}

}  // namespace

leak_census leak_census::take() {
    // ThreadSanitizer brings a thread of its own along with the program's first one.
    [[maybe_unused]] static const bool warmed_up = [] {
        std::thread([] {}).join();
        return true;
    }();
    return {entries("/proc/self/fd"), entries("/proc/self/task")};
}

std::string leak_census::difference_to(const leak_census& before) const {
    std::string text;
    if (descriptors > before.descriptors) text += std::to_string(descriptors - before.descriptors) + " descriptors left open; ";
    if (threads > before.threads) text += std::to_string(threads - before.threads) + " threads left running; ";
    return text;
}

}  // namespace hem::testing
