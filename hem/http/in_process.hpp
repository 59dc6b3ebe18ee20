// A transport that calls a handler in this process: no socket, no thread, the same bytes. Tests of applications use it, and an
// application that is its own client.
#pragma once

#include <concepts>
#include <utility>

#include "hem/core/callable.hpp"
#include "hem/http/transport.hpp"

namespace hem::http {

class in_process final : public transport {
public:
    explicit in_process(handler serve) noexcept : serve_(std::move(serve)) {}
    // Anything with `handler()`, such as a web application, which must outlive the transport.
    template <class App>
        requires requires(App& app) {
            { app.handler() } -> std::same_as<handler>;
        }
    explicit in_process(App& app) : serve_(app.handler()) {}

    // As a server would: HEAD loses its body, a known size becomes `content-length`, hooks of `after_sent` run when the body has been
    // read. Errors of the handler leave as they are.
    task<response> send(request& message) override;
    task<void> aclose() override;

private:
    handler serve_;
};

}  // namespace hem::http
