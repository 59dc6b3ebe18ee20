// The app without templates: what registration left, the plans made of it at start-up, and the way of a request through them.
#pragma once

#include "hem/core/context.hpp"
#include "hem/core/event.hpp"
#include "hem/core/task.hpp"
#include "hem/core/task_group.hpp"
#include "hem/web/detail/plan.hpp"
#include "hem/web/detail/route_trie.hpp"
#include "hem/web/route_options.hpp"

#include <list>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

namespace hem::web {
class app;
class next;
struct app_options;
}  // namespace hem::web

namespace hem::web::detail {

struct pending_route {
    std::string method;
    route_pattern pattern;
    detail::endpoint endpoint;
    route_options options;
    std::source_location place;
};

// Where a dependency's value comes from when a request runs.
struct binding {
    const member_plan* member = nullptr;
    std::uint32_t node = 0;        // index in the plan
    void* const* fixed = nullptr;  // of an app-scope value; null: a node
};

struct plan_node {
    const provider_record* provider = nullptr;
    std::size_t inputs_at = 0;  // offsets in the arena
    std::size_t value_at = 0;
    std::vector<binding> bindings;
    bool guard = false;
};

struct route_plan {
    std::vector<plan_node> nodes;   // in running order
    std::vector<binding> bindings;  // of the handler's struct
    std::size_t guards = 0;         // so many nodes run before the body is read
    std::size_t inputs_at = 0;
    std::size_t arena_bytes = 0;
    bool direct = true;          // nothing but parameters: no body, no dependencies, no limits, no middleware
    bool request_scope = false;  // some dependency ends after the answer was sent
    bool may_outlive = false;    // dependencies may be needed when the handler has answered
};

struct route_record : pending_route {
    std::string name;
    std::vector<std::string> parameter_names;
    std::string operation_id;
    route_plan plan;
    std::size_t running = 0;
};

class exception_handler_base {
public:
    explicit exception_handler_base(const std::type_info& type) noexcept : type(type) {}
    virtual ~exception_handler_base() = default;
    // Null if the error is no `type`; else the address of the thrown object.
    virtual const void* match(const std::exception_ptr& error) const noexcept = 0;
    virtual task<http::response> call(http::request& request, const void* error) = 0;
    const std::type_info& type;
};

class lifespan_base {
public:
    virtual ~lifespan_base() = default;
    virtual task<void> enter(web::app& app, continuation then) = 0;
};

// An app-scope value: made at start-up, or where its context is suspended.
struct app_value {
    const provider_record* registered = nullptr;
    const provider_record* provider = nullptr;  // it, or what overrides it
    void* value = nullptr;
    std::unique_ptr<std::byte[]> memory;
    std::vector<binding> bindings;
};

struct start_step {
    lifespan_base* lifespan = nullptr;
    app_value* value = nullptr;
};

struct status_handler {
    int status;
    std::unique_ptr<exception_handler_base> handler;
};

// Background work of one request, with the context variables of that request.
struct job {
    std::vector<std::unique_ptr<class background_call>> calls;
    hem::detail::context_pointer context;
};

// What `app::validation_errors` registered.
struct validation_shape {
    http::response (*answer)(const void* function, const hem::validation_errors& errors) = nullptr;
    json (*schema)(schema_builder& schemas) = nullptr;
    std::shared_ptr<const void> function;
};

class request_graph;
using kept_graph = std::shared_ptr<request_graph>;

struct app_core {
    app_core(web::app& owner, const app_options& options);
    ~app_core();
    app_core(const app_core&) = delete;
    app_core& operator=(const app_core&) = delete;

    // ---- registration
    void add(pending_route route);
    void add_provider(provider_record record);
    const route_record* find_name(std::string_view name) const noexcept;

    // ---- start-up and shutdown
    void resolve();  // makes every plan; throws usage_error that names route, struct and member
    task<void> run(task<void> (*body)(void* state), void* state);
    task<void> run_step(std::size_t next);

    // ---- a request
    task<http::response> handle(http::request& request);
    task<http::response> through(http::request& request, std::size_t index);  // the middleware from this one on, then the route
    task<http::response> dispatch(http::request& request);
    // The middleware of the route from this one on, then the route. On failure `kept` holds what ends after the error was answered.
    task<http::response> through_route(http::request& request, route_record& route, std::size_t index, kept_graph& kept);
    task<http::response> run_route(http::request& request, route_record& route, kept_graph& kept);
    task<http::response> answer_error(http::request& request, std::exception_ptr error);
    task<http::response> answer_failure(http::request& request, std::exception_ptr error, kept_graph kept);
    exception_handler_base* find_handler(const std::exception_ptr& error, const void*& thrown) const;
    exception_handler_base* find_handler(int status) const noexcept;
    http::response default_answer(const std::exception_ptr& error) const;
    task<http::response> refuse_by_handler(http::request& request, http::response refusal);
    match_status find_route(http::request& request, route_record*& route) const;
    std::uint64_t body_limit_of(const http::request& head, std::uint64_t servers) const noexcept;
    http::response refuse(http::request& request, match_status status) const;

    // ---- background work
    void start_job(job work);
    task<void> run_jobs();
    task<void> wait_for_jobs();

    web::app& owner;
    const app_options& options;
    std::vector<std::unique_ptr<route_record>> routes;
    route_trie trie;
    std::vector<std::unique_ptr<provider_record>> providers;
    std::vector<std::unique_ptr<provider_record>> overrides;
    middleware_list middleware;
    std::vector<std::unique_ptr<exception_handler_base>> exception_handlers;
    std::vector<status_handler> status_handlers;
    validation_shape validation;
    std::vector<std::unique_ptr<lifespan_base>> lifespans;
    std::vector<std::unique_ptr<start_step>> order;  // lifespans and app-scope providers as registered
    std::list<app_value> app_values;
    std::vector<start_step> steps;
    task_group* group = nullptr;  // of background work, while running
    task<void> (*body)(void* state) = nullptr;
    void* body_state = nullptr;
    std::list<job> waiting_jobs;
    std::size_t running_jobs = 0;
    std::vector<event*> idle_waiters;
    bool resolved = false;
    bool running = false;
    bool raise_unexpected = false;
};

// The default answer to an error that no handler took. `debug` puts type and text into the body of a 500.
http::response error_response(const std::exception_ptr& error, bool debug);

}  // namespace hem::web::detail
