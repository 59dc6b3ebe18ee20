// What the traits of json_traits.hpp stand on and no template is: reading scalars and containers (read_scalars.cpp,
// read_containers.cpp) and their schemas (schema.cpp). Internal to the layer, but for json_traits of other layers.
#pragma once

#include "hem/model/constraints.hpp"
#include "hem/model/json.hpp"
#include "hem/model/json_source.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/model/model_info.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hem {

class schema_builder;

namespace detail {

bool read_bool(const json_source& in, bool& out, read_context& context);
bool read_signed(const json_source& in, std::int64_t& out, std::int64_t least, std::int64_t greatest, read_context& context);
bool read_unsigned(const json_source& in, std::uint64_t& out, std::uint64_t greatest, read_context& context);
bool read_double(const json_source& in, double& out, read_context& context);
bool read_string(const json_source& in, std::string& out, read_context& context);
json integer_schema(std::int64_t least, std::uint64_t greatest, bool narrow);
json simple_schema(std::string_view type, std::string_view format = {});
json list_schema(json items, bool unique);
json map_schema(json values);
json any_of_schema(std::initializer_list<json> parts);
json tuple_schema(std::initializer_list<json> parts);

struct enum_entry {
    std::string_view name;
    std::int64_t value;
};
struct enum_names {
    enum_names(std::string_view type, std::string_view pretty_values);
    explicit enum_names(std::string_view type) : type_name(type) {}
    std::string_view type_name;
    std::vector<enum_entry> entries;
};
bool read_enum(const json_source& in, const enum_names& names, std::int64_t& out, read_context& context);
void write_enum(json_writer& out, const enum_names& names, std::int64_t value);
json enum_schema(schema_builder& schemas, const enum_names& names);
json model_schema(schema_builder& schemas, const model_info& info);

enum class list_kind : std::uint8_t { list, set };
// Calls read_one for each element of an array, or of the texts of a repeated key.
bool read_list(const json_source& in, list_kind kind, void* container, bool (*read_one)(const json_source&, void* container, read_context&),
               read_context& context);
bool read_map(const json_source& in, void* container,
              bool (*read_one)(std::string_view key, const json_source&, void* container, read_context&), read_context& context);
// Calls read_one for each of `count` elements; another count is an error.
bool read_tuple(const json_source& in, std::size_t count, void* tuple,
                bool (*read_one)(const json_source&, std::size_t index, void* tuple, read_context&), read_context& context);

struct alternative {
    bool (*read)(const json_source&, void* variant, read_context&);  // makes it the variant's value when it reads
    const type_operations& (*operations)();
    std::string_view name;
};
// Exact type first, then the first alternative that reads; with a discriminator only the tagged one.
bool read_variant(const json_source& in, void* variant, std::span<const alternative> alternatives, std::string_view discriminator,
                  read_context& context);
// The texts that a model's tag member may have: those of one_of, or its initial value.
std::vector<std::string> tags_of(const alternative& each, std::string_view discriminator);
json variant_schema(schema_builder& schemas, std::span<const alternative> alternatives, std::string_view discriminator);

}  // namespace detail

}  // namespace hem
