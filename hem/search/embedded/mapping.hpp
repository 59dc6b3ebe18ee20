// Mappings of the embedded engine: which fields an index has, how JSON values become field values, how new fields are taken in.
// A mapping is a value: merging gives a new one, readers keep the old. Only field types that the engine can search are accepted;
// the others are refused by name, never ignored.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/dates.hpp"
#include "hem/search/embedded/fields.hpp"
#include "hem/search/embedded/rest_error.hpp"
#include "hem/search/embedded/store.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

enum class field_type : std::uint8_t {
    object,
    text,
    keyword,
    byte,
    short_integer,
    integer,
    long_integer,
    half_float,
    float_number,
    double_number,
    scaled_float,
    boolean,
    date,
    alias,
    binary,
};

std::string_view to_string(field_type type);
bool is_whole_number(field_type type);
bool is_fraction(field_type type);

enum class dynamic_mode : std::uint8_t { inherit, on, off, strict };

struct mapped_field {
    std::string name;  // last part of the path
    std::string path;  // "author.name", multi-fields as "title.keyword"; empty for the root
    field_type type = field_type::object;
    json options = json::object();  // as written in the mapping, without type, properties and fields
    bool type_given = false;        // objects only: written as {"type":"object"}

    std::string analyzer = "standard", search_analyzer, normalizer;
    date_format format;
    bool indexed = true, doc_values = true, coerce = true, ignore_malformed = false, enabled = true;
    std::optional<std::uint32_t> ignore_above;
    std::uint32_t position_increment_gap = default_position_increment_gap;
    double scaling_factor = 1;
    json null_value;
    std::vector<std::string> copy_to;
    std::string alias_path;
    dynamic_mode dynamic = dynamic_mode::inherit;

    std::map<std::string, mapped_field> properties;  // objects
    std::map<std::string, mapped_field> fields;      // multi-fields

    bool has_column() const {
        return type != field_type::text && type != field_type::object && type != field_type::alias && type != field_type::binary;
    }
    bool searchable() const { return indexed && type != field_type::object && type != field_type::binary; }
    // The value as the column holds it for a JSON scalar. Throws value_fault.
    std::int64_t to_integer(const json& value) const;
    double to_double(const json& value) const;
    // The number that the column holds for `value`: rounded to the type's precision.
    double rounded(double value) const;
    bool to_boolean(const json& value) const;
    std::int64_t to_date(const json& value) const;
};

// Why a value does not fit its field: the innermost causes of the server's error.
struct value_fault {
    std::vector<std::pair<std::string, std::string>> causes;  // type, reason
};

// What a document's source becomes under a mapping.
struct parsed_document {
    embedded::document document;  // views point into `source` and `kept`
    json source;
    std::deque<std::string> kept;
    std::vector<std::string> ignored;  // paths of fields whose value was malformed and left out
    json new_fields;                   // mapping to merge first; null when the document brings no new field
};

class mapping {
public:
    mapping();
    // From the body of a create or put-mapping request. Throws rest_error.
    static mapping parse(const json& body, const analyzer_registry& analyzers);

    json to_json() const;  // {"properties":{...}}, names sorted
    // This mapping with the fields of `body` added. Throws rest_error when a known field would change its type.
    mapping merged(const json& body, const analyzer_registry& analyzers) const;

    // By full path, aliases resolved, multi-fields included. Null when unmapped.
    const mapped_field* find(std::string_view path) const;
    const mapped_field& root() const { return *root_; }
    // Leaf fields (multi-fields included) in order of their paths.
    std::vector<const mapped_field*> leaves() const;
    // Leaf fields below an object or matching a pattern with `*`.
    std::vector<const mapped_field*> matching(std::string_view pattern) const;
    std::size_t field_count() const { return by_path_.size(); }

    std::vector<field_spec> specs() const;

    // Parses a document. Field numbers come from `plan`; fields that it lacks are dynamic ones and end in `new_fields`, the values of such
    // a document are complete only when it is parsed again under the merged mapping. Throws rest_error.
    parsed_document parse_document(std::string_view id, std::string_view source, const field_plan& plan,
                                   const analyzer_registry& analyzers) const;
    // Paths of the fields that are listed as `_ignored` with a stored document, sorted; read from its source, so cheap only where no
    // field of the mapping ignores malformed values.
    std::vector<std::string> ignored_fields(std::string_view source, const field_plan& plan, const analyzer_registry& analyzers) const;

private:
    void index_fields();
    std::shared_ptr<const mapped_field> root_;
    std::map<std::string, const mapped_field*, std::less<>> by_path_;
    bool ignores_malformed_ = false;
};

// Does `text` match a pattern whose only special sign is `*`?
bool simple_match(std::string_view pattern, std::string_view text);

// Where the value at `path` stands in a JSON text: line and column, both from 1.
std::pair<std::size_t, std::size_t> locate_value(std::string_view text, std::string_view path);

inline constexpr std::size_t max_mapped_fields = 1000;
inline constexpr std::size_t max_mapping_depth = 20;

}  // namespace hem::search::embedded
