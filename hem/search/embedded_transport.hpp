// The embedded engine behind the transport: requests that arrive in one loop turn are handed over to a worker in one batch. Loop threads
// never touch the store. Engines are shared: one per file in a process, whatever number of loops and clients use it.
#pragma once

#include "hem/search/transport.hpp"

#include <memory>
#include <string>

namespace hem::search {

namespace embedded {
class engine;
}

class embedded_transport final : public transport {
public:
    // A file, or `:memory:` for a store of its own. Nothing is opened before `open` or the first request.
    explicit embedded_transport(std::string path);
    // Over an engine that somebody else opened.
    explicit embedded_transport(std::shared_ptr<embedded::engine> engine);
    ~embedded_transport() override;

    // Opens the store on a worker. Throws connection_error that names the file and the cause.
    task<> open();

    task<transport_response> perform(const transport_request& request) override;
    task<> close() override;
    std::string name() const override;
    std::optional<server_flavour> known_flavour() const override;

    // The engine, once it is open; for `http_front`.
    const std::shared_ptr<embedded::engine>& engine() const noexcept;

private:
    struct parts;
    std::shared_ptr<parts> parts_;
};

}  // namespace hem::search
