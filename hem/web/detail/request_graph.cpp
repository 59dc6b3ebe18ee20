#include "hem/web/detail/request_graph.hpp"

#include "hem/core/cancel_scope.hpp"
#include "hem/core/cancelled.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/web/detail/context_swap.hpp"
#include "hem/web/detail/extract.hpp"
#include "hem/web/streaming.hpp"

#include <cstdint>
#include <cstring>

namespace hem::web::detail {

namespace {

class graph_stream final : public http::body_source {
public:
    graph_stream(std::shared_ptr<request_graph> graph, std::unique_ptr<http::body_source> inner)
        : graph_(std::move(graph)), inner_(std::move(inner)), context_(hem::detail::current_context()) {}

    task<std::string_view> next() override {
        const context_swap inside(context_);
        std::string_view piece;
        std::exception_ptr failure;
        try {
            piece = co_await inner_->next();
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure && !piece.empty()) co_return piece;
        // The generator still holds what it borrowed: it goes first.
        if (failure) co_await close_inner();
        if ((failure = co_await end(std::move(failure)))) std::rethrow_exception(failure);
        co_return std::string_view();
    }
    task<void> close() override {
        const context_swap inside(context_);
        co_await close_inner();
        // Given up before its end: a provider must not take that for success.
        if (const auto failure = co_await end(std::make_exception_ptr(generator_exit()))) rethrow_unless_exit(failure);
    }
    std::optional<std::uint64_t> size() const noexcept override { return inner_->size(); }
    const http::headers* trailers() const noexcept override { return inner_->trailers(); }

private:
    task<std::exception_ptr> end(std::exception_ptr failure) {
        if (!graph_) co_return failure;
        const auto graph = std::move(graph_);
        co_return co_await graph->end(scope::function, std::move(failure));
    }
    task<void> close_inner() {
        if (std::exchange(closed_, true)) co_return;
        co_await shield(inner_->close());
    }
    static void rethrow_unless_exit(const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const generator_exit&) {  // NOLINT(bugprone-empty-catch): what close() itself threw in
        }
    }

    std::shared_ptr<request_graph> graph_;
    std::unique_ptr<http::body_source> inner_;
    hem::detail::context_pointer context_;
    bool closed_ = false;
};

}  // namespace

std::unique_ptr<http::body_source> stream_of(std::shared_ptr<request_graph> graph, std::unique_ptr<http::body_source> inner) {
    return std::make_unique<graph_stream>(std::move(graph), std::move(inner));
}

std::byte* aligned_memory(http::request& request, std::size_t bytes) {
    constexpr std::size_t alignment = alignof(std::max_align_t);
    auto address = reinterpret_cast<std::uintptr_t>(request.allocate(bytes + alignment));
    address = (address + alignment - 1) / alignment * alignment;
    return reinterpret_cast<std::byte*>(address);
}

void apply_options(call& c, http::response& answer) {
    if (c.options.status != 0) answer.set_status(c.options.status);
    if (!c.options.headers.empty()) append_headers(answer, c.options.headers);
}

bool needs_first_piece(const http::request& request, const http::response& answer) noexcept {
    return answer.content().is_stream() && request.method_id() != http::method_kind::head;
}

running_request::running_request(route_record& route) : route_(route) {
    if (route.options.max_concurrency != 0 && route.running >= route.options.max_concurrency) {
        throw http_exception(503, json(http::reason_phrase(503)), {{"retry-after", "1"}});
    }
    ++route_.running;
}

request_graph::request_graph(app_core& app, http::request& request, route_record& record)
    : route_(record), counted_(record), call_{app, request, record}, memory_(aligned_memory(request, record.plan.arena_bytes)) {
    work.app_ = &app;
    if (record.endpoint.wants_background) call_.background = &work;
    std::memset(memory_, 0, record.plan.nodes.size() * (sizeof(void*) + 1));
    try {
        construct();
    } catch (...) {
        destroy();
        throw;
    }
}

request_graph::~request_graph() {
    for (std::size_t i = 0; i < route_.plan.nodes.size(); ++i) {
        if ((state_of(i) & is_open) == 0) continue;
        hem::detail::send_report({report_kind::unclosed_resource,
                                  "dependency " + std::string(route_.plan.nodes[i].provider->provides.type_name) + " of route " +
                                      route_.method + " " + route_.pattern.text +
                                      " was dropped half way: its answer was thrown away unread (does a middleware make one of its own?)",
                                  {},
                                  route_.plan.nodes[i].provider->place});
    }
    destroy();
}

// Step 1: every parameter of the whole graph is read and checked.
void request_graph::construct() {
    parameter_reader reader(call_.request, errors_);
    const auto& nodes = route_.plan.nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto* plan = nodes[i].provider->inputs;
        const auto before = errors_.size();
        if (plan != nullptr) {
            plan->construct(inputs_of_node(nodes[i]));
            state_of(i) |= has_inputs;
            if (plan->has_parameters) reader.read(*plan, inputs_of_node(nodes[i]));
        }
        if (errors_.size() == before) state_of(i) |= good_inputs;
    }
    if (const auto* plan = route_.endpoint.inputs) {
        plan->construct(inputs());
        handler_inputs_ = true;
        if (plan->has_parameters) reader.read(*plan, inputs());
    }
}

void request_graph::destroy() noexcept {
    if (handler_inputs_) route_.endpoint.inputs->destroy(inputs());
    const auto& nodes = route_.plan.nodes;
    for (std::size_t i = nodes.size(); i-- > 0;) {
        if ((state_of(i) & has_value) != 0 && nodes[i].provider->destroy != nullptr)
            nodes[i].provider->destroy(memory_ + nodes[i].value_at);
        if ((state_of(i) & has_inputs) != 0) nodes[i].provider->inputs->destroy(inputs_of_node(nodes[i]));
    }
}

// False if a value is missing because its guard could not run.
bool request_graph::bind(const std::vector<binding>& bindings, void* object) const {
    for (const auto& each : bindings) {
        void* value = each.fixed != nullptr ? *each.fixed : values()[each.node];
        if (value == nullptr) return false;
        each.member->bind(each.member->member(object), value);
    }
    return true;
}

task<void> request_graph::check_body() {
    if (const auto* plan = route_.endpoint.inputs; plan != nullptr && plan->has_body) {
        const auto bytes = co_await call_.request.body();
        validation_errors found;
        read_body(*plan, inputs(), call_.request, bytes, found);
        if (found.is_json_invalid()) throw request_validation_error(std::move(found));
        errors_.append(found);
    }
    if (!errors_.empty()) throw request_validation_error(std::move(errors_));
}

task<void> request_graph::open_node(std::size_t index) {
    const auto& node = route_.plan.nodes[index];
    const auto& provider = *node.provider;
    if ((state_of(index) & good_inputs) == 0) co_return;  // only guards get here: the body's check has thrown
    void* in = inputs_of_node(node);
    if (!bind(node.bindings, in)) co_return;
    void* slot = memory_ + node.value_at;
    switch (provider.kind) {
    case provider_record::shape::task:
        values()[index] = co_await provider.make_async(provider.function.get(), &call_.request, in, slot);
        state_of(index) |= has_value;
        break;
    case provider_record::shape::value:
        values()[index] = provider.make(provider.function.get(), &call_.request, in, slot);
        state_of(index) |= has_value;
        break;
    case provider_record::shape::context:
        provider.make(provider.function.get(), &call_.request, in, slot);
        state_of(index) |= has_value;
        values()[index] = co_await provider.open(slot);
        state_of(index) |= is_open;
        break;
    }
}

task<void> request_graph::open_and_answer() {
    const auto& plan = route_.plan;
    const auto* scope_before = hem::detail::current_task_header().scope;
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
        if (i == plan.guards) co_await check_body();
        co_await open_node(i);
    }
    if (plan.guards == plan.nodes.size()) co_await check_body();
    if (!plan.bindings.empty()) bind(plan.bindings, inputs());
    auto& answer = answer_.emplace(co_await route_.endpoint.invoke(route_.endpoint.handler.get(), call_, inputs()));
    apply_options(call_, answer);
    if (!needs_first_piece(call_.request, answer)) co_return;
    streams_on_ = !plan.nodes.empty();
    if (streams_on_ && hem::detail::current_task_header().scope != scope_before) {
        streams_on_ = false;
        throw usage_error("route " + route_.method + " " + route_.pattern.text +
                          " streams its answer, but one of its dependencies yields inside a cancel scope, timeout or task group: the "
                          "pieces would be sent inside of it; provide it with .streams = false, or open the scope elsewhere");
    }
    co_await await_first_piece(answer);
}

task<void> request_graph::run() {
    std::exception_ptr failure;
    bool was_cancelled = false;
    try {
        co_await open_and_answer();
    } catch (const cancelled&) {
        was_cancelled = true;
        failure = std::current_exception();
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure && streams_on_) co_return;
    streams_on_ = false;
    if (failure && answer_ && answer_->content().is_stream()) {
        // The stream fails before it began; what it borrowed must outlive its end.
        co_await shield(answer_->content().stream()->close());
        answer_->set_content({});
    }
    failure = co_await end(scope::function, std::move(failure));
    // Nobody will send an answer after which request scope could end.
    if (was_cancelled) failure = co_await end(scope::request, std::move(failure));
    if (failure) std::rethrow_exception(failure);
}

bool request_graph::has_open(web::scope which) const noexcept {
    for (std::size_t i = 0; i < route_.plan.nodes.size(); ++i) {
        if ((state_of(i) & is_open) != 0 && route_.plan.nodes[i].provider->scope == which) return true;
    }
    return false;
}

task<std::exception_ptr> request_graph::end(web::scope which, std::exception_ptr failure) {
    for (std::size_t i = route_.plan.nodes.size(); i-- > 0;) {
        const auto& node = route_.plan.nodes[i];
        if (node.provider->scope != which) continue;
        if ((state_of(i) & is_open) != 0) {
            state_of(i) &= static_cast<unsigned char>(~is_open);
            try {
                co_await shield(node.provider->leave(memory_ + node.value_at, failure));
            } catch (...) {
                failure = std::current_exception();
            }
        }
        if ((state_of(i) & has_value) != 0) {
            state_of(i) &= static_cast<unsigned char>(~has_value);
            if (node.provider->destroy != nullptr) node.provider->destroy(memory_ + node.value_at);
        }
    }
    co_return failure;
}

}  // namespace hem::web::detail
