// A node that answers by script and remembers what it was asked: for tests of everything above the transport.
#pragma once

#include "hem/core/cancel_scope.hpp"
#include "hem/core/sleep.hpp"
#include "hem/search/client.hpp"
#include "hem/search/errors.hpp"
#include "hem/search/transport.hpp"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hem::search::detail {

class scripted_transport final : public transport {
public:
    enum class failure { none, refused, lost };
    struct step {
        int status = 200;
        std::string body;
        string_pairs headers;
        duration delay{};
        failure fault = failure::none;
    };
    struct asked {
        std::string line;  // `POST /posts/_search?size=1`
        transport_request request;
        time_point at;
    };

    explicit scripted_transport(std::string name = "http://scripted:9200") : name_(std::move(name)) {}

    // Answers are taken in order; when none is left, `fallback` answers.
    scripted_transport& answer(int status, std::string body, string_pairs headers = {}) {
        return add({.status = status, .body = std::move(body), .headers = std::move(headers)});
    }
    scripted_transport& add(step next) {
        script_.push_back(std::move(next));
        return *this;
    }
    step fallback{.status = 200, .body = "{}"};
    std::vector<asked> seen;
    bool closed = false;
    int running = 0;
    int peak = 0;

    task<transport_response> perform(const transport_request& request) override {
        std::string line = request.method + " " + request.path;
        if (!request.params.empty()) line += "?" + encode_query(request.params);
        seen.push_back({std::move(line), request, clock::now()});
        step next = fallback;
        if (!script_.empty()) {
            next = std::move(script_.front());
            script_.pop_front();
        }
        struct counted {
            int& running;
            explicit counted(int& running, int& peak) : running(running) { peak = std::max(peak, ++running); }
            ~counted() { --running; }
        } alive(running, peak);
        if (next.delay > duration::zero()) co_await sleep_for(next.delay);
        if (next.fault == failure::refused) throw connection_error("cannot connect to " + name_ + ": connection refused", false);
        if (next.fault == failure::lost) throw connection_error("lost the connection to " + name_, true);
        co_return transport_response{
            .status = next.status, .headers = std::move(next.headers), .body = std::move(next.body), .http_version = "1.1"};
    }
    task<> close() override {
        closed = true;
        co_return;
    }
    std::string name() const override { return name_; }

    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        for (const asked& each : seen) all.push_back(each.line);
        return all;
    }
    json body(std::size_t index) const { return json::parse(seen.at(index).request.body); }

private:
    std::string name_;
    std::deque<step> script_;
};

// A client over one scripted node of Elasticsearch 9, which is known, so that no `GET /` precedes.
inline client scripted_client(std::shared_ptr<scripted_transport> node, client_options options = {}) {
    options.transports = {std::move(node)};
    if (!options.flavour) options.flavour = server_flavour{.product = product::elasticsearch, .major = 9};
    return client(std::move(options));
}

}  // namespace hem::search::detail
