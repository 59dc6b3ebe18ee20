// Names of fields: a string, or `at<&blog_post::author>`, which the compiler checks against the document's struct.
// Every function of this layer that takes a field name takes either.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hem::search {

namespace detail {

template <auto Member>
consteval std::string_view member_text() {
    // Clang writes `... [Member = &ns::blog_post::author]`: the name stands between the last colon and the bracket.
    std::string_view text = __PRETTY_FUNCTION__;
    text = text.substr(0, text.rfind(']'));
    return text.substr(text.rfind(':') + 1);
}

template <class T>
concept has_wire_name = requires {
    { T::wire_name } -> std::convertible_to<std::string_view>;
};

template <class Class, class Member>
Member member_type_of(Member Class::*);

}  // namespace detail

// The field that a member becomes, checked at compile time: `term(at<&blog_post::author>, "ada")`.
template <auto Member>
    requires std::is_member_object_pointer_v<decltype(Member)>
struct member_field {
    using member_type = decltype(detail::member_type_of(Member));
    static constexpr std::string_view name() {
        if constexpr (detail::has_wire_name<member_type>) {
            return member_type::wire_name;
        } else {
            return detail::member_text<Member>();
        }
    }
};

template <auto Member>
    requires std::is_member_object_pointer_v<decltype(Member)>
inline constexpr member_field<Member> at{};

// One field name, possibly with a boost (`title^2`) or a path (`comments.author`).
class field_name {
public:
    field_name(const char* name) : text_(name) {}
    field_name(std::string_view name) : text_(name) {}
    field_name(std::string name) : text_(std::move(name)) {}
    template <auto Member>
    field_name(member_field<Member> member) : text_(member.name()) {}

    const std::string& text() const noexcept { return text_; }
    bool operator==(const field_name&) const = default;

private:
    std::string text_;
};

// Several field names, for `multi_match` and its kin.
class field_list {
public:
    field_list() = default;
    field_list(std::initializer_list<field_name> names) : names_(names) {}
    field_list(std::vector<field_name> names) : names_(std::move(names)) {}
    field_list(const std::vector<std::string>& names) : names_(names.begin(), names.end()) {}

    bool empty() const noexcept { return names_.empty(); }
    const std::vector<field_name>& names() const noexcept { return names_; }

private:
    std::vector<field_name> names_;
};

}  // namespace hem::search
