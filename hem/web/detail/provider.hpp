// From a function that makes a dependency to its record.
#pragma once

#include "hem/core/async_context.hpp"
#include "hem/core/with.hpp"
#include "hem/web/detail/bind.hpp"
#include "hem/web/detail/endpoint.hpp"

#include <memory>
#include <new>

namespace hem::web {

struct provide_options {
    web::scope scope = web::scope::function;
    bool streams = true;  // false: a route that streams its answer may not use it
    bool guard = false;   // runs before the body is read and before 422 is answered, with all that it needs
};

namespace detail {

template <class R>
struct provided {  // a value or a reference
    static constexpr auto kind = provider_record::shape::value;
    using value = R;
};
template <class R>
struct provided<task<R>> {
    static constexpr auto kind = provider_record::shape::task;
    using value = R;
};
template <class R>
struct provided<async_context<R>> {
    static constexpr auto kind = provider_record::shape::context;
    using value = R;
};

template <class A>
decltype(auto) pass_to_provider(http::request* request, void* inputs) {
    if constexpr (std::is_same_v<A, http::request&>) {
        return *request;
    } else {
        return std::move(*static_cast<std::remove_cvref_t<A>*>(inputs));
    }
}

// std::reference_wrapper<T>, without <functional>.
template <class R, class T>
concept wraps_reference = requires(R& made) {
    { made.get() } -> std::same_as<T&>;
};

// Puts a provider's result where `depends` can point to: a value into the slot, a reference stays where it is.
template <class T, class R>
void* settle(R&& made, void* slot) {
    if constexpr (std::is_lvalue_reference_v<R>) {
        return const_cast<std::remove_const_t<T>*>(static_cast<T*>(std::addressof(made)));
    } else if constexpr (wraps_reference<R, T>) {
        return std::addressof(made.get());
    } else {
        return std::construct_at(static_cast<T*>(slot), std::move(made));
    }
}

template <class T, class F, class R, class... Args>
void* make_now(const void* function, http::request* request, void* inputs, void* slot) {
    (void)request, (void)inputs;
    return settle<T, R>((*static_cast<const F*>(function))(pass_to_provider<Args>(request, inputs)...), slot);
}

template <class T, class F, class R, class... Args>
task<void*> make_later(const void* function, http::request* request, void* inputs, void* slot) {
    (void)request, (void)inputs;
    co_return settle<T, R>(co_await (*static_cast<const F*>(function))(pass_to_provider<Args>(request, inputs)...), slot);
}

template <class T, class F, class R, class... Args>
task<void> enter_context(const void* function, http::request* request, void* inputs, void** value, continuation then) {
    (void)request, (void)inputs;
    co_await hem::with((*static_cast<const F*>(function))(pass_to_provider<Args>(request, inputs)...),
                       [value, then](R& made) -> task<void> {
                           *value = std::addressof(static_cast<T&>(made));
                           co_await then.run(then.state, then.next);
                       });
}

template <class F, class R, class... Args>
void* make_context(const void* function, http::request* request, void* inputs, void* slot) {
    (void)request, (void)inputs;
    ::new (slot) async_context<R>((*static_cast<const F*>(function))(pass_to_provider<Args>(request, inputs)...));
    return nullptr;
}
template <class T, class R>
task<void*> open_context(void* slot) {
    co_return std::addressof(static_cast<T&>(*co_await hem::detail::context_access::enter(*static_cast<async_context<R>*>(slot))));
}
template <class R>
HEM_CORO_WRAPPER task<bool> leave_context(void* slot, std::exception_ptr error) {
    return hem::detail::context_access::leave(*static_cast<async_context<R>*>(slot), std::move(error));
}

template <class T, class... Tags>
dependency dependency_on() {
    dependency made;
    made.type = &type_key<T, Tags...>::key;
    made.type_name = type_name<T>();
    if constexpr (provides_itself<T>) made.own = &own_provider<T>;
    return made;
}

template <class T, class F, class... Args>
provider_record make_provider(F function, const provide_options& options, std::source_location where, parameter_list<Args...>) {
    using returned = typename function_traits<F>::result;
    using shape = provided<returned>;
    using R = typename shape::value;
    constexpr bool elsewhere = std::is_lvalue_reference_v<R> || wraps_reference<R, T>;
    static_assert(count_structs(parameter_list<Args...>()) <= 1, "hem: a provider takes at most one request struct; merge them");
    static_assert(!(std::is_same_v<Args, background&> || ...) && !(std::is_same_v<Args, response_options&> || ...),
                  "hem: a provider takes a request struct and http::request& only");
    using S = typename struct_among<parameter_list<Args...>>::type;
    provider_record made;
    if constexpr (!std::is_same_v<S, no_inputs>) {
        static_assert(is_request_struct<S>(),
                      "hem: a provider's parameter is a request struct: web::path, query, header, cookie and depends");
        made.inputs = &plan_of<S>();
    }
    made.takes_request = (std::is_same_v<Args, http::request&> || ...);
    made.kind = shape::kind;
    made.scope = options.scope;
    made.streams = options.streams;
    made.guard = options.guard;
    made.place = where;
    made.function = std::make_shared<const F>(std::move(function));
    if constexpr (shape::kind == provider_record::shape::context) {
        made.enter = &enter_context<T, F, std::remove_reference_t<R>, Args...>;
        made.make = &make_context<F, R, Args...>;
        made.open = &open_context<T, R>;
        made.leave = &leave_context<R>;
        made.size = sizeof(async_context<R>);
        made.alignment = alignof(async_context<R>);
        made.destroy = [](void* context) noexcept { std::destroy_at(static_cast<async_context<R>*>(context)); };
    } else {
        if constexpr (!elsewhere) {
            made.size = sizeof(T);
            made.alignment = alignof(T);
            made.destroy = [](void* value) noexcept { std::destroy_at(static_cast<T*>(value)); };
        }
        if constexpr (shape::kind == provider_record::shape::task) {
            made.make_async = &make_later<T, F, R, Args...>;
        } else {
            made.make = &make_now<T, F, R, Args...>;
        }
    }
    return made;
}

template <class T, class... Tags, class F>
provider_record provider_of(F function, const provide_options& options, std::source_location where) {
    auto made = make_provider<T>(std::move(function), options, where, typename function_traits<F>::parameters());
    made.provides = dependency_on<T, Tags...>();
    return made;
}

template <class T>
const provider_record* own_provider() {
    static const provider_record record = [] {
        auto made = provider_of<T>(&T::provide, {}, {});
        return made;
    }();
    return &record;
}

}  // namespace detail
}  // namespace hem::web
