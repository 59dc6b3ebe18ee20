// Documents: what comes with a stored struct. `document<T>` is a T with `meta`; a hit of a search has the same meta.
#pragma once

#include "hem/model/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

// Highlighted fragments, by field, as the server marked them.
class highlights {
public:
    // The fragments of a field; empty when it has none.
    const std::vector<std::string>& operator[](std::string_view field) const noexcept;
    const std::vector<std::pair<std::string, std::vector<std::string>>>& fields() const noexcept { return fields_; }
    bool empty() const noexcept { return fields_.empty(); }
    void add(std::string field, std::vector<std::string> fragments) { fields_.emplace_back(std::move(field), std::move(fragments)); }

private:
    std::vector<std::pair<std::string, std::vector<std::string>>> fields_;
};

// What the server keeps beside the source. Only what an answer carried is set.
struct document_meta {
    std::string id;
    std::string index;
    std::string routing;
    std::optional<std::int64_t> version;
    std::optional<std::int64_t> seq_no;
    std::optional<std::int64_t> primary_term;
    std::optional<double> score;
    std::vector<json> sort;  // values of the sort keys, for search_after
    search::highlights highlight;
    std::vector<std::string> matched_queries;
    json inner_hits;
    json fields;
};

template <class T>
struct document : T {
    document() = default;
    document(T value) : T(std::move(value)) {}
    document(T value, document_meta about) : T(std::move(value)), meta(std::move(about)) {}

    const T& value() const noexcept { return *this; }
    T& value() noexcept { return *this; }

    document_meta meta;
};

// A document of unknown shape: its source as JSON.
struct raw_document {
    json source;
    const json& operator[](std::string_view name) const noexcept { return source[name]; }
};

// How a document's members are written. Unset optionals, empty vectors and empty objects are left out; zero, false and "" stay.
struct write_options {
    bool skip_empty = true;
};

}  // namespace hem::search
