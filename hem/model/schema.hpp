// JSON Schema 2020-12 of types, in FastAPI's form: models and enums are components that others refer to.
//
//     schema_builder schemas;
//     json body = schemas.add<item>();                 // {"$ref": …}, provisional
//     json document = …body…; schemas.resolve(document);
//     json components = schemas.components();          // {"item": {…}, …} for components/schemas
// References are provisional until `resolve`, because only then is it known whether two types share a name.
#pragma once

#include "hem/model/json.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/model_info.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hem {

enum class schema_mode : std::uint8_t { input, output };

class schema_builder {
public:
    // `reference_prefix` stands before component names in `$ref`.
    explicit schema_builder(std::string reference_prefix = "#/components/schemas/") : prefix_(std::move(reference_prefix)) {}

    template <class T>
    json add(schema_mode mode = schema_mode::input) {
        mode_ = mode;
        return json_traits<T>::schema(*this);
    }

    // Turns provisional references anywhere in `document` into final ones.
    void resolve(json& document) const;
    // The components by final name, in alphabetic order, resolved.
    json components() const;
    // A component made by hand, such as HTTPValidationError. Returns its reference.
    json add_component(std::string_view name, json schema);

    schema_mode mode() const noexcept { return mode_; }
    // For json_traits: the reference to the component of a model or an enum, made by `make` on first use.
    json reference(std::string_view type_name, std::string_view short_name, json (*make)(schema_builder&, const void*), const void* data);

private:
    struct component {
        std::string type_name;
        std::string short_name;
        schema_mode mode;
        bool by_hand;
        json schema;
    };
    std::vector<std::string> final_names() const;
    void resolve_with(json& document, const std::vector<std::string>& names) const;

    std::string prefix_;
    std::vector<component> components_;
    schema_mode mode_ = schema_mode::input;
};

// One member's schema with `title` and `default`, as it stands among a model's properties; `initial` is null where the member is required.
json property_schema(schema_builder& schemas, const type_operations& operations, std::string_view name, const void* initial);
// `item_id` → `Item Id`.
std::string title_of(std::string_view name);

// The schema of one type with its components under `$defs`.
template <class T>
json json_schema_of(schema_mode mode = schema_mode::input) {
    schema_builder schemas("#/$defs/");
    json schema = schemas.add<T>(mode);
    schemas.resolve(schema);
    json definitions = schemas.components();
    if (!definitions.empty()) schema.set("$defs", std::move(definitions));
    return schema;
}

}  // namespace hem
