#include "hem/search/embedded/file_lock.hpp"

#include "hem/search/embedded/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hem::search::embedded::detail {

file_lock::file_lock(const std::string& store_path) {
    const std::string path = store_path + ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
        throw store_error(store_failure::io, "cannot open the search store " + store_path + ": its lock file " + path + ": " +
                                                 std::strerror(errno) + " (does the folder exist, may it be written?)");
    }
    struct flock wanted{};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    if (::fcntl(descriptor_, F_OFD_SETLK, &wanted) != 0) {
        char text[32] = {};
        const auto got = ::pread(descriptor_, text, sizeof text - 1, 0);
        std::string holder(text, got > 0 ? static_cast<std::size_t>(got) : 0);
        while (!holder.empty() && holder.back() == '\n') holder.pop_back();
        ::close(descriptor_);
        descriptor_ = -1;
        throw store_error(store_failure::locked, "cannot open the search store " + store_path + ": the process with pid " +
                                                     (holder.empty() ? "unknown" : holder) +
                                                     " has it open (a store belongs to one process; stop that one or send through it)");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, pid.data(), pid.size(), 0) < 0) {
        // The lock holds; only the hint for others is missing (a full disk).
    }
}

file_lock::~file_lock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace hem::search::embedded::detail
