#include "hem/model/schema.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace hem {

namespace {

// A provisional reference is this and the number of the component.
constexpr std::string_view provisional = "\x01";

std::size_t component_of(std::string_view reference) {
    std::size_t index = 0;
    std::from_chars(reference.data() + provisional.size(), reference.data() + reference.size(), index);
    return index;
}

template <class F>
void for_each_reference(json& document, const F& f) {
    if (document.is_array()) {
        for (auto& element : document.elements()) for_each_reference(element, f);
    } else if (document.is_object()) {
        for (auto& [key, value] : document.items()) {
            if (value.is_string() && value.as_string().starts_with(provisional)) {
                f(value);
            } else {
                for_each_reference(value, f);
            }
        }
    }
}

std::string qualified_name(std::string_view type_name) {
    std::string name;
    for (std::size_t i = 0; i < type_name.size(); ++i) {
        const char c = type_name[i];
        const bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
        if (word || c == ':') name += word ? c : '_';
        if (!word && c != ':' && c != ' ' && !name.empty()) name += '_';
    }
    return name;
}

}  // namespace

json schema_builder::reference(std::string_view type_name, std::string_view short_name, json (*make)(schema_builder&, const void*),
                               const void* data) {
    const auto known = std::find_if(components_.begin(), components_.end(), [&](const component& each) {
        return each.type_name == type_name && each.mode == mode_ && !each.by_hand;
    });
    const auto index = static_cast<std::size_t>(known - components_.begin());
    if (known == components_.end()) {
        components_.push_back({std::string(type_name), std::string(short_name), mode_, false, json()});
        json schema = make(*this, data);
        components_[index].schema = std::move(schema);
    }
    return json::object({{"$ref", fmt::format("{}{}", provisional, index)}});
}

json schema_builder::add_component(std::string_view name, json schema) {
    const auto known = std::find_if(components_.begin(), components_.end(),
                                    [&](const component& each) { return each.by_hand && each.short_name == name; });
    if (known == components_.end()) {
        components_.push_back({std::string(name), std::string(name), schema_mode::input, true, std::move(schema)});
    } else {
        known->schema = std::move(schema);
    }
    return json::object({{"$ref", prefix_ + std::string(name)}});
}

std::vector<std::string> schema_builder::final_names() const {
    const std::size_t count = components_.size();
    // The other direction of the same type; itself if there is none.
    std::vector<std::size_t> twin(count);
    for (std::size_t i = 0; i < count; ++i) {
        twin[i] = i;
        for (std::size_t k = 0; k < count; ++k) {
            if (k != i && components_[k].type_name == components_[i].type_name && !components_[k].by_hand && !components_[i].by_hand)
                twin[i] = k;
        }
    }
    // Twins are one component unless they differ, or refer to twins that differ.
    std::vector<bool> split(count, false);
    const auto canonical = [&](std::size_t i) {
        json schema = components_[i].schema;
        for_each_reference(schema, [&](json& reference) {
            const std::size_t target = component_of(reference.as_string());
            reference = fmt::format("{}{}", provisional, split[target] ? target : std::min(target, twin[target]));
        });
        return schema;
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < count; ++i) {
            if (twin[i] <= i || split[i] || canonical(i) == canonical(twin[i])) continue;
            split[i] = split[twin[i]] = changed = true;
        }
    }
    std::vector<std::string> names(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& each = components_[i];
        const bool shared = std::any_of(components_.begin(), components_.end(), [&](const component& other) {
            return other.short_name == each.short_name && other.type_name != each.type_name;
        });
        names[i] = shared && !each.by_hand ? qualified_name(each.type_name) : each.short_name;
        if (split[i]) names[i] += each.mode == schema_mode::input ? "-Input" : "-Output";
    }
    return names;
}

void schema_builder::resolve_with(json& document, const std::vector<std::string>& names) const {
    for_each_reference(document, [&](json& reference) { reference = prefix_ + names[component_of(reference.as_string())]; });
}

void schema_builder::resolve(json& document) const { resolve_with(document, final_names()); }

json schema_builder::components() const {
    const auto names = final_names();
    std::vector<std::size_t> order(components_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return names[a] != names[b] ? names[a] < names[b] : a < b; });
    json all = json::object();
    for (const std::size_t i : order) {
        if (all.contains(names[i])) continue;
        json schema = components_[i].schema;
        resolve_with(schema, names);
        all.append_member(names[i], std::move(schema));
    }
    return all;
}

std::string title_of(std::string_view name) {
    std::string title(name);
    bool first = true;
    for (char& c : title) {
        if (c == '_') c = ' ';
        if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        first = c == ' ';
    }
    return title;
}

json property_schema(schema_builder& schemas, const type_operations& operations, std::string_view name, const void* initial) {
    json schema = operations.schema(schemas);
    if (initial) {
        std::string text;
        json_writer writer(text);
        operations.write(writer, initial);
        if (text != "null") schema.set("default", json::parse(text));
    }
    if (!schema.contains("$ref") && !schema.contains("title")) schema.set("title", title_of(name));
    return schema;
}

namespace detail {

namespace {

json make_model_schema(schema_builder& schemas, const void* data) {
    const auto& info = *static_cast<const model_info*>(data);
    const bool input = schemas.mode() == schema_mode::input;
    json properties = json::object();
    json required = json::array();
    for (const auto& member : info.members()) {
        if (input ? member.read_only : member.write_only) continue;
        const bool has_default = !member.required && !member.read_only;
        properties.append_member(member.wire_name, property_schema(schemas, *member.operations, member.wire_name,
                                                                   has_default ? member.in(info.initial()) : nullptr));
        if (member.required || (member.operations->write_computed && !input)) required.push_back(member.wire_name);
    }
    json schema = json::object({{"properties", std::move(properties)}, {"type", "object"}});
    if (!required.empty()) schema.append_member("required", std::move(required));
    schema.append_member("title", info.schema_name());
    if (info.extra() == extra::forbid) schema.append_member("additionalProperties", false);
    if (info.extra() == extra::keep) schema.append_member("additionalProperties", true);
    return schema;
}

json make_enum_schema(schema_builder&, const void* data) {
    const auto& names = *static_cast<const enum_names*>(data);
    json values = json::array();
    for (const auto& entry : names.entries) values.push_back(entry.name);
    return json::object({{"type", "string"}, {"enum", std::move(values)}, {"title", short_type_name(names.type_name)}});
}

}  // namespace

json model_schema(schema_builder& schemas, const model_info& info) {
    return schemas.reference(info.type_name(), info.schema_name(), make_model_schema, &info);
}

json enum_schema(schema_builder& schemas, const enum_names& names) {
    return schemas.reference(names.type_name, short_type_name(names.type_name), make_enum_schema, &names);
}

json simple_schema(std::string_view type, std::string_view format) {
    json schema = json::object({{"type", type}});
    if (!format.empty()) schema.append_member("format", format);
    return schema;
}

json integer_schema(std::int64_t least, std::uint64_t greatest, bool narrow) {
    json schema = simple_schema("integer");
    if (narrow || least == 0) schema.append_member("minimum", least);
    if (narrow) schema.append_member("maximum", greatest);
    return schema;
}

json list_schema(json items, bool unique) {
    json schema = json::object({{"items", std::move(items)}, {"type", "array"}});
    if (unique) schema.append_member("uniqueItems", true);
    return schema;
}

json map_schema(json values) { return json::object({{"additionalProperties", std::move(values)}, {"type", "object"}}); }

json any_of_schema(std::initializer_list<json> parts) { return json::object({{"anyOf", json::array(parts)}}); }

json tuple_schema(std::initializer_list<json> parts) {
    return json::object({{"maxItems", parts.size()}, {"minItems", parts.size()}, {"prefixItems", json::array(parts)}, {"type", "array"}});
}

json variant_schema(schema_builder& schemas, std::span<const alternative> alternatives, std::string_view discriminator) {
    json parts = json::array();
    json mapping = json::object();
    for (const auto& each : alternatives) {
        const json& part = parts.push_back(each.operations().schema(schemas));
        if (discriminator.empty()) continue;
        for (const auto& tag : tags_of(each, discriminator)) mapping.set(tag, part["$ref"]);
    }
    if (discriminator.empty()) return json::object({{"anyOf", std::move(parts)}});
    return json::object(
        {{"discriminator", json::object({{"mapping", std::move(mapping)}, {"propertyName", discriminator}})}, {"oneOf", std::move(parts)}});
}

}  // namespace detail

}  // namespace hem
