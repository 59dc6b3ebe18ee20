// What a document must hold before it is sent: well-formed ranges, and the struct's own `check()`, which returns a text (empty: fine),
// a list of validation_fault, or throws.
#pragma once

#include "hem/search/document_codec.hpp"
#include "hem/search/errors.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

namespace detail {

template <class T>
void collect_faults(const T& value, const std::string& path, std::vector<validation_fault>& faults);

template <class T>
void collect_object_faults(const T& value, const std::string& path, std::vector<validation_fault>& faults) {
    hem::for_each_member<T>([&](auto member) {
        const std::string below =
            path.empty() ? std::string(wire_name_of<decltype(member)>()) : path + "." + std::string(wire_name_of<decltype(member)>());
        collect_faults(decltype(member)::get(value), below, faults);
    });
    if constexpr (requires { value.check(); }) {
        try {
            if constexpr (requires { std::string_view(value.check()); }) {
                if (const std::string reason(value.check()); !reason.empty()) faults.push_back({path, reason});
            } else if constexpr (requires { std::vector<validation_fault>(value.check()); }) {
                for (validation_fault& fault : std::vector<validation_fault>(value.check())) faults.push_back(std::move(fault));
            } else {
                value.check();
            }
        } catch (const std::exception& fault) {
            faults.push_back({path, fault.what()});
        }
    }
}

template <class T>
void collect_faults(const T& value, const std::string& path, std::vector<validation_fault>& faults) {
    if constexpr (is_optional<T>) {
        if (value) collect_faults(*value, path, faults);
    } else if constexpr (is_named<T>) {
        collect_faults(value.value, path, faults);
    } else if constexpr (is_range<T>) {
        if (const std::string_view reason = value.check(); !reason.empty()) faults.push_back({path, std::string(reason)});
    } else if constexpr (is_nested<T>) {
        collect_object_faults(static_cast<const typename T::value_type&>(value), path, faults);
    } else if constexpr (is_vector<T>) {
        if constexpr (std::is_class_v<typename T::value_type>) {
            for (std::size_t i = 0; i < value.size(); ++i) collect_faults(value[i], path + "[" + std::to_string(i) + "]", faults);
        }
    } else if constexpr (hem::model<T> && !requires { T::field_type; } && !std::same_as<T, json> && !is_alias<T>) {
        collect_object_faults(value, path, faults);
    }
}

}  // namespace detail

// Throws validation_error with one path and reason per fault.
template <class T>
void validate(const T& value) {
    std::vector<validation_fault> faults;
    detail::collect_object_faults(value, {}, faults);
    if (!faults.empty()) throw validation_error(std::move(faults));
}
template <>
inline void validate(const raw_document&) {}

}  // namespace hem::search
