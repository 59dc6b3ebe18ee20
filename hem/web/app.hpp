// The web application: routes, dependencies, middleware, errors, lifespan, documentation; an `http::handler` for a server.
//
//     hem::web::app app{{.title = "Blog"}};
//     app.provide<post_search>([&] { return std::ref(search); }, {.scope = web::scope::app});
//     app.get<get_post>("/posts/{post_id}");
//     co_await app.run([&]() -> hem::task<> {                       // start-up: providers of app scope and lifespans, in order
//         hem::http::server server{app.handler(), {...}};
//         co_await server.serve();
//     });                                                           // shutdown: background work, then the same in reverse
// One app belongs to one loop. It must outlive its handler.
#pragma once

#include "hem/core/callable.hpp"
#include "hem/http/handler.hpp"
#include "hem/web/detail/app_core.hpp"
#include "hem/web/exceptions.hpp"
#include "hem/web/next.hpp"
#include "hem/web/routing.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hem::web {

struct openapi_tag {
    std::string name;
    std::string description;
};

struct app_options {
    std::string title = "Hem";
    std::string version = "0.1.0";
    std::string description;
    std::string openapi_url = "/openapi.json";  // empty: neither document nor page
    std::string docs_url = "/docs";             // empty: no page
    std::vector<openapi_tag> tags;
    std::vector<std::string> servers;
    bool redirect_slashes = true;
    bool debug = false;                                         // type and text of an unexpected error in the body of its 500
    hem::duration background_grace = std::chrono::seconds(30);  // for background work at shutdown, then it is cancelled
    std::size_t max_background_waiting = 1000;
    std::size_t max_background_running = 64;
};

class app final : public route_registrar {
public:
    explicit app(app_options options = {});
    ~app();
    app(const app&) = delete;
    app& operator=(const app&) = delete;

    void include_router(const router& routes);

    // Says how a T is made for `depends<T>`: `fn` is a plain function, a task or an async_context, with its own request struct; a
    // reference or std::reference_wrapper<T> lends what lives elsewhere. Tags tell several providers of one type apart.
    template <class T, class... Tags, class F>
    void provide(F fn, provide_options options = {}, place where = place::current()) {
        add_provider(detail::provider_of<T, Tags...>(std::move(fn), options, where));
    }

    // Takes the provider's place until the guard ends; for tests, before start-up. No cost per request.
    class [[nodiscard("the override ends at once: keep the guard in a variable")]] override_guard {
    public:
        override_guard(override_guard&& other) noexcept : core_(std::exchange(other.core_, nullptr)), record_(other.record_) {}
        ~override_guard();

    private:
        friend class app;
        override_guard(detail::app_core& core, const detail::provider_record* record) noexcept : core_(&core), record_(record) {}
        detail::app_core* core_;
        const detail::provider_record* record_;
    };
    template <class T, class... Tags, class F>
    override_guard override_provider(F fn, provide_options options = {}, place where = place::current()) {
        return add_override(detail::provider_of<T, Tags...>(std::move(fn), options, where));
    }

    // `task<http::response>(http::request&, web::next&)`; the first is outermost.
    void use(middleware layer);

    // Answers an error that left a handler: `task<http::response>(http::request&, const E&)`. The exact dynamic type first, else the
    // latest registered base.
    template <class E, class F>
    void exception_handler(F handler);
    // By status: `task<http::response>(http::request&, const http_exception&)`, for every error that would be answered so, and for 404 and
    // 405 of the router. The exception has status, detail and headers of the answer that it replaces. A handler by type goes first.
    template <class F>
    void exception_handler(int status, F handler);

    // The body of 422 in a shape of one's own: `fn(const hem::validation_errors&)` gives a Shape, a model, which is written as JSON and
    // stands in the OpenAPI document instead of HTTPValidationError.
    template <class Shape, class F>
    void validation_errors(F fn);

    // `async_context<>(web::app&)`: runs to its yield at start-up, to its end at shutdown, in reverse order.
    template <class F>
    void lifespan(F lifespan);

    // One T per app, made on first use. For what handlers share without a provider.
    template <class T>
    T& state() {
        const void* key = &detail::type_key<T>::key;
        if (void* found = find_state(key)) return *static_cast<T*>(found);
        static_assert(std::is_default_constructible_v<T>, "hem: state<T>() makes a T on first use, so T must be default-constructible");
        return *static_cast<T*>(put_state(key, new T(), [](void* old) noexcept { delete static_cast<T*>(old); }));
    }

    // The path of a route by its name: `url_for("get_post", {{"post_id", "7"}})`. Throws usage_error for an unknown name or a parameter
    // that is missing.
    std::string url_for(std::string_view name, const std::vector<std::pair<std::string_view, std::string>>& parameters = {}) const;

    // Checks everything that start-up checks, runs nothing: usage_error names route, struct and member.
    void check();

    // Start-up, then `body()`, then shutdown, also when body fails or is cancelled. `body` returns task<>.
    template <class F>
    HEM_CORO_WRAPPER task<void> run(F body) {
        return run_with([](void* state) -> task<void> { co_await (*static_cast<F*>(state))(); },
                        std::make_unique<holder_of<F>>(std::move(body)));
    }

    // Answers requests while the app runs. Valid as long as the app.
    http::handler handler();

    // The OpenAPI 3.1 document.
    json openapi();
    const app_options& settings() const noexcept;

    // Waits until no background work is left.
    task<void> background_done();

    // For tests: an error that would be answered with 500 leaves the handler instead.
    void raise_unexpected(bool on) noexcept;

private:
    friend struct detail::app_core;
    struct holder {
        virtual ~holder() = default;
        virtual void* get() noexcept = 0;
    };
    template <class F>
    struct holder_of final : holder {
        explicit holder_of(F&& given) : f(std::move(given)) {}
        void* get() noexcept override { return &f; }
        F f;
    };
    struct state_slot {
        const void* key;
        void* value;
        void (*destroy)(void*) noexcept;
    };

    void add_route(std::string_view method, std::string_view path, detail::endpoint endpoint, route_options options, place where) override;
    void add_provider(detail::provider_record record);
    override_guard add_override(detail::provider_record record);
    void add_exception_handler(std::unique_ptr<detail::exception_handler_base> handler, int status = 0);
    void set_validation_shape(detail::validation_shape shape);
    void add_lifespan(std::unique_ptr<detail::lifespan_base> lifespan);
    void* find_state(const void* key) const noexcept;
    void* put_state(const void* key, void* value, void (*destroy)(void*) noexcept);
    task<void> run_with(task<void> (*body)(void* state), std::unique_ptr<holder> state);

    app_options options_;
    std::unique_ptr<detail::app_core> core_;
    std::vector<state_slot> states_;
};

namespace detail {

template <class E, class F>
class exception_handler_of final : public exception_handler_base {
public:
    explicit exception_handler_of(F&& f) : exception_handler_base(typeid(E)), f_(std::move(f)) {}
    const void* match(const std::exception_ptr& error) const noexcept override {
        try {
            std::rethrow_exception(error);
        } catch (const E& found) {
            return std::addressof(found);  // lives as long as the exception_ptr
        } catch (...) {
            return nullptr;
        }
    }
    task<http::response> call(http::request& request, const void* error) override {
        co_return co_await f_(request, *static_cast<const E*>(error));
    }

private:
    F f_;
};

template <class F>
class lifespan_of final : public lifespan_base {
public:
    explicit lifespan_of(F&& f) : f_(std::move(f)) {}
    task<void> enter(web::app& app, continuation then) override {
        co_await hem::with(f_(app), [then]() -> task<void> { co_await then.run(then.state, then.next); });
    }

private:
    F f_;
};

}  // namespace detail

template <class E, class F>
void app::exception_handler(F handler) {
    add_exception_handler(std::make_unique<detail::exception_handler_of<E, F>>(std::move(handler)));
}

template <class F>
void app::exception_handler(int status, F handler) {
    add_exception_handler(std::make_unique<detail::exception_handler_of<http_exception, F>>(std::move(handler)), status);
}

template <class Shape, class F>
void app::validation_errors(F fn) {
    static_assert(std::is_same_v<std::invoke_result_t<const F&, const hem::validation_errors&>, Shape>,
                  "hem: the function of validation_errors<Shape> takes const hem::validation_errors& and gives a Shape");
    set_validation_shape({[](const void* function, const hem::validation_errors& errors) {
                              const Shape shape = (*static_cast<const F*>(function))(errors);
                              std::string bytes;
                              json_writer writer(bytes);
                              json_traits<Shape>::write(writer, shape);
                              return detail::json_bytes(422, std::move(bytes));
                          },
                          [](schema_builder& schemas) { return json_traits<Shape>::schema(schemas); },
                          std::make_shared<const F>(std::move(fn))});
}

template <class F>
void app::lifespan(F lifespan) {
    add_lifespan(std::make_unique<detail::lifespan_of<F>>(std::move(lifespan)));
}

}  // namespace hem::web
