// A transport for tests: a function answers, and what was asked is recorded.
//
//     auto transport = std::make_unique<mock_transport>([](request& r) { return response(200, "[]", content_type::json); });
//     const auto& calls = transport->calls();
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hem/core/callable.hpp"
#include "hem/http/transport.hpp"

namespace hem::http {

struct recorded_call {
    std::string method;
    std::string url;
    http::headers headers;
    std::string body;  // of a body that can be replayed; empty for a stream
};

class mock_transport final : public transport {
public:
    // `answer(request&)` gives a response or a task of one.
    template <class F>
    explicit mock_transport(F answer) {
        if constexpr (requires(request& r) { response(answer(r)); }) {
            answer_ = [answer = std::move(answer)](request& message) mutable -> task<response> { co_return answer(message); };
        } else {
            answer_ = std::move(answer);
        }
    }

    task<response> send(request& message) override;
    task<void> aclose() override;

    // In the order of sending.
    const std::vector<recorded_call>& calls() const noexcept { return calls_; }
    bool closed() const noexcept { return closed_; }

private:
    handler answer_;
    std::vector<recorded_call> calls_;
    bool closed_ = false;
};

}  // namespace hem::http
