#include "hem/http/mock_transport.hpp"

#include "hem/http/detail/exchange.hpp"

namespace hem::http {

task<response> mock_transport::send(request& message) {
    const std::string* bytes = message.replayable_body();
    calls_.push_back({.method = std::string(message.method()),
                      .url = detail::shown_url(message),
                      .headers = message.headers(),
                      .body = bytes != nullptr ? *bytes : std::string()});
    co_return co_await answer_(message);
}

task<void> mock_transport::aclose() {
    closed_ = true;
    co_return;
}

}  // namespace hem::http
