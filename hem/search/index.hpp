// Handle of one index and the life of its documents.
//
//     search::index<blog_post> posts{client};
//     co_await posts.ensure();
//     search::document<blog_post> post = co_await posts.get(id);      // not_found when there is none
//     post.title = "A better title";
//     co_await posts.save(post);                                      // conflict when somebody else saved it since
// A handle is cheap to make and to copy. A pattern (`logs-*`) may be read but not written.
#pragma once

#include "hem/core/task.hpp"
#include "hem/search/bulk.hpp"
#include "hem/search/client.hpp"
#include "hem/search/document.hpp"
#include "hem/search/mapping.hpp"
#include "hem/search/scan.hpp"
#include "hem/search/search_request.hpp"
#include "hem/search/validate.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hem::search {

struct write_result {
    std::string result;  // created, updated, deleted, noop
    std::string id;
    std::int64_t version = 0;
    std::int64_t seq_no = 0;
    std::int64_t primary_term = 0;
};

struct save_options {
    std::string refresh;  // "true", "wait_for"
    std::string routing;
    std::string pipeline;
    bool skip_empty = true;
    bool validate = true;
};

struct update_options {
    bool detect_noop = true;
    bool doc_as_upsert = false;
    json upsert;
    std::optional<search::script> script;
    int retry_on_conflict = 0;  // above 0: no condition on the document's version
    std::string refresh;
    std::string routing;
};

// What `mget` does for an id that is not there.
enum class missing { skip, none, raise };

namespace detail {

struct stored_document {
    document_meta meta;
    std::string body;
    std::size_t source_at = 0;
    std::size_t source_bytes = 0;
    std::string_view source() const noexcept { return std::string_view(body).substr(source_at, source_bytes); }
};

// The index without the type of its documents.
struct index_core {
    std::shared_ptr<client_state> state;
    std::string name;
    search::on_missing on_missing = search::on_missing::create;
    json (*create_body)() = nullptr;

    std::string path(std::string_view rest) const;
    task<> ensure();
    task<> before_write();
    task<std::optional<stored_document>> find(std::string id);
    task<stored_document> get(std::string id);
    task<bool> exists(std::string id);
    // Without id: POST; else PUT, on the condition that meta holds.
    task<write_result> put(std::string id, std::string source, document_meta* meta, save_options options);
    task<write_result> create(std::string id, std::string source, save_options options);
    task<write_result> update(std::string id, std::string partial, document_meta* meta, update_options options);
    task<bool> remove(std::string id, const document_meta* meta, std::string refresh, bool must_exist);
    task<std::vector<std::optional<stored_document>>> mget(std::vector<std::string> ids, missing policy);
};

index_core make_index_core(const client& on, std::string name, std::string_view declared, search::on_missing on_missing,
                           json (*create_body)());

template <class T>
std::string encoded(const T& value, bool skip_empty) {
    std::string out;
    encode_document(out, value, {.skip_empty = skip_empty});
    return out;
}
inline std::string encoded(const json& value, bool) { return value.dump(); }

}  // namespace detail

template <class T>
class index {
public:
    // The name is that of T's index_options unless another is given. Throws usage_error when there is neither.
    explicit index(const client& on, std::string name = {})
        : core_(detail::make_index_core(on, std::move(name), detail::index_options_of<T>().name, detail::index_options_of<T>().on_missing,
                                        [] { return create_body_of<T>(); })),
          client_(on) {}

    const std::string& name() const noexcept { return core_.name; }
    const search::client& client() const noexcept { return client_; }

    // Creates the index with T's settings and mapping, or adds the fields that it lacks. Throws mapping_conflict. Safe to race.
    task<> ensure() {
        detail::index_core core = core_;
        co_await core.ensure();
    }

    // ---- one document
    task<document<T>> get(std::string id) {
        detail::index_core core = core_;
        co_return decode(co_await core.get(std::move(id)));
    }
    task<std::optional<document<T>>> find(std::string id) {
        detail::index_core core = core_;
        std::optional<detail::stored_document> found = co_await core.find(std::move(id));
        if (!found) co_return std::nullopt;
        co_return decode(std::move(*found));
    }
    task<bool> exists(std::string id) {
        detail::index_core core = core_;
        co_return co_await core.exists(std::move(id));
    }

    // A new document with an id of the server's making.
    task<write_result> save(T value, save_options options = {}) {
        detail::index_core core = core_;
        if (options.validate) validate(value);
        std::string source = detail::encoded(value, options.skip_empty);
        co_return co_await core.put({}, std::move(source), nullptr, std::move(options));
    }
    // Creates without an id, else replaces, on the condition that nobody changed it since it was read. Updates `doc.meta`.
    task<write_result> save(document<T>& doc, save_options options = {}) {
        detail::index_core core = core_;
        if (options.validate) validate(doc.value());
        std::string source = detail::encoded(doc.value(), options.skip_empty);
        co_return co_await core.put(doc.meta.id, std::move(source), &doc.meta, std::move(options));
    }
    // Throws conflict when the id exists.
    task<write_result> create(T value, std::string id, save_options options = {}) {
        detail::index_core core = core_;
        if (options.validate) validate(value);
        std::string source = detail::encoded(value, options.skip_empty);
        co_return co_await core.create(std::move(id), std::move(source), std::move(options));
    }
    // Writes under that id, whatever is there.
    task<write_result> put(T value, std::string id, save_options options = {}) {
        detail::index_core core = core_;
        if (options.validate) validate(value);
        std::string source = detail::encoded(value, options.skip_empty);
        co_return co_await core.put(std::move(id), std::move(source), nullptr, std::move(options));
    }

    // Changes some members, here and on the server: `update(post, json::object({{"title", "new"}}))`. Throws illegal_operation without
    // fields, conflict when the document changed since it was read.
    task<write_result> update(document<T>& doc, json fields, update_options options = {}) {
        detail::index_core core = core_;
        std::string partial = fields.empty() && (options.script || !options.upsert.is_null()) ? std::string() : fields.dump();
        write_result result = co_await core.update(doc.meta.id, partial, &doc.meta, std::move(options));
        if (!partial.empty()) {
            hem::search::detail::json_cursor cursor(partial);
            detail::read_value(cursor, doc.value());
        }
        co_return result;
    }
    // Without a condition. `partial` is JSON, or a struct whose empty members are left out.
    template <class Partial>
    task<write_result> update(std::string id, Partial partial, update_options options = {}) {
        detail::index_core core = core_;
        std::string fields = detail::encoded(partial, true);
        co_return co_await core.update(std::move(id), std::move(fields), nullptr, std::move(options));
    }

    // Throw not_found when it is not there. The form with a document removes it on the condition that nobody changed it.
    task<> remove(std::string id, std::string refresh = {}) {
        detail::index_core core = core_;
        (void)co_await core.remove(std::move(id), nullptr, std::move(refresh), true);
    }
    task<> remove(const document<T>& doc, std::string refresh = {}) {
        detail::index_core core = core_;
        (void)co_await core.remove(doc.meta.id, &doc.meta, std::move(refresh), true);
    }
    task<bool> remove_if_exists(std::string id, std::string refresh = {}) {
        detail::index_core core = core_;
        co_return co_await core.remove(std::move(id), nullptr, std::move(refresh), false);
    }

    // ---- many
    // Aligned with ids; with `missing::skip` the absent ones are left out, with `missing::raise` they throw not_found.
    task<std::vector<std::optional<document<T>>>> mget(std::vector<std::string> ids, missing policy = missing::none) {
        detail::index_core core = core_;
        auto found = co_await core.mget(std::move(ids), policy);
        std::vector<std::optional<document<T>>> documents;
        documents.reserve(found.size());
        for (auto& each : found) {
            if (each) {
                documents.emplace_back(decode(std::move(*each)));
            } else if (policy != missing::skip) {
                documents.emplace_back();
            }
        }
        co_return documents;
    }
    // See bulk.hpp. `actions`: a range or async_generator of T, document<T> or bulk_action.
    template <class Source>
    task<bulk_summary> bulk(Source actions, bulk_options options = {}) {
        detail::index_core core = core_;
        search::client on = client_;
        co_await core.before_write();
        options.index = core.name;
        co_return co_await hem::search::bulk(on, std::move(actions), std::move(options));
    }

    search_request<T> search() const { return search_request<T>(client_, core_.name); }
    task<json> refresh() const {
        const search::client on = client_;
        std::string target = core_.name;
        co_return co_await on.indices().refresh(std::move(target));
    }

private:
    static document<T> decode(detail::stored_document stored) {
        return {detail::decode_document<T>(stored.source(), stored.meta.id), std::move(stored.meta)};
    }

    detail::index_core core_;
    search::client client_;
};

}  // namespace hem::search
