#include "hem/testing/leak_census.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>
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

// Threads of the process, without those that the kernel itself runs on behalf of an io_uring.
std::size_t own_threads() {
    std::size_t count = 0;
    if (DIR* d = ::opendir("/proc/self/task")) {
        while (const dirent* entry = ::readdir(d)) {
            if (entry->d_name[0] == '.') continue;
            char name[16] = {};
            const std::string path = std::string("/proc/self/task/") + entry->d_name + "/comm";
            if (const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
                [[maybe_unused]] const auto got = ::read(fd, name, sizeof name - 1);
                ::close(fd);
            }
            count += std::string_view(name).starts_with("iou-") ? 0 : 1;
        }
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
    return {entries("/proc/self/fd"), own_threads()};
}

std::string leak_census::difference_to(const leak_census& before) const {
    std::string text;
    if (descriptors > before.descriptors) text += std::to_string(descriptors - before.descriptors) + " descriptors left open; ";
    if (threads > before.threads) text += std::to_string(threads - before.threads) + " threads left running; ";
    return text;
}

}  // namespace hem::testing
