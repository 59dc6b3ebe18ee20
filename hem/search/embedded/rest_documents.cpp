// Endpoints of documents: index, create, get, update, delete, bulk, mget.
#include "hem/model/json_writer.hpp"
#include "hem/search/embedded/rest_call.hpp"

namespace hem::search::embedded {

namespace {

constexpr std::initializer_list<std::string_view> write_params = {
    "refresh",      "routing",          "timeout",          "version",
    "version_type", "if_seq_no",        "if_primary_term",  "wait_for_active_shards",
    "op_type",      "pipeline",         "require_alias",    "retry_on_conflict",
    "_source",      "_source_includes", "_source_excludes", "lang"};

bool forced_refresh(const rest_call& call) {
    const std::string* refresh = call.param("refresh");
    if (refresh == nullptr || *refresh == "false" || *refresh == "wait_for") return false;
    if (refresh->empty() || *refresh == "true") return true;
    throw illegal_argument("Unknown value for refresh: [" + *refresh + "].");
}

source_filter filter_of(const rest_call& call, bool fallback = true) {
    source_filter out;
    out.wanted = fallback;
    const auto split = [](std::string_view text) {
        std::vector<std::string> parts;
        while (!text.empty()) {
            const std::size_t comma = text.find(',');
            if (comma != 0) parts.emplace_back(text.substr(0, comma));
            if (comma == std::string_view::npos) break;
            text.remove_prefix(comma + 1);
        }
        return parts;
    };
    if (const std::string* source = call.param("_source")) {
        out.wanted = *source != "false";
        if (*source != "true" && *source != "false" && !source->empty()) out.includes = split(*source);
    }
    for (const std::string_view key : {"_source_includes", "_source_include"})
        if (const std::string* includes = call.param(key)) {
            out.includes = split(*includes);
            out.wanted = true;
        }
    for (const std::string_view key : {"_source_excludes", "_source_exclude"})
        if (const std::string* excludes = call.param(key)) {
            out.excludes = split(*excludes);
            out.wanted = true;
        }
    return out;
}

// {"_index","_id","_version",...,"found":true,"_source":...}
json found_json(const target& index, const stored_document& row, const source_filter& filter) {
    json out = json::object();
    out.append_member("_index", index.name);
    out.append_member("_id", row.id);
    out.append_member("_version", row.version);
    out.append_member("_seq_no", row.seq_no);
    out.append_member("_primary_term", 1);
    if (!row.routing.empty()) out.append_member("_routing", row.routing);
    if (const auto ignored = index.schema->fields.ignored_fields(row.source, *index.handle->plan(), *index.schema->analyzers);
        !ignored.empty()) {
        json paths = json::array();
        for (const std::string& each : ignored) paths.push_back(each);
        out.append_member("_ignored", std::move(paths));
    }
    out.append_member("found", true);
    if (filter.wanted) out.append_member("_source", filter.apply(json::parse(row.source, {.max_depth = 1000})));
    return out;
}

json not_found_json(std::string_view index, std::string_view id) {
    return json::object({{"_index", index}, {"_id", id}, {"found", false}});
}

void check_get_version(const rest_call& call, const target& index, const stored_document& row) {
    const auto version = call.whole("version");
    if (!version || *version == row.version) return;
    throw rest_error(409, "version_conflict_engine_exception",
                     "[" + row.id + "]: version conflict, current version [" + std::to_string(row.version) +
                         "] is different than the one provided [" + std::to_string(*version) + "]")
        .with("index_uuid", index.uuid)
        .with("shard", "0")
        .with("index", index.name);
}

}  // namespace

void write_answer(std::string& out, const write_op& op, bool forced_refresh, bool bulk_item) {
    json_writer writer(out);
    writer.begin_object();
    writer.member("_index", op.index);
    writer.member("_id", op.id);
    if (op.error) {
        writer.member("status", op.error->status());
        writer.member("error", op.error->cause());
        writer.end_object();
        return;
    }
    writer.member("_version", op.answer_version);
    writer.member("result", op.result);
    const bool noop = op.result == "noop" && !bulk_item;
    if (forced_refresh && !noop) writer.member("forced_refresh", true);
    writer.key("_shards").begin_object();
    writer.member("total", noop ? 0 : op.replicas + 1);
    writer.member("successful", noop ? 0 : 1);
    writer.member("failed", 0);
    writer.end_object();
    writer.member("_seq_no", op.answer_seq_no);
    writer.member("_primary_term", 1);
    if (!op.get_source.empty()) {
        const source_filter filter = source_filter::parse(op.source_wanted);
        if (filter.wanted) {
            writer.key("get").begin_object();
            writer.member("_seq_no", op.answer_seq_no);
            writer.member("_primary_term", 1);
            writer.member("found", true);
            writer.key("_source").raw(filter.apply_text(op.get_source));
            writer.end_object();
        }
    }
    if (bulk_item) writer.member("status", op.status);
    writer.end_object();
}

write_op document_op(const rest_call& call, write_kind kind) {
    call.allow(write_params);
    forced_refresh(call);
    write_op op;
    op.kind = kind;
    op.index = call.index;
    op.id = call.id;
    op.routing = call.param_or("routing", "");
    if (call.param("pipeline") != nullptr && *call.param("pipeline") != "_none") throw unsupported("ingest pipelines");
    if (const std::string* type = call.param("op_type")) {
        if (*type == "create")
            op.kind = write_kind::create;
        else if (*type != "index")
            throw illegal_argument("opType must be 'create' or 'index', found: [" + *type + "]");
    }
    op.if_seq_no = call.whole("if_seq_no");
    op.if_primary_term = call.whole("if_primary_term");
    op.version = call.whole("version");
    const std::string type = call.param_or("version_type", "internal");
    std::vector<std::string> faults;
    if (type == "external" || type == "external_gte" || type == "external_gt") {
        op.external = true;
        op.external_equal_ok = type == "external_gte";
        if (!op.version) faults.emplace_back("no version given for [" + type + "] versioning");
        if (op.kind == write_kind::update) faults.emplace_back("version type [" + type + "] is not supported by the update API");
    } else if (type != "internal")
        throw illegal_argument("No version type match [" + type + "]");
    else if (op.version)
        faults.emplace_back(
            "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead");
    if (op.if_seq_no.has_value() != op.if_primary_term.has_value())
        faults.emplace_back(op.if_seq_no ? "ifSeqNo is set, but primary term is [0]"
                                         : "ifSeqNo is unassigned, but primary term is [" + std::to_string(*op.if_primary_term) + "]");
    if (op.if_seq_no && op.kind == write_kind::create)
        faults.emplace_back("create operations do not support compare and set. use index instead");
    if (!faults.empty()) throw validation_fault(faults);
    op.require_existing_index = call.flag("require_alias");
    if (kind != write_kind::remove) {
        if (call.request.body.empty() && kind == write_kind::update) throw validation_fault({"script or doc is missing"});
        if (call.request.body.empty()) throw rest_error(400, "parse_exception", "request body is required");
        op.source = call.request.body;
    }
    if (kind == write_kind::update && (call.param("_source") != nullptr || call.param("_source_includes") != nullptr)) {
        const source_filter filter = filter_of(call);
        json includes = json::array();
        for (const std::string& one : filter.includes) includes.push_back(one);
        op.source_wanted = filter.includes.empty() ? json(filter.wanted) : std::move(includes);
    }
    return op;
}

rest_response document_answer(const rest_call& call, const write_op& op) {
    if (op.error) throw *op.error;
    std::string out;
    write_answer(out, op, forced_refresh(call), false);
    rest_response made = answer_text(op.status, std::move(out));
    if (op.status == 201) made.headers.emplace_back("location", "/" + op.index + "/_doc/" + op.id);
    return made;
}

namespace {

rest_response write_one(rest_call& call, write_kind kind) {
    write_op op = document_op(call, kind);
    call.parts.writes.run(std::span(&op, 1));
    return document_answer(call, op);
}

}  // namespace

rest_response put_document(rest_call& call) { return write_one(call, call.name == "create" ? write_kind::create : write_kind::index); }
rest_response delete_document(rest_call& call) { return write_one(call, write_kind::remove); }
rest_response update_document(rest_call& call) { return write_one(call, write_kind::update); }

rest_response get_document(rest_call& call) {
    call.allow({"routing", "preference", "realtime", "refresh", "_source", "_source_includes", "_source_excludes", "version",
                "version_type", "stored_fields", "_source_exclude_vectors"});
    if (call.param("stored_fields") != nullptr) throw unsupported("[stored_fields]");
    const target index = call.parts.indices.one(call.index, "index_expression");
    const auto row = index.handle->get(call.id);
    if (!row) return answer(404, not_found_json(index.name, call.id));
    check_get_version(call, index, *row);
    return answer(200, found_json(index, *row, filter_of(call)));
}

rest_response get_source(rest_call& call) {
    call.allow(
        {"routing", "preference", "realtime", "refresh", "_source", "_source_includes", "_source_excludes", "version", "version_type"});
    const target index = call.parts.indices.one(call.index, "index_expression");
    const auto row = index.handle->get(call.id);
    if (!row) throw rest_error(404, "resource_not_found_exception", "Document not found [" + call.index + "]/[" + call.id + "]");
    check_get_version(call, index, *row);
    return answer_text(200, filter_of(call).apply_text(row->source));
}

rest_response bulk_documents(rest_call& call) {
    call.allow({"refresh", "routing", "timeout", "wait_for_active_shards", "pipeline", "require_alias", "_source", "_source_includes",
                "_source_excludes", "batch_size", "list_executed_pipelines", "include_source_on_error", "type"});
    const bool forced = forced_refresh(call);
    if (call.param("pipeline") != nullptr && *call.param("pipeline") != "_none") throw unsupported("ingest pipelines");
    if (call.request.body.empty()) throw rest_error(400, "parse_exception", "request body is required");
    std::vector<write_op> ops = parse_bulk(call.request.body, call.index);
    const std::string routing = call.param_or("routing", "");
    for (write_op& op : ops) {
        if (op.routing.empty()) op.routing = routing;
        op.require_existing_index = op.require_existing_index || call.flag("require_alias");
    }
    const std::int64_t started = call.now();
    call.parts.writes.run(ops);
    bool errors = false;
    std::string items;
    items.reserve(ops.size() * 180);
    for (const write_op& op : ops) {
        errors = errors || op.error.has_value();
        if (!items.empty()) items += ',';
        items += "{\"";
        items += to_string(op.kind);
        items += "\":";
        write_answer(items, op, forced, true);
        items += '}';
    }
    std::string out = "{\"took\":" + std::to_string(std::max<std::int64_t>(call.now() - started, 0)) +
                      ",\"errors\":" + (errors ? "true" : "false") + ",\"items\":[" + items + "]}";
    return answer_text(200, std::move(out));
}

rest_response get_documents(rest_call& call) {
    call.allow({"routing", "preference", "realtime", "refresh", "_source", "_source_includes", "_source_excludes", "stored_fields"});
    const json body = call.required_body();
    struct wanted {
        std::string index, id;
        source_filter filter;
    };
    std::vector<wanted> all;
    const source_filter shared = filter_of(call);
    std::vector<std::string> faults;
    for (const auto& [key, value] : body.items()) {
        if (key == "ids") {
            for (const json& id : value.elements()) {
                if (!id.is_string() && !id.is_number()) throw illegal_argument("ids array element should only contain ids");
                all.push_back({call.index, id.is_string() ? id.as_string() : id.dump(), shared});
            }
        } else if (key == "docs") {
            for (const json& one : value.elements()) {
                if (!one.is_object()) throw illegal_argument("docs array element should include an object");
                wanted made{call.index, {}, shared};
                for (const auto& [name, option] : one.items()) {
                    const std::string text = option.is_string() ? option.as_string() : option.dump();
                    if (name == "_index")
                        made.index = text;
                    else if (name == "_id")
                        made.id = text;
                    else if (name == "_source")
                        made.filter = source_filter::parse(option);
                    else if (name == "routing" || name == "_routing") {
                    } else if (name == "stored_fields" || name == "version" || name == "version_type")
                        throw unsupported("[" + name + "] in a multi get");
                    else
                        throw rest_error(400, "parse_exception", "failed to parse multi get request. unknown field [" + name + "]");
                }
                all.push_back(std::move(made));
            }
        } else
            throw rest_error(400, "parse_exception", "unknown key [" + key + "] for a multi get request, expected [docs] or [ids]");
    }
    if (all.empty()) faults.emplace_back("no documents to get");
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].index.empty()) faults.push_back("index is missing for doc " + std::to_string(i));
        if (all[i].id.empty()) faults.push_back("id is missing for doc " + std::to_string(i));
    }
    if (!faults.empty()) throw validation_fault(faults);
    json docs = json::array();
    for (const wanted& one : all) {
        try {
            const target index = call.parts.indices.one(one.index, "index_expression");
            const auto row = index.handle->get(one.id);
            docs.push_back(row ? found_json(index, *row, one.filter) : not_found_json(index.name, one.id));
        } catch (const rest_error& fault) {
            docs.push_back(json::object({{"_index", one.index}, {"_id", one.id}, {"error", fault.error()}}));
        }
    }
    return answer(200, json::object({{"docs", std::move(docs)}}));
}

}  // namespace hem::search::embedded
