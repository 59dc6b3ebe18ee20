// The way of a request: middleware, route, inputs, guards, body, dependencies, handler; and back, with errors turned into answers.
#include "hem/core/cancel_scope.hpp"
#include "hem/core/cancelled.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/web/app.hpp"
#include "hem/web/detail/extract.hpp"
#include "hem/web/streaming.hpp"

#include <cstdint>
#include <cstring>
#include <new>

namespace hem::web::detail {

namespace {

std::byte* aligned_memory(http::request& request, std::size_t bytes) {
    constexpr std::size_t alignment = alignof(std::max_align_t);
    auto address = reinterpret_cast<std::uintptr_t>(request.allocate(bytes + alignment));
    address = (address + alignment - 1) / alignment * alignment;
    return reinterpret_cast<std::byte*>(address);
}

// The handler's struct of a route without body and dependencies.
class own_inputs {
public:
    own_inputs(const struct_plan* plan, http::request& request) {
        if (plan == nullptr) return;
        at_ = aligned_memory(request, plan->size);
        plan->construct(at_);
        plan_ = plan;
    }
    own_inputs(const own_inputs&) = delete;
    ~own_inputs() {
        if (plan_ != nullptr) plan_->destroy(at_);
    }
    void* get() const noexcept { return at_; }
    void read(http::request& request) {
        if (plan_ == nullptr || !plan_->has_parameters) return;
        validation_errors errors;
        parameter_reader(request, errors).read(*plan_, at_);
        if (!errors.empty()) throw request_validation_error(std::move(errors));
    }

private:
    const struct_plan* plan_ = nullptr;
    void* at_ = nullptr;
};

// Status and fields that the handler set, and the first piece of a stream.
void apply_options(call& c, http::response& answer) {
    if (c.options.status != 0) answer.set_status(c.options.status);
    if (!c.options.headers.empty()) append_headers(answer, c.options.headers);
}

bool needs_first_piece(const http::request& request, const http::response& answer) noexcept {
    return answer.content().is_stream() && request.method_id() != http::method_kind::head;
}

}  // namespace

// What one request needs while it runs through dependencies, in the request's own memory.
struct graph {
    graph(app_core& app, http::request& request, route_record& record)
        : core(app), route(record), c{app, request, record}, memory(aligned_memory(request, record.plan.arena_bytes)) {
        work.app_ = &app;
        if (record.endpoint.wants_background) c.background = &work;
        std::memset(memory, 0, record.plan.nodes.size() * (sizeof(void*) + 1));
        try {
            construct();
        } catch (...) {
            destroy();
            throw;
        }
    }
    graph(const graph&) = delete;
    ~graph() { destroy(); }

    enum state : unsigned char { nothing = 0, has_inputs = 1, good_inputs = 2, has_value = 4 };

    void** values() const noexcept { return reinterpret_cast<void**>(memory); }
    unsigned char& state_of(std::size_t node) const noexcept {
        return reinterpret_cast<unsigned char*>(memory + route.plan.nodes.size() * sizeof(void*))[node];
    }
    void* inputs_of_node(const plan_node& node) const noexcept { return memory + node.inputs_at; }
    void* inputs() const noexcept { return memory + route.plan.inputs_at; }

    // Step 1: every parameter of the whole graph is read and checked.
    void construct() {
        parameter_reader reader(c.request, errors);
        const auto& nodes = route.plan.nodes;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const auto* plan = nodes[i].provider->inputs;
            const auto before = errors.size();
            if (plan != nullptr) {
                plan->construct(inputs_of_node(nodes[i]));
                state_of(i) |= has_inputs;
                if (plan->has_parameters) reader.read(*plan, inputs_of_node(nodes[i]));
            }
            if (errors.size() == before) state_of(i) |= good_inputs;
        }
        if (const auto* plan = route.endpoint.inputs) {
            plan->construct(inputs());
            handler_inputs = true;
            if (plan->has_parameters) reader.read(*plan, inputs());
        }
    }

    void destroy() noexcept {
        if (handler_inputs) route.endpoint.inputs->destroy(inputs());
        const auto& nodes = route.plan.nodes;
        for (std::size_t i = nodes.size(); i-- > 0;) {
            if ((state_of(i) & has_value) != 0 && nodes[i].provider->destroy != nullptr)
                nodes[i].provider->destroy(memory + nodes[i].value_at);
            if ((state_of(i) & has_inputs) != 0) nodes[i].provider->inputs->destroy(inputs_of_node(nodes[i]));
        }
    }

    // False if a value is missing because its guard could not run.
    bool bind(const std::vector<binding>& bindings, void* object) const {
        for (const auto& each : bindings) {
            void* value = each.fixed != nullptr ? *each.fixed : values()[each.node];
            if (value == nullptr) return false;
            each.member->bind(each.member->member(object), value);
        }
        return true;
    }

    task<void> check_body() {
        if (const auto* plan = route.endpoint.inputs; plan != nullptr && plan->has_body) {
            const auto bytes = co_await c.request.body();
            validation_errors found;
            read_body(*plan, inputs(), c.request, bytes, found);
            if (found.is_json_invalid()) throw request_validation_error(std::move(found));
            errors.append(found);
        }
        if (!errors.empty()) throw request_validation_error(std::move(errors));
    }

    static task<void> run_from(void* state, std::size_t next) {
        auto& g = *static_cast<graph*>(state);
        try {
            const auto& plan = g.route.plan;
            for (auto i = next; i < plan.nodes.size(); ++i) {
                if (i == plan.guards) co_await g.check_body();
                const auto& node = plan.nodes[i];
                const auto& provider = *node.provider;
                if ((g.state_of(i) & good_inputs) == 0) continue;  // only guards get here: the body's check has thrown
                void* in = g.inputs_of_node(node);
                if (!g.bind(node.bindings, in)) continue;
                if (provider.kind == provider_record::shape::context) {
                    co_await provider.enter(provider.function.get(), &g.c.request, in, &g.values()[i], {&run_from, state, i + 1});
                    if (g.failure != nullptr) std::rethrow_exception(g.failure);  // a provider cannot swallow an error
                    co_return;
                }
                void* slot = g.memory + node.value_at;
                if (provider.kind == provider_record::shape::task) {
                    g.values()[i] = co_await provider.make_async(provider.function.get(), &g.c.request, in, slot);
                } else {
                    g.values()[i] = provider.make(provider.function.get(), &g.c.request, in, slot);
                }
                g.state_of(i) |= has_value;
            }
            if (next <= plan.guards && plan.guards == plan.nodes.size()) co_await g.check_body();
            if (!g.route.plan.bindings.empty()) g.bind(g.route.plan.bindings, g.inputs());
            auto& answer = g.answer.emplace(co_await g.route.endpoint.invoke(g.route.endpoint.handler.get(), g.c, g.inputs()));
            apply_options(g.c, answer);
            if (needs_first_piece(g.c.request, answer)) co_await await_first_piece(answer);
        } catch (...) {
            g.failure = std::current_exception();
            throw;
        }
    }

    app_core& core;
    route_record& route;
    call c;
    std::byte* memory;
    background work;
    validation_errors errors;
    std::optional<http::response> answer;
    std::exception_ptr failure;
    bool handler_inputs = false;
};

namespace {

// Thrown on purpose, with its status, or not.
bool is_unexpected(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const http_exception&) {
        return false;
    } catch (...) {
        return true;
    }
}

class running_request {
public:
    explicit running_request(route_record& route) : route_(route) {
        if (route.options.max_concurrency != 0 && route.running >= route.options.max_concurrency) {
            throw http_exception(503, json(http::reason_phrase(503)), {{"retry-after", "1"}});
        }
        ++route_.running;
    }
    running_request(const running_request&) = delete;
    ~running_request() { --route_.running; }

private:
    route_record& route_;
};

}  // namespace

task<http::response> app_core::run_route(http::request& request, route_record& route) {
    const running_request counted(route);
    if (route.options.body_limit != 0) request.set_body_limit(route.options.body_limit);
    graph g(*this, request, route);
    if (route.options.timeout) {
        co_await hem::timeout(*route.options.timeout, graph::run_from(&g, 0));
    } else {
        co_await graph::run_from(&g, 0);
    }
    if (!g.work.calls_.empty()) {
        g.answer->after_sent([this, calls = std::move(g.work.calls_)]() mutable -> task<void> {
            start_job(std::move(calls));
            co_return;
        });
    }
    co_return *std::move(g.answer);
}

match_status app_core::find_route(http::request& request, route_record*& route) const {
    route_match match;
    const auto status = trie.find(request.method(), request.path(), match, options.redirect_slashes);
    if (status != match_status::found) return status;
    route = routes[match.route].get();
    request.set_route(route->pattern.text);
    if (match.size != 0) {
        std::array<http::path_parameter, route_pattern::max_parameters> parameters;
        for (std::uint32_t i = 0; i < match.size; ++i) {
            parameters[i] = {route->parameter_names[i], match.decoded.empty() ? match.values[i] : request.store(match.values[i])};
        }
        request.set_path_parameters(std::span(parameters).first(match.size));
    }
    return status;
}

http::response app_core::refuse(http::request& request, match_status status) const {
    switch (status) {
    case match_status::bad_path: return detail_response(request.path() == "*" ? 204 : 400);
    case match_status::method_not_allowed: {
        auto answer = detail_response(405);
        answer.headers().set(http::field::allow, trie.allow(request.path()));
        return answer;
    }
    case match_status::options: {
        http::response answer(204);
        answer.headers().set(http::field::allow, trie.allow(request.path()));
        return answer;
    }
    case match_status::redirect: {
        std::string target(request.path());
        if (target.back() == '/') {
            target.pop_back();
        } else {
            target += '/';
        }
        if (!request.query().empty()) target += "?" + std::string(request.query());
        return redirect_response(target, 307);
    }
    case match_status::found:
    case match_status::not_found: break;
    }
    return detail_response(404);
}

task<http::response> app_core::dispatch(http::request& request) {
    std::exception_ptr error;
    try {
        if (!running) throw usage_error("the app does not run: serve inside co_await app.run(…)");
        route_record* route = nullptr;
        const auto status = find_route(request, route);
        if (status != match_status::found) co_return refuse(request, status);
        if (!route->plan.direct) co_return co_await run_route(request, *route);
        if (route->options.body_limit != 0) request.set_body_limit(route->options.body_limit);
        call c{*this, request, *route};
        own_inputs inputs(route->endpoint.inputs, request);
        inputs.read(request);
        auto answer = co_await route->endpoint.invoke(route->endpoint.handler.get(), c, inputs.get());
        apply_options(c, answer);
        if (needs_first_piece(request, answer)) co_await await_first_piece(answer);
        co_return answer;
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    co_return co_await answer_error(request, std::move(error));
}

task<http::response> app_core::answer_error(http::request& request, std::exception_ptr error) {
    exception_handler_base* chosen = nullptr;
    const void* thrown = nullptr;
    const std::type_info* type = error.__cxa_exception_type();
    for (auto it = exception_handlers.rbegin(); it != exception_handlers.rend(); ++it) {
        const bool exact = type != nullptr && (*it)->type == *type;
        if (chosen != nullptr && !exact) continue;
        if (const void* found = (*it)->match(error)) {
            chosen = it->get();
            thrown = found;
            if (exact) break;
        }
    }
    if (chosen != nullptr) {
        try {
            co_return co_await chosen->call(request, thrown);
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
    }
    auto answer = error_response(error, options.debug);
    if (answer.status() == 500 && is_unexpected(error)) {
        if (raise_unexpected) std::rethrow_exception(error);
        hem::detail::send_report({report_kind::suppressed_error,
                                  std::string(request.method()) + " " +
                                      std::string(request.route().empty() ? request.path() : request.route()) +
                                      " answered 500: " + hem::detail::describe(error),
                                  {}});
    }
    co_return answer;
}

task<http::response> app_core::through(http::request& request, std::size_t index) {
    if (index == middleware.size()) co_return co_await dispatch(request);
    next following(*this, index + 1);
    struct close_after {
        next& target;
        ~close_after() { target.close(); }
    } closing{following};
    co_return co_await middleware[index]->call(request, following);
}

task<http::response> app_core::handle(http::request& request) {
    std::exception_ptr error;
    try {
        co_return co_await through(request, 0);
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    co_return co_await answer_error(request, std::move(error));
}

http::response json_answer(call& c, const type_operations& operations, const void* value) {
    std::string bytes;
    bytes.reserve(256);
    json_writer writer(bytes);
    operations.write(writer, value);
    return json_bytes(c.route.options.status != 0 ? c.route.options.status : 200, std::move(bytes));
}

http::response empty_answer(call& c) { return http::response(c.route.options.status != 0 ? c.route.options.status : 204); }

http::response with_init(http::response answer, const response_init& init) {
    if (init.status != 0) answer.set_status(init.status);
    append_headers(answer, init.headers);
    return answer;
}

}  // namespace hem::web::detail

namespace hem::web {

task<http::response> next::operator()(http::request& request) {
    if (closed_) throw usage_error("a middleware called next after it had returned");
    if (called_) throw usage_error("a middleware called next twice; the request runs once");
    called_ = true;
    co_return co_await app_->through(request, middleware_);
}

}  // namespace hem::web
