#include "hem/testing/leak_census.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "hem/core/detail/frame_pool.hpp"
#include "hem/core/detail/kernel.hpp"

namespace hem::testing {
namespace {

std::vector<long> numbers_in(const char* folder) {
    std::vector<long> numbers;
    if (DIR* d = ::opendir(folder)) {
        while (const dirent* entry = ::readdir(d)) {
            char* end = nullptr;
            const long number = std::strtol(entry->d_name, &end, 10);
            if (end != entry->d_name && *end == '\0' && number != ::dirfd(d)) numbers.push_back(number);
        }
        ::closedir(d);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

std::string target_of(long descriptor) {
    char text[256];
    const auto size = ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), text, sizeof text);
    return std::to_string(descriptor) + ": " + (size < 0 ? "?" : std::string(text, static_cast<std::size_t>(size)));
}

std::string name_of(long thread) {
    std::string name;
    std::getline(std::ifstream("/proc/self/task/" + std::to_string(thread) + "/comm"), name);
    return std::to_string(thread) + ": " + name;
}

// A joined thread is listed until the kernel has cleared it away: its flags (proc(5), 9th field of stat) tell that it is exiting, which
// they did before join returned.
bool is_gone(long thread) {
    constexpr unsigned long exiting = 0x4;  // PF_EXITING
    std::string stat;
    std::getline(std::ifstream("/proc/self/task/" + std::to_string(thread) + "/stat"), stat);
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos) return true;
    std::istringstream fields(stat.substr(name_end + 1));
    std::string skipped;
    for (int i = 0; i < 6; ++i) fields >> skipped;  // state, parent, group, session, terminal, its group
    unsigned long flags = 0;
    return !(fields >> flags) || (flags & exiting) != 0;
}

// What is in `now` and not in `before`, by the number it begins with.
void append_new(std::string& text, const std::vector<std::string>& now, const std::vector<std::string>& before, const char* what) {
    std::string names;
    std::size_t count = 0;
    for (const auto& each : now) {
        const auto known = [number = each.substr(0, each.find(':') + 1)](const std::string& old) { return old.starts_with(number); };
        if (std::any_of(before.begin(), before.end(), known)) continue;
        ++count;
        names += (names.empty() ? "" : ", ") + each;
    }
    if (now.size() > before.size() && count > 0) text += std::to_string(count) + " " + what + " (" + names + "); ";
}

}  // namespace

leak_census leak_census::take() {
    [[maybe_unused]] static const bool prepared = [] {
        // ThreadSanitizer brings a thread of its own along with the program's first one.
        std::thread([] {}).join();
        hem::detail::frame_pool::set_mode(hem::detail::frame_pool::mode::count);
        return true;
    }();
    leak_census now;
    for (const long number : numbers_in("/proc/self/fd")) now.descriptors.push_back(target_of(number));
    for (const long number : numbers_in("/proc/self/task")) {
        if (is_gone(number)) continue;
        // Without those that the kernel itself runs on behalf of an io_uring.
        if (auto thread = name_of(number); thread.find(": iou-") == std::string::npos) now.threads.push_back(std::move(thread));
    }
    now.frames = hem::detail::frame_pool::live();
    return now;
}

std::string leak_census::difference_to(const leak_census& before) const {
    std::string text;
    append_new(text, descriptors, before.descriptors, "descriptors left open");
    append_new(text, threads, before.threads, "threads left running");
    if (frames > before.frames) text += std::to_string(frames - before.frames) + " coroutine frames or task states not destroyed; ";
    return text;
}

std::string left_on_loop() {
    auto& loop = hem::detail::current_kernel();
    std::string text;
    if (loop.live_tasks > 1) {
        std::string names;
        for (auto& task : loop.tasks) {
            if (&task != loop.current) names += (names.empty() ? "" : ", ") + task.display_name();
        }
        text += std::to_string(loop.live_tasks - 1) + " tasks (" + names + "); ";
    }
    if (loop.timers.size() > 0) text += std::to_string(loop.timers.size()) + " timers armed; ";
    if (loop.io.waiters() > 0) text += std::to_string(loop.io.waiters()) + " kernel operations in flight; ";
    if (loop.outside_work > 0) text += std::to_string(loop.outside_work) + " worker jobs; ";
    return text;
}

}  // namespace hem::testing
