// One process per store file: an open-file-description lock on `<file>.lock`, which holds the pid of its owner.
#pragma once

#include <string>
#include <utility>

namespace hem::search::embedded::detail {

class file_lock {
public:
    file_lock() = default;
    // Throws store_error `locked` that names the holder's pid, or `io`.
    explicit file_lock(const std::string& store_path);
    ~file_lock();
    file_lock(file_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    file_lock& operator=(file_lock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

private:
    int descriptor_ = -1;
};

}  // namespace hem::search::embedded::detail
