#include "hem/search/index.hpp"

#include "hem/search/detail/client_state.hpp"

#include <algorithm>

namespace hem::search::detail {
namespace {

void add(string_pairs& params, const char* name, const std::string& value) {
    if (!value.empty()) params.emplace_back(name, value);
}

void add_condition(string_pairs& params, const document_meta* meta) {
    if (meta == nullptr || !meta->seq_no || !meta->primary_term) return;
    params.emplace_back("if_seq_no", std::to_string(*meta->seq_no));
    params.emplace_back("if_primary_term", std::to_string(*meta->primary_term));
}

write_result read_write_result(const api_response& answer) {
    try {
        write_result result;
        json_cursor cursor(answer.body);
        cursor.begin_object();
        std::string_view key;
        while (cursor.next_key(key)) {
            if (key == "result") {
                cursor.read_string(result.result);
            } else if (key == "_id") {
                cursor.read_string(result.id);
            } else if (key == "_version") {
                result.version = cursor.read_integer();
            } else if (key == "_seq_no") {
                result.seq_no = cursor.read_integer();
            } else if (key == "_primary_term") {
                result.primary_term = cursor.read_integer();
            } else {
                cursor.skip();
            }
        }
        return result;
    } catch (const cursor_error& fault) {
        throw serialization_error(std::string("cannot read the answer to a write: ") + fault.what(), answer.meta);
    }
}

void update_meta(document_meta* meta, const write_result& result, const std::string& index) {
    if (meta == nullptr) return;
    meta->id = result.id;
    if (meta->index.empty()) meta->index = index;
    meta->version = result.version;
    meta->seq_no = result.seq_no;
    meta->primary_term = result.primary_term;
}

// One document of a get or of an mget; false when it was not found.
bool read_stored(json_cursor& cursor, const char* begin, stored_document& into) {
    bool found = false;
    cursor.begin_object();
    std::string_view key;
    while (cursor.next_key(key)) {
        if (key == "_source") {
            const std::string_view source = cursor.skip();
            into.source_at = static_cast<std::size_t>(source.data() - begin);
            into.source_bytes = source.size();
        } else if (key == "_id") {
            cursor.read_string(into.meta.id);
        } else if (key == "_index") {
            cursor.read_string(into.meta.index);
        } else if (key == "_version") {
            into.meta.version = cursor.read_integer();
        } else if (key == "_seq_no") {
            into.meta.seq_no = cursor.read_integer();
        } else if (key == "_primary_term") {
            into.meta.primary_term = cursor.read_integer();
        } else if (key == "_routing") {
            cursor.read_string(into.meta.routing);
        } else if (key == "found") {
            found = cursor.read_bool();
        } else {
            cursor.skip();
        }
    }
    return found;
}

}  // namespace

index_core make_index_core(const client& on, std::string name, std::string_view declared, search::on_missing on_missing,
                           json (*create_body)()) {
    if (name.empty()) name = declared;
    if (name.empty())
        throw usage_error(
            "search::index needs a name: pass one, or give the document `static constexpr search::index_options index{.name = …}`");
    return {on.shared_state(), std::move(name), on_missing, create_body};
}

std::string index_core::path(std::string_view rest) const { return "/" + encode_segment(name) + std::string(rest); }

task<> index_core::ensure() {
    if (name.find_first_of("*,") != std::string::npos)
        throw illegal_operation("cannot create the index '" + name + "': a pattern can only be read");
    const json body = create_body();
    const api_response there = co_await state->perform("HEAD", path(""), {}, {}, {});
    if (there.status() == 404) {
        const api_response created = co_await state->perform("PUT", path(""), {}, body.dump(), {.raise = false});
        if (created.status() < 400) {
            state->link->ensured.push_back(name);
            co_return;
        }
        // Another process may have been faster; then its index is compared like any other.
        if (created.status() != 400 || created.body.find("resource_already_exists_exception") == std::string::npos) {
            throw_api_error(created.meta, created.body);
        }
    }
    const json stored = co_await state->perform_json("GET", path("/_mapping"));
    json missing = json::object();
    for (const auto& [concrete, part] : stored.items()) {
        const json lacking = missing_fields(concrete, part["mappings"]["properties"], body["mappings"]["properties"]);
        for (const auto& [field, mapping] : lacking.items()) missing.set(field, mapping);
    }
    if (!missing.empty()) {
        (void)co_await state->perform_json("PUT", path("/_mapping"), {}, json::object({{"properties", std::move(missing)}}).dump());
    }
    state->link->ensured.push_back(name);
}

task<> index_core::before_write() {
    if (name.find_first_of("*,") != std::string::npos)
        throw illegal_operation("cannot write to '" + name + "': a pattern can only be read");
    if (on_missing == search::on_missing::dynamic) co_return;
    const auto& ensured = state->link->ensured;
    if (std::find(ensured.begin(), ensured.end(), name) != ensured.end()) co_return;
    if (on_missing == search::on_missing::create) {
        co_await ensure();
        co_return;
    }
    const api_response there = co_await state->perform("HEAD", path(""), {}, {}, {});
    if (there.status() == 404) {
        const json fault = json::object({{"type", "index_not_found_exception"}, {"reason", "no such index [" + name + "]"}});
        throw_api_error(there.meta, json::object({{"error", fault}, {"status", 404}}).dump());
    }
    state->link->ensured.push_back(name);
}

task<std::optional<stored_document>> index_core::find(std::string id) {
    api_response answer = co_await state->perform("GET", path("/_doc/") + encode_segment(id), {}, {}, {.ignore_status = {404}});
    if (answer.status() == 404 && answer.body.find("\"error\"") != std::string::npos)
        throw_api_error(std::move(answer.meta), std::move(answer.body));
    stored_document stored;
    stored.body = std::move(answer.body);
    bool found = false;
    try {
        json_cursor cursor(stored.body);
        found = read_stored(cursor, stored.body.data(), stored);
    } catch (const cursor_error& fault) {
        throw serialization_error(std::string("cannot read the answer to a get: ") + fault.what(), answer.meta);
    }
    if (!found) co_return std::nullopt;
    co_return stored;
}

task<stored_document> index_core::get(std::string id) {
    std::optional<stored_document> found = co_await find(id);
    if (!found) {
        const json body = json::object({{"_index", name}, {"_id", id}, {"found", false}});
        throw not_found(response_meta{.status = 404}, body.dump());
    }
    co_return std::move(*found);
}

task<bool> index_core::exists(std::string id) {
    const api_response answer = co_await state->perform("HEAD", path("/_doc/") + encode_segment(id), {}, {}, {});
    co_return answer.status() == 200;
}

task<write_result> index_core::put(std::string id, std::string source, document_meta* meta, save_options options) {
    co_await before_write();
    string_pairs params;
    if (!id.empty()) add_condition(params, meta);
    add(params, "refresh", options.refresh);
    add(params, "routing", options.routing.empty() && meta != nullptr ? meta->routing : options.routing);
    add(params, "pipeline", options.pipeline);
    const std::string target = id.empty() ? path("/_doc") : path("/_doc/") + encode_segment(id);
    const api_response answer = co_await state->perform(id.empty() ? "POST" : "PUT", target, std::move(params), std::move(source), {});
    write_result result = read_write_result(answer);
    update_meta(meta, result, name);
    co_return result;
}

task<write_result> index_core::create(std::string id, std::string source, save_options options) {
    co_await before_write();
    if (id.empty()) throw illegal_operation("create needs an id; save(value) lets the server make one");
    string_pairs params;
    add(params, "refresh", options.refresh);
    add(params, "routing", options.routing);
    add(params, "pipeline", options.pipeline);
    const api_response answer =
        co_await state->perform("PUT", path("/_create/") + encode_segment(id), std::move(params), std::move(source), {});
    co_return read_write_result(answer);
}

task<write_result> index_core::update(std::string id, std::string partial, document_meta* meta, update_options options) {
    if (id.empty()) throw illegal_operation("update needs a stored document: this one has no id yet");
    if ((partial.empty() || partial == "{}" || partial == "null") && !options.script && options.upsert.is_null()) {
        throw illegal_operation("update of '" + id + "' names no fields");
    }
    co_await before_write();
    string_pairs params;
    if (options.retry_on_conflict > 0) {
        params.emplace_back("retry_on_conflict", std::to_string(options.retry_on_conflict));
    } else {
        add_condition(params, meta);
    }
    add(params, "refresh", options.refresh);
    add(params, "routing", options.routing.empty() && meta != nullptr ? meta->routing : options.routing);
    std::string body;
    json_writer writer(body);
    writer.begin_object();
    if (options.script) {
        writer.key("script").value(options.script->to_json());
    } else if (!partial.empty()) {
        writer.key("doc").raw(partial);
    }
    if (!options.upsert.is_null()) writer.key("upsert").value(options.upsert);
    if (options.doc_as_upsert) writer.member("doc_as_upsert", true);
    if (!options.detect_noop) writer.member("detect_noop", false);
    writer.end_object();
    const api_response answer =
        co_await state->perform("POST", path("/_update/") + encode_segment(id), std::move(params), std::move(body), {});
    write_result result = read_write_result(answer);
    update_meta(meta, result, name);
    co_return result;
}

task<bool> index_core::remove(std::string id, const document_meta* meta, std::string refresh, bool must_exist) {
    if (id.empty()) throw illegal_operation("remove needs the id of a stored document");
    if (name.find_first_of("*,") != std::string::npos)
        throw illegal_operation("cannot write to '" + name + "': a pattern can only be read");
    string_pairs params;
    add_condition(params, meta);
    add(params, "refresh", refresh);
    if (meta != nullptr) add(params, "routing", meta->routing);
    api_response answer =
        co_await state->perform("DELETE", path("/_doc/") + encode_segment(id), std::move(params), {}, {.ignore_status = {404}});
    if (answer.status() != 404) co_return true;
    if (must_exist || answer.body.find("\"error\"") != std::string::npos) throw_api_error(std::move(answer.meta), std::move(answer.body));
    co_return false;
}

task<std::vector<std::optional<stored_document>>> index_core::mget(std::vector<std::string> ids, missing policy) {
    std::vector<std::optional<stored_document>> found;
    if (ids.empty()) co_return found;
    std::string body;
    json_writer writer(body);
    writer.begin_object().key("docs").begin_array();
    for (const std::string& id : ids) writer.begin_object().member("_id", id).end_object();
    writer.end_array().end_object();
    const api_response answer = co_await state->perform("POST", path("/_mget"), {}, std::move(body), {});
    try {
        json_cursor cursor(answer.body);
        cursor.begin_object();
        std::string_view key;
        while (cursor.next_key(key)) {
            if (key != "docs") {
                cursor.skip();
                continue;
            }
            cursor.begin_array();
            while (cursor.next_element()) {
                stored_document one;
                one.body = cursor.skip();
                json_cursor inner(one.body);
                if (read_stored(inner, one.body.data(), one)) {
                    found.emplace_back(std::move(one));
                } else if (policy == missing::raise) {
                    throw not_found(response_meta{.status = 404}, one.body);
                } else {
                    found.emplace_back();
                }
            }
        }
    } catch (const cursor_error& fault) {
        throw serialization_error(std::string("cannot read the answer to an mget: ") + fault.what(), answer.meta);
    }
    if (found.size() != ids.size())
        throw serialization_error("the answer to an mget of " + std::to_string(ids.size()) + " ids has " + std::to_string(found.size()) +
                                      " documents",
                                  answer.meta);
    co_return found;
}

}  // namespace hem::search::detail
