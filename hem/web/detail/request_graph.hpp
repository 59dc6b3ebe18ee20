// What one request needs while it runs through its dependencies: their inputs, values and open contexts, in the request's own memory.
//
// Function-scope dependencies end when the handler has ended: before the answer is sent, for a stream with its last piece. Request-scope
// ones end after the answer was sent. Both end in reverse order, shielded; an error passes through each yield, and a provider may replace
// it but cannot swallow it.
#pragma once

#include "hem/http/body.hpp"
#include "hem/web/app.hpp"

#include <memory>
#include <optional>

namespace hem::web::detail {

// One more request in the route while it lives; http_exception 503 beyond the route's limit.
class running_request {
public:
    explicit running_request(route_record& route);
    running_request(const running_request&) = delete;
    ~running_request() { --route_.running; }

private:
    route_record& route_;
};

class request_graph {
public:
    request_graph(app_core& app, http::request& request, route_record& record);
    request_graph(const request_graph&) = delete;
    ~request_graph();

    // Reads inputs, opens what the route needs, runs the handler, ends function scope unless a stream goes on.
    task<void> run();
    http::response take_answer() { return *std::move(answer_); }
    const route_record& route() const noexcept { return route_; }
    // The answer's stream needs the function scope: it ends with end(scope::function, …).
    bool streams_on() const noexcept { return streams_on_; }
    bool has_open(web::scope which) const noexcept;
    // Ends what is open of that scope. Gives the error that results: `failure`, or what a provider made of it.
    task<std::exception_ptr> end(web::scope which, std::exception_ptr failure);

    background work;

private:
    enum state : unsigned char { has_inputs = 1, good_inputs = 2, has_value = 4, is_open = 8 };

    void** values() const noexcept { return reinterpret_cast<void**>(memory_); }
    unsigned char& state_of(std::size_t node) const noexcept {
        return reinterpret_cast<unsigned char*>(memory_ + route_.plan.nodes.size() * sizeof(void*))[node];
    }
    void* inputs_of_node(const plan_node& node) const noexcept { return memory_ + node.inputs_at; }
    void* inputs() const noexcept { return memory_ + route_.plan.inputs_at; }
    void construct();
    void destroy() noexcept;
    bool bind(const std::vector<binding>& bindings, void* object) const;
    task<void> check_body();
    task<void> open_node(std::size_t index);
    task<void> open_and_answer();

    route_record& route_;
    running_request counted_;
    call call_;
    std::byte* memory_;
    validation_errors errors_;
    std::optional<http::response> answer_;
    bool handler_inputs_ = false;
    bool streams_on_ = false;
};

std::byte* aligned_memory(http::request& request, std::size_t bytes);
// Status and fields that the handler set.
void apply_options(call& c, http::response& answer);
bool needs_first_piece(const http::request& request, const http::response& answer) noexcept;

// The stream of an answer that ends the graph's function scope after its last piece, or when it is given up.
std::unique_ptr<http::body_source> stream_of(std::shared_ptr<request_graph> graph, std::unique_ptr<http::body_source> inner);

}  // namespace hem::web::detail
