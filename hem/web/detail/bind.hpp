// From a request struct to its plan: addresses of its members and the operations of their types, made once per type.
#pragma once

#include "hem/model/field.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/members.hpp"
#include "hem/web/detail/plan.hpp"

#include <memory>
#include <optional>

namespace hem::web::detail {

template <class T>
inline constexpr bool is_optional_type = false;
template <class T>
inline constexpr bool is_optional_type<std::optional<T>> = true;

template <class T>
inline constexpr bool is_list_type = hem::detail::sequence_container<T> || hem::detail::set_container<T>;
template <class T>
inline constexpr bool is_list_type<std::optional<T>> = is_list_type<T>;

template <class T>
concept provides_itself = requires { &T::provide; };

// In provider.hpp.
template <class T, class... Tags>
dependency dependency_on();
template <class T>
const provider_record* own_provider();

template <class Input>
struct dependency_of;
template <class T, class... Options>
struct dependency_of<depends<T, Options...>> {
    static dependency make() { return dependency_on<T, Options...>(); }
};
template <class T, class... Options>
struct dependency_of<depends<T, no_cache, Options...>> {
    static dependency make() {
        auto made = dependency_on<T, Options...>();
        made.cached = false;
        return made;
    }
};

// A request struct has only sources as members; a struct without any is a model, the body.
template <class S>
consteval std::size_t count_sources() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return (std::size_t{0} + ... + (request_source<typename member_of<S, I>::type> ? 1 : 0));
    }(std::make_index_sequence<member_count<S>>());
}

// Completes what is the same for all: wire name, loc, flags that constraints set. `initial` is the member of a default-made struct.
void complete(member_plan& plan, void* initial);
void complete(struct_plan& plan);

template <class S, std::size_t I>
member_plan plan_member(S& initial) {
    using member = member_of<S, I>;
    using Input = typename member::type;
    member_plan plan;
    plan.kind = Input::kind;
    plan.name = member::name();
    plan.member = [](void* object) -> void* { return std::addressof(member::get(*static_cast<S*>(object))); };
    if constexpr (Input::kind == source_kind::depends) {
        plan.dependency = dependency_of<Input>::make();
        plan.bind = [](void* to, void* value) { input_access::bind(*static_cast<Input*>(to), value); };
    } else {
        plan.operations = &operations_of<typename Input::held_type>();
        plan.value = &input_access::value<Input>;
        plan.flags = &input_access::flags<Input>;
        plan.optional = is_optional_type<typename Input::value_type>;
        plan.list = is_list_type<typename Input::value_type>;
        plan.embedded = Input::embedded;
        complete(plan, plan.member(&initial));
    }
    return plan;
}

template <class S>
struct_plan make_plan() {
    static_assert(count_sources<S>() == member_count<S>,
                  "hem: a request struct has only members of web::path, query, header, cookie, body and depends");
    struct_plan plan;
    plan.name = type_name<S>();
    plan.size = sizeof(S);
    plan.alignment = alignof(S);
    plan.construct = [](void* at) { std::construct_at(static_cast<S*>(at)); };
    plan.destroy = [](void* at) noexcept { std::destroy_at(static_cast<S*>(at)); };
    S initial{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (plan.members.push_back(plan_member<S, I>(initial)), ...);
    }(std::make_index_sequence<member_count<S>>());
    complete(plan);
    return plan;
}

template <class S>
const struct_plan& plan_of() {
    static const struct_plan plan = make_plan<S>();
    return plan;
}

}  // namespace hem::web::detail
