// From a struct to the mapping of its index. `mapping_of<T>()` reads member names and types; what types cannot say, the struct adds:
//
//     struct blog_post {
//         search::text<"english"> title;
//         search::keyword author;
//         static constexpr search::index_options index{.name = "blog_posts", .shards = 1, .replicas = 0};
//         static search::mapping_overrides mapping() { return {{"title", {.fields = {{"raw", {.type = "keyword"}}}}}}; }
//     };
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/document_codec.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hem::search {

// What the first write does when the index is missing.
enum class on_missing {
    create,   // `ensure()` runs once per process and handle before the first write
    fail,     // the write throws not_found
    dynamic,  // the server creates the index and guesses the types
};

// Sent only where set.
struct index_options {
    std::string_view name;
    std::optional<int> shards;
    std::optional<int> replicas;
    std::string_view settings;  // more settings, as JSON object text
    std::string_view aliases;   // as JSON object text
    std::string_view dynamic;   // "true", "false", "strict"
    search::on_missing on_missing = search::on_missing::create;
};

// An analyzer of the index's own: `analyzer("tags").tokenizer("whitespace").filter("lowercase")`. With a name alone it is one that
// the server has.
class analyzer {
public:
    analyzer() = default;
    analyzer(const char* name) : name_(name) {}
    explicit analyzer(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] analyzer tokenizer(std::string_view name) const;
    [[nodiscard]] analyzer filter(std::string_view name) const;
    [[nodiscard]] analyzer char_filter(std::string_view name) const;

    const std::string& name() const noexcept { return name_; }
    const json& definition() const noexcept { return definition_; }  // null for a server's own

private:
    std::string name_;
    json definition_;
};

struct named_override;

// Options of one field beyond its type.
struct field_override {
    std::string type;                    // for multi-fields; a member's own type wins nothing over it
    std::vector<named_override> fields;  // multi-fields
    search::analyzer analyzer;
    search::analyzer search_analyzer;
    std::string normalizer;
    std::optional<bool> index;
    std::optional<bool> store;
    std::optional<bool> doc_values;
    std::vector<std::string> copy_to;
    json null_value;
    std::optional<int> ignore_above;
    std::optional<bool> ignore_malformed;
    std::string format;
    std::string similarity;
    std::string dynamic;
    json extra;  // object: any other option
};

// The field at a dotted path.
struct named_override {
    std::string path;
    field_override options;
};
using mapping_overrides = std::vector<named_override>;

namespace detail {

struct member_mapping {
    std::string_view name;
    json (*mapping)();
};

json typed(std::string_view type);
json text_mapping(std::string_view type, std::string_view analyzer);
json object_mapping(std::span<const member_mapping> members, bool nested);
// Adds overrides to `mappings.properties`, their analyzers to `settings.analysis`.
void apply_overrides(json& body, const mapping_overrides& overrides);
// The body of the request that creates the index.
json create_body(const index_options& options, json properties, const mapping_overrides& overrides);

// What an existing mapping lacks. Throws mapping_conflict for a type or analysis that differs.
json missing_fields(std::string_view index, const json& stored_properties, const json& wanted_properties);

template <class T>
json mapping_of_value();

template <class T>
json mapping_of_object(bool nested) {
    static const auto table = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<member_mapping, sizeof...(I)>{
            member_mapping{wire_name_of<member_of<T, I>>(), [] { return mapping_of_value<typename member_of<T, I>::type>(); }}...};
    }(std::make_index_sequence<member_count<T>>());
    return object_mapping(table, nested);
}

template <class T>
constexpr std::string_view range_type() {
    if constexpr (std::derived_from<T, date> || std::same_as<T, std::chrono::sys_days>) {
        return "date_range";
    } else if constexpr (std::derived_from<T, ip>) {
        return "ip_range";
    } else if constexpr (std::same_as<T, float>) {
        return "float_range";
    } else if constexpr (std::floating_point<T>) {
        return "double_range";
    } else {
        return sizeof(T) <= 4 ? "integer_range" : "long_range";
    }
}

template <class T>
constexpr std::string_view integer_type() {
    constexpr std::string_view types[] = {"byte", "short", "integer", "long"};
    if constexpr (std::is_signed_v<T>) {
        return types[sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3];
    } else {
        return sizeof(T) == 8 ? "unsigned_long" : types[sizeof(T) == 1 ? 1 : sizeof(T) == 2 ? 2 : 3];
    }
}

template <class T>
json mapping_of_value() {
    if constexpr (is_optional<T>) {
        return mapping_of_value<typename T::value_type>();
    } else if constexpr (is_named<T>) {
        return mapping_of_value<typename T::value_type>();
    } else if constexpr (std::same_as<T, bool>) {
        return typed("boolean");
    } else if constexpr (std::integral<T>) {
        return typed(integer_type<T>());
    } else if constexpr (std::same_as<T, float>) {
        return typed("float");
    } else if constexpr (std::floating_point<T>) {
        return typed("double");
    } else if constexpr (std::same_as<T, std::string>) {
        return typed("text");
    } else if constexpr (std::same_as<T, std::chrono::sys_days>) {
        return json::object({{"type", "date"}, {"format", "yyyy-MM-dd"}});
    } else if constexpr (is_alias<T>) {
        return json::object({{"type", "alias"}, {"path", T::path}});
    } else if constexpr (is_range<T>) {
        return typed(range_type<std::remove_cvref_t<decltype(*T().gt)>>());
    } else if constexpr (requires { T::scaling_factor; }) {
        return json::object({{"type", T::field_type}, {"scaling_factor", T::scaling_factor}});
    } else if constexpr (requires { T::dimensions; }) {
        return json::object({{"type", T::field_type}, {"dims", T::dimensions}});
    } else if constexpr (requires { T::analyzer; }) {
        return text_mapping(T::field_type, T::analyzer);
    } else if constexpr (requires { T::field_type; }) {
        return typed(T::field_type);
    } else if constexpr (std::same_as<T, json>) {
        return typed("object");
    } else if constexpr (is_nested<T>) {
        return mapping_of_object<typename T::value_type>(true);
    } else if constexpr (requires {
                             typename T::value_type;
                             std::declval<T&>().begin();
                         }) {
        return mapping_of_value<typename T::value_type>();
    } else if constexpr (is_field_wrapper<T>) {
        return mapping_of_value<typename T::value_type>();
    } else {
        static_assert(hem::model<T>,
                      "hem::search: a document's member is a field type, a number, text, a date, a list or a struct of those");
        return mapping_of_object<T>(false);
    }
}

template <class T>
mapping_overrides overrides_of() {
    if constexpr (requires {
                      { T::mapping() } -> std::convertible_to<mapping_overrides>;
                  }) {
        return T::mapping();
    } else {
        return {};
    }
}

template <class T>
constexpr index_options index_options_of() {
    if constexpr (requires {
                      { T::index } -> std::convertible_to<index_options>;
                  }) {
        return T::index;
    } else {
        return {};
    }
}

}  // namespace detail

// `{"properties": {…}}` of a document type, overrides included.
template <class T>
json mapping_of() {
    json body = json::object({{"mappings", json::object({{"properties", detail::mapping_of_object<T>(false)["properties"]}})}});
    detail::apply_overrides(body, detail::overrides_of<T>());
    return body["mappings"];
}

// The body of `PUT /{index}` for a document type: settings, mappings, aliases.
template <class T>
json create_body_of() {
    return detail::create_body(detail::index_options_of<T>(), detail::mapping_of_object<T>(false)["properties"], detail::overrides_of<T>());
}

}  // namespace hem::search
