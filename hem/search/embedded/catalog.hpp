// The indices of one store as the REST face sees them: handle, schema and aliases, and what a target expression names.
// Any thread; a lookup returns values that stay valid whatever happens to the index afterwards.
#pragma once

#include "hem/model/json.hpp"
#include "hem/search/embedded/index_schema.hpp"
#include "hem/search/embedded/store.hpp"

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hem::search::embedded {

struct target {
    std::string name;
    std::string uuid;
    embedded::index handle;
    std::shared_ptr<const index_schema> schema;
    bool closed = false;
};

struct target_options {
    bool ignore_unavailable = false;
    bool allow_no_indices = true;
    bool closed_too = false;
    std::string_view missing_type = "index_or_alias";  // resource.type of the 404
};

class catalog : public plan_source {
public:
    void attach(store& data);  // reads indices and aliases; before any other call
    field_plan plan(const index_info& info) const override;
    prepared_document prepare(const index_info& info, const std::shared_ptr<const field_plan>& plan,
                              const stored_document& from) const override;

    // `a,b*,-c`, `_all`, aliases; empty means all. Throws index_not_found.
    std::vector<target> resolve(std::string_view expression, const target_options& options = {}) const;
    // The one index that a name or alias stands for, for writes and gets. Throws index_not_found, or illegal_argument for several.
    target one(std::string_view name, std::string_view missing_type = "index_or_alias") const;
    bool exists(std::string_view name) const;
    std::vector<target> all() const;
    bool has_patterns(std::string_view expression) const;

    // The caller holds the writer's turn (no write batch is open).
    target create(std::string_view name, json settings, const json& mappings, const json& aliases, std::string uuid, std::int64_t now_ms);
    void remove(const target& index);
    void replace(const target& index, std::shared_ptr<const index_schema> schema);
    void set_closed(const target& index, bool closed);
    // Writes the index anew, without what was superseded.
    void rebuild(const target& index);

    // Aliases: name -> indices.
    std::map<std::string, std::vector<std::string>> aliases() const;
    json aliases_of(std::string_view index) const;  // {"alias":{}}
    void change_aliases(const std::vector<std::pair<std::string, std::string>>& added,
                        const std::vector<std::pair<std::string, std::string>>& removed);

private:
    struct entry {
        embedded::index handle;
        std::shared_ptr<const index_schema> schema;
        index_info info;
    };
    target target_of(const entry& from) const;
    const entry* find(std::string_view name) const;  // the caller holds the lock
    std::string aliases_as_text() const;             // the caller holds the lock
    void write(const entry& changed);

    store* store_ = nullptr;
    mutable std::shared_mutex guard_;
    std::map<std::string, entry, std::less<>> entries_;
    std::map<std::string, std::vector<std::string>, std::less<>> aliases_;
};

}  // namespace hem::search::embedded
