// Endpoints of the cluster: information, health, settings, nodes, and the `_cat` tables.
#include "hem/search/embedded/rest_call.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace hem::search::embedded {

namespace {

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t at = text.find(',');
        if (at != 0) out.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) break;
        text.remove_prefix(at + 1);
    }
    return out;
}

struct cat_column {
    std::string_view name;
    std::vector<std::string_view> short_names;
    bool right = false;
    bool shown = true;  // without `h`
};

struct cat_table {
    std::vector<cat_column> columns;
    std::vector<std::vector<std::string>> rows;
};

bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos; }

// `h`, `s`, `v`, `format` and `help` are those of every table.
rest_response render(const rest_call& call, cat_table table) {
    if (call.flag("help")) {
        std::string out;
        for (const cat_column& column : table.columns) out += std::string(column.name) + "\n";
        rest_response made = answer_text(200, std::move(out));
        made.headers.emplace_back("content-type", "text/plain; charset=UTF-8");
        return made;
    }
    const auto find = [&](std::string_view name) -> std::size_t {
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const cat_column& column = table.columns[i];
            if (column.name == name || std::find(column.short_names.begin(), column.short_names.end(), name) != column.short_names.end())
                return i;
        }
        return table.columns.size();
    };
    if (const std::string* order = call.param("s")) {
        std::vector<std::pair<std::size_t, bool>> keys;
        for (const std::string& one : split(*order)) {
            const std::size_t colon = one.find(':');
            const std::size_t column = find(one.substr(0, colon));
            if (column == table.columns.size())
                throw rest_error(400, "unsupported_operation_exception", "Unable to sort by unknown sort key `" + one + "`");
            keys.emplace_back(column, colon != std::string::npos && one.substr(colon + 1) == "desc");
        }
        std::sort(table.rows.begin(), table.rows.end(), [&](const auto& a, const auto& b) {
            for (const auto& [column, descending] : keys) {
                const std::string& left = a[column];
                const std::string& right = b[column];
                if (left == right) continue;
                const bool numbers = is_number(left) && is_number(right);
                const bool less = numbers ? std::strtod(left.c_str(), nullptr) < std::strtod(right.c_str(), nullptr) : left < right;
                return less != descending;
            }
            return false;
        });
    }
    std::vector<std::pair<std::size_t, std::string>> chosen;  // column and heading
    if (const std::string* wanted = call.param("h")) {
        for (const std::string& one : split(*wanted))
            for (std::size_t i = 0; i < table.columns.size(); ++i) {
                const cat_column& column = table.columns[i];
                const bool short_name = std::find(column.short_names.begin(), column.short_names.end(), one) != column.short_names.end();
                if (!short_name && !simple_match(one, column.name)) continue;
                chosen.emplace_back(i, one.find('*') == std::string::npos ? one : std::string(column.name));
                if (one.find('*') == std::string::npos) break;
            }
    } else
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            if (table.columns[i].shown) chosen.emplace_back(i, std::string(table.columns[i].name));
    const std::string format = call.param_or("format", call.request.accept.find("application/json") != std::string::npos ? "json" : "text");
    if (format == "json") {
        json out = json::array();
        for (const auto& row : table.rows) {
            json one = json::object();
            for (const auto& [column, heading] : chosen) one.set(heading, row[column].empty() ? json() : json(row[column]));
            out.push_back(std::move(one));
        }
        return answer(200, out);
    }
    if (format != "text" && format != "txt") throw unsupported("the format [" + format + "]");
    std::vector<std::size_t> widths(chosen.size());
    const bool headings = call.flag("v");
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (headings) widths[i] = chosen[i].second.size();
        for (const auto& row : table.rows) widths[i] = std::max(widths[i], row[chosen[i].first].size());
    }
    std::string out;
    const auto line = [&](const auto& cell) {
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            const std::string& text = cell(i);
            const std::string padding(widths[i] - std::min(widths[i], text.size()), ' ');
            const bool last = i + 1 == chosen.size();
            const bool right = table.columns[chosen[i].first].right;
            out += right ? padding + text : last ? text : text + padding;
            if (!last) out += ' ';
        }
        out += '\n';
    };
    if (headings) line([&](std::size_t i) -> const std::string& { return chosen[i].second; });
    for (const auto& row : table.rows) line([&](std::size_t i) -> const std::string& { return row[chosen[i].first]; });
    rest_response made = answer_text(200, std::move(out));
    made.headers.emplace_back("content-type", "text/plain; charset=UTF-8");
    return made;
}

std::string bytes_text(std::int64_t bytes, std::string_view unit) {
    if (!unit.empty()) {
        static constexpr std::array<std::pair<std::string_view, int>, 5> units{{{"b", 0}, {"kb", 10}, {"mb", 20}, {"gb", 30}, {"tb", 40}}};
        for (const auto& [name, shift] : units)
            if (name == unit || (name.size() == 2 && name.substr(0, 1) == unit)) return std::to_string(bytes >> shift);
        throw illegal_argument("failed to parse value [" + std::string(unit) + "] of [bytes]");
    }
    static constexpr std::array<std::string_view, 4> names{"b", "kb", "mb", "gb"};
    auto value = static_cast<double>(bytes);
    std::size_t step = 0;
    while (value >= 1024 && step + 1 < names.size()) {
        value /= 1024;
        ++step;
    }
    std::array<char, 32> text{};
    const double cut = std::floor(value * 10) / 10;
    if (step == 0 || cut == std::floor(cut))
        std::snprintf(text.data(), text.size(), "%.0f%s", std::floor(cut), std::string(names[step]).c_str());
    else
        std::snprintf(text.data(), text.size(), "%.1f%s", cut, std::string(names[step]).c_str());
    return text.data();
}

std::string_view health_of(const target& index) { return index.schema->replicas > 0 ? "yellow" : "green"; }

constexpr std::initializer_list<std::string_view> cat_params = {"v",
                                                                "h",
                                                                "s",
                                                                "help",
                                                                "bytes",
                                                                "time",
                                                                "health",
                                                                "local",
                                                                "master_timeout",
                                                                "cluster_manager_timeout",
                                                                "pri",
                                                                "expand_wildcards",
                                                                "ts",
                                                                "include_unloaded_segments",
                                                                "full_id",
                                                                "ignore_unavailable",
                                                                "allow_no_indices"};

std::string two(std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

void add_clock(const rest_call& call, cat_table& table, std::vector<std::string>& row) {
    const std::int64_t seconds = call.now() / 1000;
    table.columns.push_back({"epoch", {"t", "time"}});
    table.columns.push_back({"timestamp", {"ts", "hms", "hhmmss"}});
    row.push_back(std::to_string(seconds));
    row.push_back(two(seconds / 3600 % 24) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60));
}

struct health_counts {
    std::int64_t active = 0, unassigned = 0;
    std::string status = "green";
    std::string percent() const {
        std::array<char, 32> text{};
        const double share =
            active + unassigned == 0 ? 100.0 : 100.0 * static_cast<double>(active) / static_cast<double>(active + unassigned);
        std::snprintf(text.data(), text.size(), "%.1f%%", share);
        return text.data();
    }
};

health_counts count_health(const std::vector<target>& targets) {
    health_counts out;
    for (const target& index : targets) {
        out.active += index.schema->shards;
        out.unassigned += index.schema->shards * index.schema->replicas;
    }
    if (out.unassigned > 0) out.status = "yellow";
    return out;
}

}  // namespace

rest_response about(rest_call& call) {
    call.allow({});
    return answer(200, json::object({{"name", "hem"},
                                     {"cluster_name", call.parts.options.cluster_name},
                                     {"cluster_uuid", call.parts.cluster_uuid},
                                     {"version", json::object({{"number", "9.1.0"},
                                                               {"build_flavor", "hem"},
                                                               {"build_type", "embedded"},
                                                               {"build_hash", "0000000000000000000000000000000000000000"},
                                                               {"build_date", "2025-01-01T00:00:00.000000000Z"},
                                                               {"build_snapshot", false},
                                                               {"lucene_version", "9.12.3"},
                                                               {"minimum_wire_compatibility_version", "8.19.0"},
                                                               {"minimum_index_compatibility_version", "8.0.0"}})},
                                     {"tagline", "You Know, for Search"}}));
}

rest_response cluster_health(rest_call& call) {
    call.allow({"level", "local", "timeout", "master_timeout", "cluster_manager_timeout", "wait_for_status", "wait_for_active_shards",
                "wait_for_nodes", "wait_for_events", "wait_for_no_relocating_shards", "wait_for_no_initializing_shards", "expand_wildcards",
                "ignore_unavailable", "allow_no_indices", "awareness_attribute"});
    target_options how = call.targets();
    how.closed_too = true;
    const auto targets = call.parts.indices.resolve(call.index, how);
    const health_counts counts = count_health(targets);
    const std::string level = call.param_or("level", "cluster");
    if (level != "cluster" && level != "indices") throw unsupported("[level=" + level + "] of the cluster health");
    const std::string wanted = call.param_or("wait_for_status", "");
    // Nothing here changes by waiting: a state that is not reached now is reported at once as timed out.
    const bool timed_out = wanted == "green" && counts.status != "green";
    json out = json::object();
    out.append_member("cluster_name", call.parts.options.cluster_name);
    out.append_member("status", counts.status);
    out.append_member("timed_out", timed_out);
    out.append_member("number_of_nodes", 1);
    out.append_member("number_of_data_nodes", 1);
    out.append_member("active_primary_shards", counts.active);
    out.append_member("active_shards", counts.active);
    out.append_member("relocating_shards", 0);
    out.append_member("initializing_shards", 0);
    out.append_member("unassigned_shards", counts.unassigned);
    out.append_member("delayed_unassigned_shards", 0);
    out.append_member("number_of_pending_tasks", 0);
    out.append_member("number_of_in_flight_fetch", 0);
    out.append_member("task_max_waiting_in_queue_millis", 0);
    out.append_member("active_shards_percent_as_number",
                      counts.active + counts.unassigned == 0
                          ? 100.0
                          : 100.0 * static_cast<double>(counts.active) / static_cast<double>(counts.active + counts.unassigned));
    if (level == "indices") {
        json indices = json::object();
        for (const target& index : targets)
            indices.append_member(index.name, json::object({{"status", health_of(index)},
                                                            {"number_of_shards", index.schema->shards},
                                                            {"number_of_replicas", index.schema->replicas},
                                                            {"active_primary_shards", index.schema->shards},
                                                            {"active_shards", index.schema->shards},
                                                            {"relocating_shards", 0},
                                                            {"initializing_shards", 0},
                                                            {"unassigned_shards", index.schema->shards * index.schema->replicas}}));
        out.append_member("indices", std::move(indices));
    }
    return answer(timed_out ? 408 : 200, out);
}

rest_response cluster_settings(rest_call& call) {
    call.allow({"flat_settings", "include_defaults", "master_timeout", "cluster_manager_timeout", "timeout"});
    return answer(200, json::object({{"persistent", json::object()}, {"transient", json::object()}}));
}

rest_response node_http(rest_call& call) {
    call.allow({"timeout", "flat_settings"});
    json node = json::object({{"name", "hem"},
                              {"transport_address", "127.0.0.1:0"},
                              {"host", "127.0.0.1"},
                              {"ip", "127.0.0.1"},
                              {"version", "9.1.0"},
                              {"roles", json::array({"data", "ingest", "master"})},
                              {"attributes", json::object()},
                              {"http", json::object({{"bound_address", json::array()},
                                                     {"publish_address", "127.0.0.1:0"},
                                                     {"max_content_length_in_bytes", call.parts.options.max_body_bytes}})}});
    return answer(200, json::object({{"_nodes", json::object({{"total", 1}, {"successful", 1}, {"failed", 0}})},
                                     {"cluster_name", call.parts.options.cluster_name},
                                     {"nodes", json::object({{call.parts.cluster_uuid, std::move(node)}})}}));
}

rest_response cat_indices(rest_call& call) {
    call.allow(cat_params);
    target_options how = call.targets();
    how.closed_too = true;
    cat_table table;
    table.columns = {{"health", {"h"}},
                     {"status", {"s"}},
                     {"index", {"i", "idx"}},
                     {"uuid", {"id"}},
                     {"pri", {"p", "shards.primary", "shardsPrimary"}, true},
                     {"rep", {"r", "shards.replica", "shardsReplica"}, true},
                     {"docs.count", {"dc", "cd", "docsCount"}, true},
                     {"docs.deleted", {"dd", "cds", "docsDeleted"}, true},
                     {"store.size", {"ss", "storeSize"}, true},
                     {"pri.store.size", {}, true},
                     {"creation.date", {"cd.date", "creationDate"}, false, false},
                     {"creation.date.string", {"cds.date"}, false, false}};
    const std::string wanted = call.param_or("health", "");
    const std::string unit = call.param_or("bytes", "");
    for (const search_shard& shard : pin(call.parts.indices.resolve(call.index, how))) {
        const target& index = shard.index;
        if (!wanted.empty() && wanted != health_of(index)) continue;
        const index_info info = index.handle->info();
        const std::int64_t bytes = index.handle->bytes();
        const bool open = !index.closed;
        table.rows.push_back({std::string(health_of(index)), open ? "open" : "close", index.name, index.uuid,
                              std::to_string(index.schema->shards), std::to_string(index.schema->replicas),
                              open ? std::to_string(shard.view->live_count()) : "", open ? std::to_string(shard.view->deleted_count()) : "",
                              open ? bytes_text(bytes, unit) : "", open ? bytes_text(bytes, unit) : "", std::to_string(info.created_ms),
                              date_format().print(info.created_ms)});
    }
    return render(call, std::move(table));
}

rest_response cat_health(rest_call& call) {
    call.allow(cat_params);
    const health_counts counts = count_health(call.parts.indices.all());
    cat_table table;
    std::vector<std::string> row;
    if (call.flag("ts", true)) add_clock(call, table, row);
    const auto add = [&](std::string_view name, std::vector<std::string_view> short_names, std::string value, bool right = true) {
        table.columns.push_back({name, std::move(short_names), right});
        row.push_back(std::move(value));
    };
    add("cluster", {"cl"}, call.parts.options.cluster_name, false);
    add("status", {"st"}, counts.status, false);
    add("node.total", {"nt", "nodeTotal"}, "1");
    add("node.data", {"nd", "nodeData"}, "1");
    add("shards", {"t", "sh", "shards.total"}, std::to_string(counts.active));
    add("pri", {"p", "shards.primary"}, std::to_string(counts.active));
    add("relo", {"r", "shards.relocating"}, "0");
    add("init", {"i", "shards.initializing"}, "0");
    add("unassign", {"u", "shards.unassigned"}, std::to_string(counts.unassigned));
    add("pending_tasks", {"pt", "pendingTasks"}, "0");
    add("max_task_wait_time", {"mtwt", "maxTaskWaitTime"}, "-");
    add("active_shards_percent", {"asp", "activeShardsPercent"}, counts.percent());
    table.rows.push_back(std::move(row));
    return render(call, std::move(table));
}

rest_response cat_count(rest_call& call) {
    call.allow(cat_params);
    cat_table table;
    std::vector<std::string> row;
    add_clock(call, table, row);
    std::int64_t count = 0;
    for (const search_shard& shard : pin(call.parts.indices.resolve(call.index, call.targets()))) count += shard.view->live_count();
    table.columns.push_back({"count", {"dc", "docs.count", "docsCount"}, false});
    row.push_back(std::to_string(count));
    table.rows.push_back(std::move(row));
    return render(call, std::move(table));
}

rest_response cat_nodes(rest_call& call) {
    call.allow(cat_params);
    cat_table table;
    table.columns = {{"ip", {"i"}}, {"node.role", {"r", "role", "nodeRole"}}, {"master", {"m"}}, {"name", {"n"}}};
    table.rows.push_back({"127.0.0.1", "dim", "*", "hem"});
    return render(call, std::move(table));
}

rest_response cat_aliases(rest_call& call) {
    call.allow(cat_params);
    cat_table table;
    table.columns = {{"alias", {"a"}},          {"index", {"i", "idx"}},    {"filter", {"f", "fi"}},
                     {"routing.index", {"ri"}}, {"routing.search", {"rs"}}, {"is_write_index", {"w"}}};
    for (const auto& [alias, indices] : call.parts.indices.aliases())
        for (const std::string& index : indices) table.rows.push_back({alias, index, "-", "-", "-", "-"});
    return render(call, std::move(table));
}

rest_response data_streams(rest_call& call) {
    call.allow({"expand_wildcards", "include_defaults", "master_timeout", "verbose"});
    if (!call.name.empty() && call.name.find('*') == std::string::npos && call.name != "_all")
        throw index_not_found(call.name, "data_stream");
    return answer(200, json::object({{"data_streams", json::array()}}));
}

}  // namespace hem::search::embedded
