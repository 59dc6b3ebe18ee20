// Lists, sets, maps, tuples and variants: the walking; their elements are read by functions of the templates.
#include "hem/model/json_traits.hpp"

#include <fmt/format.h>
#include <optional>

namespace hem::detail {

namespace {

// The word that stands in an error's place for an alternative of a variant.
std::string alternative_label(const alternative& each) {
    if (const auto model = each.operations().model) return model().schema_name();
    const std::string_view name = each.name;
    if (name == "bool") return "bool";
    if (name == "double" || name == "float") return "float";
    if (name.starts_with("std::basic_string")) return "str";
    if (name == "int" || name == "long" || name == "short" || name.starts_with("unsigned") || name == "long long") return "int";
    return short_type_name(name);
}

bool read_tagged(const json_source& in, void* variant, std::span<const alternative> alternatives, std::string_view discriminator,
                 read_context& context) {
    if (!in.is_object()) {
        return context.fail(in, "model_attributes_type", "Input should be a valid dictionary or object to extract fields from");
    }
    const std::string quoted = fmt::format("'{}'", discriminator);
    std::optional<json_source> tag;
    for (const auto [key, value] : in.members()) {
        if (key == discriminator) tag = value;
    }
    if (!tag) {
        return context.fail(in, "union_tag_not_found", fmt::format("Unable to extract tag using discriminator {}", quoted),
                            json::object({{"discriminator", quoted}}));
    }
    std::string expected;
    for (const auto& each : alternatives) {
        for (const auto& known : tags_of(each, discriminator)) {
            if (tag->is_string() && tag->string() == known) {
                const read_context::step step(context, tag->string());
                return each.read(in, variant, context);
            }
            if (!expected.empty()) expected += ", ";
            fmt::format_to(std::back_inserter(expected), "'{}'", known);
        }
    }
    const std::string shown = tag->is_string() ? std::string(tag->string()) : tag->value().dump();
    return context.fail(in, "union_tag_invalid",
                        fmt::format("Input tag '{}' found using {} does not match any of the expected tags: {}", shown, quoted, expected),
                        json::object({{"discriminator", quoted}, {"tag", shown}, {"expected_tags", expected}}));
}

}  // namespace

std::vector<std::string> tags_of(const alternative& each, std::string_view discriminator) {
    const auto model = each.operations().model;
    if (!model) return {};
    const model_info& info = model();
    const member_info* member = info.find(discriminator);
    if (!member) return {};
    std::vector<std::string> tags;
    for (const auto& constraint : member->operations->constraints) {
        if (constraint.kind == constraint_kind::one_of) tags.assign(constraint.texts.begin(), constraint.texts.end());
    }
    if (!tags.empty()) return tags;
    std::string text;
    json_writer writer(text);
    member->operations->write(writer, member->in(info.initial()));
    const json initial = json::parse(text);
    if (initial.is_string()) tags.push_back(initial.as_string());
    return tags;
}

bool read_list(const json_source& in, list_kind kind, void* container, bool (*read_one)(const json_source&, void*, read_context&),
               read_context& context) {
    bool good = true;
    std::size_t index = 0;
    const auto element = [&](const json_source& each) {
        const read_context::step step(context, index++);
        if (!read_one(each, container, context)) good = false;
        return good || !(context.full() || context.duplicate);
    };
    if (in.is_text()) {
        for (std::size_t i = 0; i < in.text_count(); ++i) {
            if (!element(in.text_at(i))) break;
        }
        return good;
    }
    if (!in.is_array()) {
        return kind == list_kind::set ? context.fail(in, "set_type", "Input should be a valid set")
                                      : context.fail(in, "list_type", "Input should be a valid list");
    }
    for (const json_source each : in.elements()) {
        if (!element(each)) break;
    }
    return good;
}

bool read_map(const json_source& in, void* container, bool (*read_one)(std::string_view, const json_source&, void*, read_context&),
              read_context& context) {
    if (!in.is_object()) return context.fail(in, "dict_type", "Input should be a valid dictionary");
    bool good = true;
    for (const auto [key, value] : in.members()) {
        const read_context::step step(context, key);
        if (!read_one(key, value, container, context)) good = false;
        if (!good && (context.full() || context.duplicate)) break;
    }
    return good;
}

bool read_tuple(const json_source& in, std::size_t count, void* tuple,
                bool (*read_one)(const json_source&, std::size_t, void*, read_context&), read_context& context) {
    if (!in.is_array()) return context.fail(in, "tuple_type", "Input should be a valid tuple");
    bool good = true;
    std::size_t index = 0;
    for (const json_source each : in.elements()) {
        if (index < count) {
            const read_context::step step(context, index);
            if (!read_one(each, index, tuple, context)) good = false;
        }
        ++index;
    }
    if (index > count) {
        return context.fail(
            in, "too_long",
            fmt::format("Tuple should have at most {} item{} after validation, not {}", count, count == 1 ? "" : "s", index),
            json::object({{"field_type", "Tuple"}, {"max_length", count}, {"actual_length", index}}));
    }
    for (; index < count; ++index) {
        const read_context::step step(context, index);
        good = context.fail_missing(&in);
    }
    return good;
}

bool read_variant(const json_source& in, void* variant, std::span<const alternative> alternatives, std::string_view discriminator,
                  read_context& context) {
    if (!discriminator.empty()) return read_tagged(in, variant, alternatives, discriminator, context);
    for (const bool strict : {true, false}) {
        if (context.strict && !strict) break;
        for (const auto& each : alternatives) {
            validation_errors dropped;
            read_context attempt(dropped, {}, {.strict = strict});
            attempt.allow_inf_nan = context.allow_inf_nan;
            // A text has no type of its own: exact means that it is read as text is.
            if (each.read(in, variant, attempt)) return true;
            if (attempt.duplicate) {
                context.duplicate = attempt.duplicate;
                return false;
            }
        }
    }
    for (const auto& each : alternatives) {
        const std::string label = alternative_label(each);
        const read_context::step step(context, label);
        each.read(in, variant, context);
    }
    return false;
}

}  // namespace hem::detail
