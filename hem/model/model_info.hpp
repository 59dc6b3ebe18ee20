// The run-time table of a model: what the reader, the writer, the schema and other layers walk without being templates.
//
// `model_info_of<T>()` is made once per type and program. Every member has its place in the object and `type_operations`, the table
// of functions for its type; `operations_of<V>()` gives that table for any type that has json_traits.
#pragma once

#include "hem/model/json.hpp"
#include "hem/model/json_source.hpp"
#include "hem/model/json_writer.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hem {

class schema_builder;
class model_info;

// What a model does with keys that it does not know: `static constexpr auto extra = hem::extra::forbid;`
enum class extra : std::uint8_t { ignore, forbid, keep };

namespace detail {
struct constraint;
}

struct type_operations {
    bool (*read)(const json_source& in, void* out, read_context& context);
    void (*write)(json_writer& out, const void* value);
    json (*schema)(schema_builder& schemas);
    // May a member of this type be absent, seen on its initial value? Null for arithmetic and enum types, where the initialiser decides.
    bool (*has_default)(const void* initial);
    bool (*is_null)(const void* value);                           // null: never
    const model_info& (*model)();                                 // null: not a model
    void (*write_computed)(json_writer& out, const void* owner);  // only for computed<>
    void (*mask)(json& value);                                    // hides what is secret in a value's JSON; null: nothing is
    std::span<const detail::constraint> constraints;              // of field<…>
    std::size_t size;
};

struct member_info {
    std::string_view name;   // in C++
    std::string wire_name;   // name or alias
    std::string quoted_key;  // `"wire_name":`
    std::size_t offset = 0;
    const type_operations* operations = nullptr;
    bool required = true;
    bool secret = false;
    bool read_only = false;
    bool write_only = false;

    const void* in(const void* object) const noexcept { return static_cast<const char*>(object) + offset; }
    void* in(void* object) const noexcept { return static_cast<char*>(object) + offset; }
};

// Member type that records which members the reader saw: needed for `exclude_unset`, never on the wire.
class fields_set {
public:
    bool contains(std::size_t member) const noexcept { return (bits_ >> member & 1) != 0; }
    void insert(std::size_t member) noexcept { bits_ |= std::uint64_t(1) << member; }
    bool empty() const noexcept { return bits_ == 0; }

private:
    std::uint64_t bits_ = 0;
};

namespace detail {

enum class member_role : std::uint8_t { value, fields_set, extras };

// What a template knows of a model; model_info makes its table of it.
struct model_seed {
    std::string_view type_name;
    std::string_view schema_name;
    std::string_view names_text;               // of reflection<T>
    std::string_view (*name_at)(std::size_t);  // of describe<T>
    std::span<const type_operations* const> members;
    const member_role* roles;
    void (*addresses)(const void* object, const void** out);
    void (*make)(void* memory);       // value-initialised
    void (*make_bare)(void* memory);  // default-initialised
    void (*destroy)(void* object) noexcept;
    void (*validate)(const void* object);  // null: none
    void (*mask)(json& value);             // as type_operations::mask
    std::size_t size;
    std::size_t alignment;
    enum extra extra;
    bool strict;
};

// `hem::page<hem::user>` → `page_user_`.
std::string short_type_name(std::string_view type_name);

}  // namespace detail

class model_info {
public:
    explicit model_info(const detail::model_seed& seed);
    ~model_info();
    model_info(const model_info&) = delete;
    model_info& operator=(const model_info&) = delete;

    std::string_view type_name() const noexcept { return seed_.type_name; }  // with namespaces
    std::string schema_name() const;                                         // unqualified, `page_user_` for templates
    std::span<const member_info> members() const noexcept { return members_; }
    const member_info* find(std::string_view wire_name) const noexcept;
    enum extra extra() const noexcept { return seed_.extra; }
    bool all_have_defaults() const noexcept { return all_have_defaults_; }
    bool is_split() const noexcept { return is_split_; }       // input and output schemas differ
    const void* initial() const noexcept { return initial_; }  // a default-constructed object

    // Reads a JSON object into a default-constructed T. Returns false after reporting.
    bool read(const json_source& in, void* out, read_context& context) const;
    void write(json_writer& out, const void* object) const;
    // Masks the members that are secret, or hold what is.
    void mask_secrets(json& object) const;
    // The model's `validate`, run by `read` when no member failed.
    bool validate(const json_source& in, const void* object, read_context& context) const;

private:
    std::size_t slot_of(std::string_view key) const noexcept;
    void build_slots();
    std::size_t index_of(std::string_view key) const noexcept;
    void find_initialised();
    void write_selected(json_writer& out, const void* object, const write_options& options) const;

    detail::model_seed seed_;
    std::vector<member_info> members_;
    std::vector<std::uint8_t> slots_;  // hash table: member index + 1
    std::uint32_t slot_seed_ = 0;
    void* initial_ = nullptr;
    int fields_set_member_ = -1;
    int extras_member_ = -1;
    bool all_have_defaults_ = true;
    bool is_split_ = false;
};

}  // namespace hem
