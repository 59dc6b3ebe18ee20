#include "hem/net/file.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "hem/core/detail/file_operation.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/random.hpp"
#include "hem/core/to_thread.hpp"
#include "hem/core/with.hpp"

namespace hem::net {
namespace {

using hem::detail::file_request;
using hem::detail::run_file_request;

constexpr std::size_t block_bytes = 64 * 1024;

[[noreturn]] void throw_file_error(const char* what, const std::string& path, int error) {
    const std::string text = std::string(what) + " '" + path + "'";
    if (error == ENOENT) throw file_not_found(error, std::generic_category(), text);
    throw std::system_error(error, std::generic_category(), text);
}

int flags_of(open_mode mode) {
    switch (mode) {
    case open_mode::read: return O_RDONLY;
    case open_mode::write: return O_WRONLY | O_CREAT | O_TRUNC;
    case open_mode::append: return O_WRONLY | O_CREAT;
    case open_mode::read_write: return O_RDWR;
    case open_mode::create_new: return O_WRONLY | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

}  // namespace

file::file(file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), position_(other.position_) {}

file::~file() {
    if (fd_ >= 0) ::close(fd_);
}

void file::fail(const char* what, std::int64_t error) const { throw_file_error(what, path_, static_cast<int>(-error)); }

void file::check_open() const {
    if (fd_ < 0) throw closed_resource("the file '" + path_ + "' was closed");
}

task<file> open_file(std::string path, open_mode mode, mode_t permissions) {
    if (path.find('\0') != std::string::npos) throw std::invalid_argument("a file name must not hold a zero byte");
    const auto fd = co_await run_file_request(
        {.what = file_request::kind::open, .path = path.c_str(), .flags = flags_of(mode) | O_CLOEXEC, .mode = permissions});
    if (fd < 0) throw_file_error("cannot open", path, static_cast<int>(-fd));
    file opened(static_cast<int>(fd), std::move(path), 0);
    if (mode == open_mode::append) opened.position_ = opened.size();
    co_return opened;
}

task<std::size_t> file::read_at(std::span<char> into, std::uint64_t offset) {
    check_open();
    const auto got = co_await run_file_request({.what = file_request::kind::read,
                                                .fd = fd_,
                                                .data = into.data(),
                                                .bytes = into.size(),
                                                .offset = static_cast<std::int64_t>(offset)});
    if (got < 0) fail("cannot read", got);
    co_return static_cast<std::size_t>(got);
}

task<std::size_t> file::read_some(std::span<char> into) {
    const auto got = co_await read_at(into, position_);
    position_ += got;
    co_return got;
}

task<> file::write_at(std::string_view bytes, std::uint64_t offset) {
    check_open();
    while (!bytes.empty()) {
        const auto put = co_await run_file_request({.what = file_request::kind::write,
                                                    .fd = fd_,
                                                    .data = const_cast<char*>(bytes.data()),
                                                    .bytes = bytes.size(),
                                                    .offset = static_cast<std::int64_t>(offset)});
        if (put < 0) fail("cannot write", put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
}

task<> file::write_all(std::string_view bytes) {
    co_await write_at(bytes, position_);
    position_ += bytes.size();
}

task<> file::sync() {
    check_open();
    if (const auto status = co_await run_file_request({.what = file_request::kind::sync, .fd = fd_}); status < 0)
        fail("cannot sync", status);
}

std::uint64_t file::size() const {
    check_open();
    struct stat about;
    if (::fstat(fd_, &about) != 0) fail("cannot ask the size of", -errno);
    return static_cast<std::uint64_t>(about.st_size);
}

task<> file::aclose() {
    // Closing a regular file does not wait for the device: that is what sync does.
    if (const int fd = std::exchange(fd_, -1); fd >= 0 && ::close(fd) != 0 && errno != EINTR) fail("cannot close", -errno);
    co_return;
}

task<std::string> read_file(std::string path, std::size_t most) {
    auto source = co_await open_file(std::move(path));
    std::string content;
    const auto expected = source.size();
    const auto check = [&](std::uint64_t bytes) {
        if (bytes > most) {
            throw std::length_error("'" + source.path() + "' is larger than the " + std::to_string(most) +
                                    " bytes that read_file was allowed");
        }
    };
    check(expected);
    // One more than expected, so that the end is met in the same read; files like those in /proc say 0 and have more.
    std::size_t filled = 0;
    for (;;) {
        content.resize(filled + (filled == 0 && expected > 0 ? expected + 1 : block_bytes));
        const auto got = co_await source.read_some(std::span(content).subspan(filled));
        filled += got;
        check(filled);
        if (got == 0) break;
    }
    content.resize(filled);
    co_return content;
}

task<> write_file(std::string path, std::string bytes, mode_t permissions) {
    const std::string beside = path + ".new-" + std::to_string(loop::current().random()());
    auto body = [&]() -> task<> {
        auto target = co_await open_file(beside, open_mode::create_new, permissions);
        co_await target.write_all(bytes);
        co_await target.sync();
        co_await target.aclose();
        const int error = co_await to_thread([from = beside, to = path] { return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno; });
        if (error != 0) throw_file_error("cannot replace", path, error);
    };
    // After the rename there is nothing of that name any more.
    auto remove_leftover = [&]() -> task<> { (void)co_await to_thread([name = beside] { return ::unlink(name.c_str()); }); };
    co_await finally(body(), remove_leftover);
}

}  // namespace hem::net
