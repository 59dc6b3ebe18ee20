// Registers routes: what `app` and `router` have in common.
//
//     app.get<get_post>("/posts/{post_id}");                                   // a function, which gives the operation its name
//     app.post("/search", [&](search_call call) -> hem::task<hits> { … }, {.tags = {"search"}});
// A handler takes at most one request struct (or one bare model, the JSON body) and, in any order, `http::request&`, `web::background&`
// and `web::response_options&`. It returns `task<R>`. A callable with captures is moved into the app and outlives every request.
// What is wrong is found here or at start-up, with a text that names route, struct and member.
#pragma once

#include "hem/web/background.hpp"
#include "hem/web/detail/endpoint.hpp"
#include "hem/web/detail/provider.hpp"
#include "hem/web/route_options.hpp"

#include <source_location>
#include <string_view>

namespace hem::web {

// A list for `.dependencies`: run before the handler, values unused.
template <class... T>
dependency_list need() {
    return {detail::dependency_on<T>()...};
}

// A documented answer with a model as its body.
template <class T>
response_doc model(std::string description) {
    return {std::move(description), [](schema_builder& schemas) { return json_traits<T>::schema(schemas); }};
}

class route_registrar {
public:
    using place = std::source_location;

#define HEM_WEB_VERB(verb, name)                                                                                                           \
    template <auto Fn>                                                                                                                     \
    void verb(std::string_view path, route_options options = {}, place where = place::current()) {                                         \
        add_route(name, path, detail::endpoint_of(Fn, detail::function_name_in(detail::function_text<Fn>())), std::move(options), where);  \
    }                                                                                                                                      \
    template <class F>                                                                                                                     \
    void verb(std::string_view path, F handler, route_options options = {}, place where = place::current()) {                              \
        add_route(name, path, detail::endpoint_of(std::move(handler), {}), std::move(options), where);                                     \
    }

    HEM_WEB_VERB(get, "GET")
    HEM_WEB_VERB(post, "POST")
    HEM_WEB_VERB(put, "PUT")
    HEM_WEB_VERB(patch, "PATCH")
    HEM_WEB_VERB(del, "DELETE")
    HEM_WEB_VERB(head, "HEAD")
    HEM_WEB_VERB(options, "OPTIONS")
#undef HEM_WEB_VERB

    // Any other method.
    template <class F>
    void route(std::string_view method, std::string_view path, F handler, route_options options = {}, place where = place::current()) {
        add_route(method, path, detail::endpoint_of(std::move(handler), {}), std::move(options), where);
    }

    // GET and HEAD of bytes that live as long as the program, with entity tag and 304. Not in the schema.
    void embed(std::string_view path, embedded_file file, place where = place::current());

protected:
    route_registrar() = default;
    ~route_registrar() = default;
    virtual void add_route(std::string_view method, std::string_view path, detail::endpoint endpoint, route_options options,
                           place where) = 0;
};

// Routes that belong together, to be included by an app or another router: `app.include_router(users)`.
class router final : public route_registrar {
public:
    explicit router(router_options options = {});
    router(router&&) noexcept;
    ~router();

    // Around each route that is added later, inside of what was there: `task<http::response>(http::request&, web::next&)`.
    void use(middleware layer) { options_.middleware.push_back(std::move(layer)); }

    // Takes a copy of the routes that `other` has now.
    void include_router(const router& other);

private:
    friend class app;
    struct entry;
    void add_route(std::string_view method, std::string_view path, detail::endpoint endpoint, route_options options, place where) override;

    router_options options_;
    std::vector<entry> entries_;
};

}  // namespace hem::web
