#include "hem/http/detail/wire.hpp"
#include "hem/net/connect.hpp"

namespace hem::http::detail {
namespace {

class socket_wire final : public wire {
public:
    explicit socket_wire(net::socket_stream stream) : stream_(std::move(stream)) {}

    HEM_CORO_WRAPPER task<std::size_t> read_some(std::span<char> into) override { return stream_.read_some(into); }
    HEM_CORO_WRAPPER task<void> write_all(std::span<const std::string_view> pieces) override { return stream_.write_all(pieces); }
    std::uint64_t bytes_written() const noexcept override { return stream_.bytes_written(); }
    bool readable() const noexcept override { return stream_.has_input(); }
    // A shutdown rather than a close: whoever waits on the descriptor then sees its end.
    void close() noexcept override { stream_.shutdown(); }

private:
    net::socket_stream stream_;
};

task<std::unique_ptr<wire>> open_socket(origin to) {
    std::string host = to.host;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    co_return std::make_unique<socket_wire>(co_await net::connect({.host = std::move(host), .port = to.port}));
}

}  // namespace

connect_function connect_by_socket() { return open_socket; }

}  // namespace hem::http::detail
