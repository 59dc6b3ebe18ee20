// The way of a request: middleware, route, inputs, guards, body, dependencies, handler; and back, with errors turned into answers.
#include "hem/core/cancel_scope.hpp"
#include "hem/core/cancelled.hpp"
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/telemetry/trace.hpp"
#include "hem/web/app.hpp"
#include "hem/web/detail/context_swap.hpp"
#include "hem/web/detail/extract.hpp"
#include "hem/web/detail/request_graph.hpp"
#include "hem/web/streaming.hpp"

#include <array>

namespace hem::web::detail {

// A middleware that has returned may not call next any more.
struct close_after {
    next& target;
    ~close_after() { target.close(); }
};

namespace {

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

// A stream that fails to end what it held has no answer to put that into.
void report_late_failure(const route_record& route, const std::exception_ptr& failure) {
    hem::detail::send_report({report_kind::suppressed_error,
                              "a request-scope dependency of " + route.method + " " + route.pattern.text +
                                  " failed after the answer was sent: " + hem::detail::describe(failure),
                              {},
                              route.place});
}

using trace_guard = context_var<trace::position>::binding;

trace::position trace_of(const http::request& request) {
    const auto parent = request.headers().get(http::field::traceparent);
    return parent ? trace::continued(parent, request.headers().get("tracestate")) : trace::begin();
}

// Ends request scope when the answer is out. `failure` is what the handler threw, if it did.
struct end_request_scope {
    kept_graph graph;
    const route_record* route;
    std::exception_ptr failure;
    hem::detail::context_pointer context;

    task<void> operator()() {
        const context_swap inside(context);
        const auto result = co_await graph->end(scope::request, failure);
        if (result && result != failure) report_late_failure(*route, result);
        graph.reset();
    }
};

// Where the length of the body is known, the answer is 413 before a byte of it is read and before anything of the route runs.
void limit_body(http::request& request, const route_options& options) {
    if (options.body_limit == 0) return;
    request.set_body_limit(options.body_limit);
    request.check_body_limit();
}

}  // namespace

task<http::response> app_core::run_route(http::request& request, route_record& route, kept_graph& kept) {
    limit_body(request, route.options);
    std::optional<request_graph> own;
    if (route.plan.may_outlive) kept = std::make_shared<request_graph>(*this, request, route);
    request_graph& graph = kept ? *kept : own.emplace(*this, request, route);
    if (route.options.timeout) {
        co_await hem::timeout(*route.options.timeout, graph.run());
    } else {
        co_await graph.run();
    }
    auto answer = graph.take_answer();
    const auto graph_lives_on = std::exchange(kept, nullptr);
    if (graph.streams_on()) answer.set_content(http::body(stream_of(graph_lives_on, answer.content().take_stream())));
    const auto& context = hem::detail::current_context();
    if (!graph.work.calls_.empty()) {
        answer.after_sent([this, work = job{std::move(graph.work.calls_), context}]() mutable -> task<void> {
            start_job(std::move(work));
            co_return;
        });
    }
    if (graph.has_open(scope::request)) answer.after_sent(end_request_scope{graph_lives_on, &route, nullptr, context});
    co_return answer;
}

task<http::response> app_core::through_route(http::request& request, route_record& route, std::size_t index, kept_graph& kept) {
    if (index == route.options.middleware.size()) co_return co_await run_route(request, route, kept);
    next following(*this, index + 1, &route, &kept);
    const close_after closing{following};
    co_return co_await route.options.middleware[index](request, following);
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

std::uint64_t app_core::body_limit_of(const http::request& head, std::uint64_t servers) const noexcept {
    try {
        route_match match;
        if (trie.find(head.method(), head.path(), match, options.redirect_slashes) != match_status::found) return servers;
        const auto limit = routes[match.route]->options.body_limit;
        return limit != 0 ? limit : servers;
    } catch (...) {
        return servers;  // no memory to decode the path: the server's limit holds
    }
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
    kept_graph kept;
    std::optional<trace_guard> traced;
    if (middleware.empty()) traced.emplace(trace::detail::here, [&] { return trace_of(request); });
    try {
        if (!running) throw usage_error("the app does not run: serve inside co_await app.run(…)");
        route_record* route = nullptr;
        const auto status = find_route(request, route);
        if (status != match_status::found) co_return co_await refuse_by_handler(request, refuse(request, status));
        if (!route->plan.direct) co_return co_await through_route(request, *route, 0, kept);
        limit_body(request, route->options);
        call c{*this, request, *route};
        own_inputs inputs(route->endpoint.inputs, request);
        inputs.read(request);
        auto handling = route->endpoint.invoke(route->endpoint.handler.get(), c, inputs.get());
        auto& answer = co_await hem::detail::in_place(handling);
        apply_options(c, answer);
        if (needs_first_piece(request, answer)) co_await await_first_piece(answer);
        co_return std::move(answer);
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        error = std::current_exception();
    }
    co_return co_await answer_failure(request, std::move(error), std::move(kept));
}

// The answer to an error, after which request scope ends with that error.
task<http::response> app_core::answer_failure(http::request& request, std::exception_ptr error, kept_graph kept) {
    if (!kept || !kept->has_open(scope::request)) co_return co_await answer_error(request, std::move(error));
    std::optional<http::response> answer;
    std::exception_ptr raised;
    try {
        answer.emplace(co_await answer_error(request, error));
    } catch (...) {
        raised = std::current_exception();
    }
    if (raised) {
        co_await kept->end(scope::request, raised);
        std::rethrow_exception(raised);
    }
    const auto& route = kept->route();
    answer->after_sent(end_request_scope{std::move(kept), &route, std::move(error), hem::detail::current_context()});
    co_return *std::move(answer);
}

exception_handler_base* app_core::find_handler(const std::exception_ptr& error, const void*& thrown) const {
    exception_handler_base* chosen = nullptr;
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
    return chosen;
}

exception_handler_base* app_core::find_handler(int status) const noexcept {
    for (auto it = status_handlers.rbegin(); it != status_handlers.rend(); ++it) {
        if (it->status == status) return it->handler.get();
    }
    return nullptr;
}

http::response app_core::default_answer(const std::exception_ptr& error) const {
    if (validation.answer != nullptr) {
        try {
            std::rethrow_exception(error);
        } catch (const request_validation_error& thrown) {
            return validation.answer(validation.function.get(), thrown.errors());
        } catch (...) {  // NOLINT(bugprone-empty-catch): another error, with an answer of its own
        }
    }
    return error_response(error, options.debug);
}

// A default answer as the exception that would be answered so.
http_exception exception_of(const http::response& answer) {
    http::headers fields;
    for (const auto& [name, value, id] : answer.headers()) {
        if (id != http::field::content_type && id != http::field::content_length) fields.append(name, value);
    }
    json detail(http::reason_phrase(answer.status()));
    if (!answer.text().empty()) {
        const json body = json::parse(answer.text());
        detail = body.is_object() && body.contains("detail") ? body["detail"] : body;
    }
    return {answer.status(), std::move(detail), std::move(fields)};
}

task<http::response> app_core::refuse_by_handler(http::request& request, http::response refusal) {
    auto* handler = refusal.status() >= 400 ? find_handler(refusal.status()) : nullptr;
    if (handler == nullptr) co_return refusal;
    const auto error = exception_of(refusal);
    co_return co_await handler->call(request, &error);
}

task<http::response> app_core::answer_error(http::request& request, std::exception_ptr error) {
    const void* thrown = nullptr;
    if (auto* handler = find_handler(error, thrown)) {
        try {
            co_return co_await handler->call(request, thrown);
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            error = std::current_exception();
        }
    }
    auto answer = default_answer(error);
    if (answer.status() == 500 && is_unexpected(error)) {
        if (raise_unexpected) std::rethrow_exception(error);
        hem::detail::send_report({report_kind::suppressed_error,
                                  std::string(request.method()) + " " +
                                      std::string(request.route().empty() ? request.path() : request.route()) +
                                      " answered 500: " + hem::detail::describe(error),
                                  {}});
    }
    if (auto* handler = find_handler(answer.status())) {
        const auto replaced = exception_of(answer);
        std::exception_ptr failed;
        try {
            co_return co_await handler->call(request, &replaced);
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            failed = std::current_exception();
        }
        hem::detail::send_report({report_kind::suppressed_error,
                                  "the exception handler for " + std::to_string(answer.status()) +
                                      " failed, the default answer was sent: " + hem::detail::describe(failed),
                                  {}});
    }
    co_return answer;
}

task<http::response> app_core::through(http::request& request, std::size_t index) {
    if (index == middleware.size()) co_return co_await dispatch(request);
    next following(*this, index + 1);
    const close_after closing{following};
    co_return co_await middleware[index](request, following);
}

task<http::response> app_core::handle(http::request& request) {
    const trace_guard traced(trace::detail::here, [&] { return trace_of(request); });
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
    if (route_ != nullptr) co_return co_await app_->through_route(request, *route_, middleware_, *kept_);
    co_return co_await app_->through(request, middleware_);
}

}  // namespace hem::web
