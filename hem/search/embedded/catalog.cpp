#include "hem/search/embedded/catalog.hpp"

#include <algorithm>
#include <mutex>

namespace hem::search::embedded {

namespace {

constexpr std::string_view aliases_key = "aliases";

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> out;
    while (true) {
        const std::size_t at = text.find(by);
        if (const std::string_view part = text.substr(0, at); !part.empty()) out.emplace_back(part);
        if (at == std::string_view::npos) return out;
        text.remove_prefix(at + 1);
    }
}

}  // namespace

field_plan catalog::plan(const index_info& info) const {
    return index_schema::make(json::parse(info.settings), json::parse(info.mapping, {.max_depth = 1000}))->plan();
}

prepared_document catalog::prepare(const index_info& info, const std::shared_ptr<const field_plan>& plan,
                                   const stored_document& from) const {
    const auto schema = index_schema::make(json::parse(info.settings), json::parse(info.mapping, {.max_depth = 1000}));
    const parsed_document parsed = schema->fields.parse_document(from.id, from.source, *plan, *schema->analyzers);
    prepared_document made = embedded::prepare(*plan, parsed.document);
    made.routing = from.routing;
    return made;
}

void catalog::rebuild(const target& index) {
    auto handle = store_->rebuild_index(index.name);
    const std::unique_lock hold(guard_);
    if (const auto found = entries_.find(index.name); found != entries_.end()) found->second.handle = std::move(handle);
}

void catalog::attach(store& data) {
    store_ = &data;
    for (const index& handle : data.indices()) {
        entry made;
        made.info = handle->info();
        made.handle = handle;
        made.schema = index_schema::make(json::parse(made.info.settings), json::parse(made.info.mapping, {.max_depth = 1000}));
        entries_.emplace(made.info.name, std::move(made));
    }
    if (const auto saved = data.meta(aliases_key)) {
        const json parsed = json::parse(*saved);
        for (const auto& [alias, indices] : parsed.items())
            for (const json& one : indices.elements()) aliases_[alias].push_back(one.as_string());
    }
}

target catalog::target_of(const entry& from) const { return {from.info.name, from.info.uuid, from.handle, from.schema, from.info.closed}; }

const catalog::entry* catalog::find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
}

bool catalog::has_patterns(std::string_view expression) const {
    return expression.empty() || expression == "_all" || expression.find('*') != std::string_view::npos;
}

std::vector<target> catalog::resolve(std::string_view expression, const target_options& options) const {
    const std::shared_lock hold(guard_);
    std::vector<const entry*> chosen;
    const auto add = [&](const entry& one) {
        if (std::find(chosen.begin(), chosen.end(), &one) == chosen.end()) chosen.push_back(&one);
    };
    const auto visible = [&](const entry& one) { return options.closed_too || !one.info.closed; };
    bool pattern_seen = false;
    std::vector<std::string> parts = split(expression, ',');
    if (parts.empty()) parts.emplace_back("_all");
    for (const std::string& part : parts) {
        if (part == "_all" || part == "*") {
            pattern_seen = true;
            for (const auto& [name, one] : entries_)
                if (visible(one)) add(one);
            continue;
        }
        if (part[0] == '-' && pattern_seen) {
            std::erase_if(chosen, [&](const entry* one) { return simple_match(std::string_view(part).substr(1), one->info.name); });
            continue;
        }
        if (part.find('*') != std::string::npos) {
            pattern_seen = true;
            for (const auto& [name, one] : entries_)
                if (simple_match(part, name) && visible(one)) add(one);
            for (const auto& [alias, indices] : aliases_)
                if (simple_match(part, alias))
                    for (const std::string& name : indices)
                        if (const entry* one = find(name); one != nullptr && visible(*one)) add(*one);
            continue;
        }
        if (const auto alias = aliases_.find(part); alias != aliases_.end()) {
            for (const std::string& name : alias->second)
                if (const entry* one = find(name)) add(*one);
            continue;
        }
        const entry* one = find(part);
        if (one == nullptr) {
            if (options.ignore_unavailable) continue;
            if (part[0] == '_')
                throw rest_error(400, "invalid_index_name_exception", "Invalid index name [" + part + "], must not start with '_'.")
                    .with("index", part)
                    .with("index_uuid", "_na_");
            throw index_not_found(part, options.missing_type);
        }
        if (one->info.closed && !options.closed_too) {
            if (options.ignore_unavailable) continue;
            throw rest_error(400, "index_closed_exception", "closed").with("index", part).with("index_uuid", one->info.uuid);
        }
        add(*one);
    }
    if (chosen.empty() && !options.allow_no_indices) throw index_not_found(expression.empty() ? "_all" : expression, options.missing_type);
    std::vector<target> out;
    out.reserve(chosen.size());
    for (const entry* one : chosen) out.push_back(target_of(*one));
    return out;
}

target catalog::one(std::string_view name, std::string_view missing_type) const {
    const std::shared_lock hold(guard_);
    const entry* found = find(name);
    if (found == nullptr) {
        const auto alias = aliases_.find(name);
        if (alias == aliases_.end()) throw index_not_found(name, missing_type);
        if (alias->second.size() > 1)
            throw illegal_argument(
                "no write index is defined for alias [" + std::string(name) +
                "]. The write index may be explicitly disabled using is_write_index=false or the alias points to multiple indices "
                "without one being designated as a write index");
        found = find(alias->second.front());
        if (found == nullptr) throw index_not_found(name, missing_type);
    }
    if (found->info.closed)
        throw rest_error(400, "index_closed_exception", "closed").with("index", found->info.name).with("index_uuid", found->info.uuid);
    return target_of(*found);
}

bool catalog::exists(std::string_view name) const {
    const std::shared_lock hold(guard_);
    return find(name) != nullptr || aliases_.find(name) != aliases_.end();
}

std::vector<target> catalog::all() const {
    const std::shared_lock hold(guard_);
    std::vector<target> out;
    for (const auto& [name, one] : entries_) out.push_back(target_of(one));
    return out;
}

target catalog::create(std::string_view name, json settings, const json& mappings, const json& aliases, std::string uuid,
                       std::int64_t now_ms) {
    check_index_name(name);
    {
        const std::shared_lock hold(guard_);
        if (const entry* before = find(name))
            throw rest_error(400, "resource_already_exists_exception",
                             "index [" + std::string(name) + "/" + before->info.uuid + "] already exists")
                .with("index", name)
                .with("index_uuid", before->info.uuid);
        if (aliases_.contains(name))
            throw rest_error(400, "invalid_index_name_exception", "Invalid index name [" + std::string(name) + "], already exists as alias")
                .with("index", name)
                .with("index_uuid", "_na_");
    }
    entry made;
    made.schema = index_schema::make(std::move(settings), mappings);
    made.info.name = name;
    made.info.uuid = std::move(uuid);
    made.info.settings = made.schema->settings.dump();
    made.info.mapping = made.schema->fields.to_json().dump();
    made.info.created_ms = now_ms;
    made.handle = store_->create_index(made.info, made.schema->plan());
    const target out = target_of(made);
    {
        const std::unique_lock hold(guard_);
        entries_.emplace(std::string(name), std::move(made));
    }
    std::vector<std::pair<std::string, std::string>> added;
    for (const auto& [alias, options] : aliases.items()) {
        if (options.size() != 0) throw unsupported("alias options such as [" + options.items().front().first + "]");
        added.emplace_back(alias, std::string(name));
    }
    if (!added.empty()) change_aliases(added, {});
    return out;
}

void catalog::remove(const target& index) {
    store_->remove_index(index.name);
    std::string saved;
    {
        const std::unique_lock hold(guard_);
        entries_.erase(index.name);
        for (auto at = aliases_.begin(); at != aliases_.end();) {
            std::erase(at->second, index.name);
            at = at->second.empty() ? aliases_.erase(at) : std::next(at);
        }
        saved = aliases_as_text();
    }
    // Not under the lock: a writer holds the store's turn when it looks into the catalogue.
    store_->set_meta(aliases_key, saved);
}

void catalog::write(const entry& changed) { store_->update_index(changed.info.name, changed.info, changed.schema->plan()); }

void catalog::replace(const target& index, std::shared_ptr<const index_schema> schema) {
    entry changed;
    {
        const std::shared_lock hold(guard_);
        const entry* before = find(index.name);
        if (before == nullptr) throw index_not_found(index.name);
        changed = *before;
    }
    changed.schema = std::move(schema);
    changed.info.settings = changed.schema->settings.dump();
    changed.info.mapping = changed.schema->fields.to_json().dump();
    write(changed);
    const std::unique_lock hold(guard_);
    entries_.insert_or_assign(index.name, std::move(changed));
}

void catalog::set_closed(const target& index, bool closed) {
    entry changed;
    {
        const std::shared_lock hold(guard_);
        const entry* before = find(index.name);
        if (before == nullptr) throw index_not_found(index.name);
        changed = *before;
    }
    changed.info.closed = closed;
    write(changed);
    const std::unique_lock hold(guard_);
    entries_.insert_or_assign(index.name, std::move(changed));
}

std::map<std::string, std::vector<std::string>> catalog::aliases() const {
    const std::shared_lock hold(guard_);
    return {aliases_.begin(), aliases_.end()};
}

json catalog::aliases_of(std::string_view index) const {
    const std::shared_lock hold(guard_);
    json out = json::object();
    for (const auto& [alias, indices] : aliases_)
        if (std::find(indices.begin(), indices.end(), index) != indices.end()) out.set(alias, json::object());
    return out;
}

void catalog::change_aliases(const std::vector<std::pair<std::string, std::string>>& added,
                             const std::vector<std::pair<std::string, std::string>>& removed) {
    std::unique_lock hold(guard_);
    auto changed = aliases_;
    for (const auto& [alias, name] : removed) {
        const auto found = changed.find(alias);
        if (found == changed.end() || std::erase(found->second, name) == 0)
            throw rest_error(404, "aliases_not_found_exception", "aliases [" + alias + "] missing")
                .with("resource.type", "aliases")
                .with("resource.id", alias);
        if (found->second.empty()) changed.erase(found);
    }
    for (const auto& [alias, name] : added) {
        if (find(alias) != nullptr)
            throw rest_error(400, "invalid_alias_name_exception",
                             "Invalid alias name [" + alias + "]: an index or data stream exists with the same name as the alias")
                .with("index", alias)
                .with("index_uuid", "_na_");
        auto& indices = changed[alias];
        if (std::find(indices.begin(), indices.end(), name) == indices.end()) indices.push_back(name);
        std::sort(indices.begin(), indices.end());
    }
    aliases_ = std::move(changed);
    const std::string saved = aliases_as_text();
    hold.unlock();  // as in remove
    store_->set_meta(aliases_key, saved);
}

std::string catalog::aliases_as_text() const {
    json saved = json::object();
    for (const auto& [alias, indices] : aliases_) {
        json names = json::array();
        for (const std::string& name : indices) names.push_back(name);
        saved.append_member(alias, std::move(names));
    }
    return saved.dump();
}

}  // namespace hem::search::embedded
