// Result and parameters of handlers, providers and middleware: functions and callables with one call operator.
#pragma once

#include <type_traits>

namespace hem::web::detail {

template <class... Args>
struct parameter_list {};

template <class F>
struct function_traits {
    static_assert(
        requires { &F::operator(); },
        "hem: this must be a function or a callable with exactly one, non-template call operator; write out the parameter types of a generic lambda");
};

template <class R, class... Args>
struct function_traits<R (*)(Args...)> {
    using result = R;
    using parameters = parameter_list<Args...>;
};
template <class R, class... Args>
struct function_traits<R (*)(Args...) noexcept> : function_traits<R (*)(Args...)> {};
template <class R, class F, class... Args>
struct function_traits<R (F::*)(Args...)> : function_traits<R (*)(Args...)> {};
template <class R, class F, class... Args>
struct function_traits<R (F::*)(Args...) const> : function_traits<R (*)(Args...)> {};
template <class R, class F, class... Args>
struct function_traits<R (F::*)(Args...) noexcept> : function_traits<R (*)(Args...)> {};
template <class R, class F, class... Args>
struct function_traits<R (F::*)(Args...) const noexcept> : function_traits<R (*)(Args...)> {};
template <class F>
    requires requires { &F::operator(); }
struct function_traits<F> : function_traits<decltype(&F::operator())> {};

}  // namespace hem::web::detail
