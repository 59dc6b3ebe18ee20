// Request structs, providers and handlers without their types: what registration makes of them, and what the core in the .cpp files
// works with.
#pragma once

#include "hem/core/task.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"
#include "hem/model/json.hpp"
#include "hem/model/model_info.hpp"
#include "hem/web/inputs.hpp"
#include "hem/web/responses.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace hem {
class schema_builder;
}

namespace hem::web {

class background;

// How long a provider's value lives.
enum class scope : std::uint8_t {
    app,       // made at start-up, ended at shutdown
    request,   // ended after the response has been sent
    function,  // ended when the handler has ended, before the response is sent; of a stream: with its last piece
};

namespace detail {

struct provider_record;
struct app_core;
struct route_record;

// The address of `key` stands for a type and its tags.
template <class T, class... Tags>
struct type_key {
    static inline const char key = 0;
};

struct dependency {
    const void* type = nullptr;
    std::string_view type_name;
    const provider_record* (*own)() = nullptr;  // the type's own `provide`, if it has one
    bool cached = true;
};

// One member of a request struct.
struct member_plan {
    source_kind kind = source_kind::query;
    std::string_view name;  // of the member
    std::string wire_name;
    void* (*member)(void* object) = nullptr;

    // All but dependencies.
    const type_operations* operations = nullptr;  // of the value
    void* (*value)(void* member) = nullptr;
    input_flags* (*flags)(void* member) = nullptr;
    std::vector<json> loc;     // ["query", "page"]; of a body that is the whole document ["body"]
    bool optional = false;     // may be absent
    bool has_default = false;  // by an initialiser
    bool list = false;         // takes repeated keys
    bool embedded = false;     // body under its own key
    bool secret = false;

    detail::dependency dependency;
    void (*bind)(void* member, void* value) = nullptr;
};

struct struct_plan {
    std::string_view name;
    std::size_t size = 0;
    std::size_t alignment = 1;
    void (*construct)(void* at) = nullptr;
    void (*destroy)(void* at) noexcept = nullptr;
    std::vector<member_plan> members;
    bool has_parameters = false;  // path, query, header or cookie
    bool has_body = false;
    bool has_dependencies = false;
};

// Runs the rest of a request inside a provider's context.
struct continuation {
    task<void> (*run)(void* state, std::size_t next);
    void* state;
    std::size_t next;
};

struct provider_record {
    enum class shape : std::uint8_t { value, task, context };

    dependency provides;
    const struct_plan* inputs = nullptr;  // null: takes none
    shape kind = shape::value;
    web::scope scope = web::scope::function;
    bool streams = true;
    bool guard = false;
    std::source_location place{};
    std::size_t size = 0;  // of the value it makes; 0 where it lives elsewhere
    std::size_t alignment = 1;
    void (*destroy)(void* value) noexcept = nullptr;
    std::shared_ptr<const void> function;
    // By shape. Each gives the address of the value; `slot` is room for it.
    void* (*make)(const void* function, http::request* request, void* inputs, void* slot) = nullptr;
    task<void*> (*make_async)(const void* function, http::request* request, void* inputs, void* slot) = nullptr;
    // A context in two steps, for requests: `make` puts it into the slot and gives nothing, `open` gives the value that it yields, `leave`
    // runs its end with the error, if there is one; true if it swallowed that.
    task<void*> (*open)(void* slot) = nullptr;
    task<bool> (*leave)(void* slot, std::exception_ptr error) = nullptr;
    // A context around what follows, for start-up.
    task<void> (*enter)(const void* function, http::request* request, void* inputs, void** value, continuation then) = nullptr;
    bool takes_request = false;
};

// A request on its way through a route.
struct call {
    app_core& app;
    http::request& request;
    const route_record& route;
    response_options options{};
    web::background* background = nullptr;
};

enum class answer_kind : std::uint8_t { none, json, stream, other };

// A handler without its type.
struct endpoint {
    std::string_view function_name;       // empty for a callable
    const struct_plan* inputs = nullptr;  // null: no request struct
    std::shared_ptr<const void> handler;
    task<http::response> (*invoke)(const void* handler, call& call, void* inputs) = nullptr;
    bool wants_background = false;
    bool wants_request = false;
    bool bare_model = false;  // the only parameter is the body itself
    answer_kind answers = answer_kind::other;
    std::string_view media_type;
    json (*answer_schema)(schema_builder& schemas) = nullptr;
};

// The end of every handler, without templates.
http::response json_answer(call& call, const type_operations& operations, const void* value);
http::response empty_answer(call& call);
http::response with_init(http::response answer, const response_init& init);

}  // namespace detail
}  // namespace hem::web
