// From a handler to its endpoint: one small coroutine per handler, everything else is in the .cpp files.
#pragma once

#include "hem/web/detail/bind.hpp"
#include "hem/web/detail/function_traits.hpp"
#include "hem/web/streaming.hpp"

#include <string_view>
#include <utility>

namespace hem::web::detail {

// The body model of a handler that takes nothing else.
template <class T>
struct bare_body {
    body<T> value;
};

template <class A>
inline constexpr bool is_context_parameter =
    std::is_same_v<A, http::request&> || std::is_same_v<A, background&> || std::is_same_v<A, response_options&>;

struct no_inputs {};

template <class... Args>
consteval std::size_t count_structs(parameter_list<Args...>) {
    return ((is_context_parameter<Args> ? 0 : 1) + ... + 0);
}

template <class List>
struct struct_among;
template <>
struct struct_among<parameter_list<>> {
    using type = no_inputs;
};
template <class First, class... Rest>
struct struct_among<parameter_list<First, Rest...>> : std::conditional_t<is_context_parameter<First>, struct_among<parameter_list<Rest...>>,
                                                                         std::type_identity<std::remove_cvref_t<First>>> {};

// True for a request struct, false for a model that is the body itself.
template <class S>
consteval bool is_request_struct() {
    if constexpr (std::is_same_v<S, no_inputs>) {
        return true;
    } else if constexpr (hem::model<S>) {
        constexpr auto sources = count_sources<S>();
        static_assert(
            sources == 0 || sources == member_count<S>,
            "hem: a request struct has only members of web::path, query, header, cookie, body and depends; put plain members into a "
            "model of their own and take it as web::body<model>");
        return sources != 0 || member_count<S> == 0;
    } else {
        return false;
    }
}

template <class S>
using inputs_of = std::conditional_t<is_request_struct<S>(), S, bare_body<S>>;

template <class A>
decltype(auto) pass(call& c, void* inputs) {
    if constexpr (std::is_same_v<A, http::request&>) {
        return (c.request);
    } else if constexpr (std::is_same_v<A, background&>) {
        return *c.background;
    } else if constexpr (std::is_same_v<A, response_options&>) {
        return (c.options);
    } else {
        using S = std::remove_cvref_t<A>;
        static_assert(std::is_constructible_v<A, S&&>, "hem: take the request struct by value or const&");
        if constexpr (is_request_struct<S>()) {
            return std::move(*static_cast<S*>(inputs));
        } else {
            return std::move(*static_cast<bare_body<S>*>(inputs)->value);
        }
    }
}

template <class R>
struct answer_traits {
    static constexpr answer_kind kind = answer_kind::json;
    static http::response make(call& c, R&& value) { return json_answer(c, operations_of<R>(), &value); }
    static json schema(schema_builder& schemas) { return json_traits<R>::schema(schemas); }
    static constexpr std::string_view media_type = http::content_type::json;
};
template <>
struct answer_traits<http::response> {
    static constexpr answer_kind kind = answer_kind::other;
    static http::response make(call&, http::response&& value) { return std::move(value); }
    static constexpr std::string_view media_type = {};
};
template <class T>
struct answer_traits<with_value<T>> {
    static constexpr answer_kind kind = answer_traits<T>::kind;
    static http::response make(call& c, with_value<T>&& value) {
        return with_init(answer_traits<T>::make(c, std::move(value.value)), value.init);
    }
    static json schema(schema_builder& schemas) { return answer_traits<T>::schema(schemas); }
    static constexpr std::string_view media_type = answer_traits<T>::media_type;
};
template <class T>
struct answer_traits<array_response<T>> {
    static constexpr answer_kind kind = answer_kind::stream;
    static http::response make(call& c, array_response<T>&& value) {
        return array_answer(c.request, std::move(value.items), value.options);
    }
    static json schema(schema_builder& schemas) { return hem::detail::list_schema(json_traits<T>::schema(schemas), false); }
    static constexpr std::string_view media_type = http::content_type::json;
};

template <class R>
struct task_result;
template <class R>
struct task_result<task<R>> {
    using type = R;
};
template <class R>
inline constexpr bool is_task_type = false;
template <class R>
inline constexpr bool is_task_type<task<R>> = true;

template <class F, class R, class... Args>
task<http::response> invoke_handler(const void* handler, call& c, void* inputs) {
    const auto& f = *static_cast<const F*>(handler);
    (void)inputs;
    if constexpr (std::is_void_v<R>) {
        co_await f(pass<Args>(c, inputs)...);
        co_return empty_answer(c);
    } else {
        co_return answer_traits<R>::make(c, co_await f(pass<Args>(c, inputs)...));
    }
}

// A handler that makes its response itself needs no coroutine around it.
template <class F, class... Args>
HEM_CORO_WRAPPER task<http::response> pass_to_handler(const void* handler, call& c, void* inputs) {
    (void)c, (void)inputs;
    return (*static_cast<const F*>(handler))(pass<Args>(c, inputs)...);
}

template <class F, class... Args>
endpoint make_endpoint(F handler, std::string_view function_name, parameter_list<Args...>) {
    using returned = typename function_traits<F>::result;
    static_assert(is_task_type<returned>, "hem: a handler returns hem::task<R>");
    static_assert(count_structs(parameter_list<Args...>()) <= 1, "hem: a handler takes at most one request struct; merge them");
    using result = typename task_result<returned>::type;
    using S = typename struct_among<parameter_list<Args...>>::type;
    endpoint made;
    made.function_name = function_name;
    if constexpr (!std::is_same_v<S, no_inputs>) {
        made.inputs = &plan_of<inputs_of<S>>();
        made.bare_model = !is_request_struct<S>();
    }
    if constexpr (std::is_same_v<result, http::response>) {
        made.invoke = &pass_to_handler<F, Args...>;
    } else {
        made.invoke = &invoke_handler<F, result, Args...>;
    }
    made.handler = std::make_shared<const F>(std::move(handler));
    made.wants_background = (std::is_same_v<Args, background&> || ...);
    made.wants_request = (std::is_same_v<Args, http::request&> || ...);
    if constexpr (std::is_void_v<result>) {
        made.answers = answer_kind::none;
    } else {
        made.answers = answer_traits<result>::kind;
        made.media_type = answer_traits<result>::media_type;
        if constexpr (answer_traits<result>::kind != answer_kind::other) made.answer_schema = &answer_traits<result>::schema;
    }
    return made;
}

// The text of a function pointer as a template argument: `… [Fn = &hem::search_posts]`.
template <auto Fn>
consteval std::string_view function_text() {
    return __PRETTY_FUNCTION__;
}
std::string_view function_name_in(std::string_view text) noexcept;

template <class F>
endpoint endpoint_of(F handler, std::string_view function_name) {
    return make_endpoint(std::move(handler), function_name, typename function_traits<F>::parameters());
}

}  // namespace hem::web::detail
