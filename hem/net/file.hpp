// Files without blocking the loop: in the kernel where the loop's reactor is io_uring, on a worker thread otherwise. For a file's whole
// content, read_file and write_file; for parts, open_file inside `with`.
//
//     std::string page = co_await hem::net::read_file("index.html");
//     co_await hem::with(hem::net::open_file("log", hem::net::open_mode::append), [](hem::net::file& log) -> hem::task<> {
//         co_await log.write_all("started\n");
//         co_await log.sync();
//     });
//
// A kernel operation that has begun cannot be abandoned: a cancelled call waits for its end, gives its result, and the next await throws.
// Errors are std::system_error and name the file; a file that is not there is file_not_found.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "hem/core/errors.hpp"
#include "hem/core/task.hpp"

namespace hem::net {

class file_not_found : public std::system_error, public not_found {
public:
    using std::system_error::system_error;
};

enum class open_mode : unsigned char {
    read,
    write,       // made if it is not there, emptied if it is
    append,      // made if it is not there; writes go to its end
    read_write,  // must be there
    create_new,  // for writing; must not be there
};

class file {
public:
    file(file&& other) noexcept;
    file& operator=(file&&) = delete;
    // Closes at once, without a report: nothing is lost but what `sync` would have told.
    ~file();

    // Up to into.size() bytes from the position, which moves on; 0 at the end.
    task<std::size_t> read_some(std::span<char> into);
    // The same from `offset`; the position stays.
    task<std::size_t> read_at(std::span<char> into, std::uint64_t offset);
    // All bytes at the position, which moves on. A cancelled write may have written a part; the memory must live until the call ends.
    task<> write_all(std::string_view bytes);
    task<> write_at(std::string_view bytes, std::uint64_t offset);
    // Returns when what was written is on the device.
    task<> sync();
    // In bytes; asks the kernel, does not suspend.
    std::uint64_t size() const;
    task<> aclose();
    const std::string& path() const noexcept { return path_; }

private:
    friend task<file> open_file(std::string path, open_mode mode, mode_t permissions);
    file(int fd, std::string path, std::uint64_t position) noexcept : fd_(fd), path_(std::move(path)), position_(position) {}
    [[noreturn]] void fail(const char* what, std::int64_t error) const;
    void check_open() const;

    int fd_;
    std::string path_;
    std::uint64_t position_;
};

// `permissions` of a new file, before the process's umask.
task<file> open_file(std::string path, open_mode mode = open_mode::read, mode_t permissions = 0666);

// The whole file. std::length_error if it is larger than `most` bytes.
task<std::string> read_file(std::string path, std::size_t most = std::size_t{64} << 20);
// Puts a file in the place of another, or none: readers see the old content or the new one, also after a crash. Writes beside it, syncs,
// renames. Cancelled or failed, the old file is untouched.
task<> write_file(std::string path, std::string bytes, mode_t permissions = 0666);

}  // namespace hem::net
