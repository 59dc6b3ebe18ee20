// The queue of writes: one transaction at a time, each op prepared under the newest mapping and answered after the commit.
#include "hem/search/embedded/bulk_write.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hem::search::embedded {

namespace {

rest_error conflict(const target& index, const std::string& id, const std::string& why) {
    return rest_error(409, "version_conflict_engine_exception", "[" + id + "]: version conflict, " + why)
        .with("index_uuid", index.uuid)
        .with("shard", "0")
        .with("index", index.name);
}

rest_error store_fault(const store_error& fault) {
    if (fault.failure() == store_failure::full)
        return {429, "cluster_block_exception", std::string("the store's disk is full, nothing was written: ") + fault.what()};
    return {503, "store_exception", fault.what()};
}

// What an `_update` body asks for.
struct update_request {
    json doc, upsert;
    bool doc_as_upsert = false, detect_noop = true;
};

update_request parse_update(std::string_view body) {
    json parsed;
    try {
        parsed = json::parse(body, {.max_depth = 1000});
    } catch (const json_parse_error& fault) {
        throw rest_error(400, "x_content_parse_exception", std::string("[1:1] [UpdateRequest] ") + fault.what());
    }
    if (!parsed.is_object()) throw rest_error(400, "x_content_parse_exception", "[1:1] [UpdateRequest] Expected START_OBJECT");
    update_request out;
    static constexpr std::array<std::string_view, 8> known{"doc",    "upsert",          "doc_as_upsert", "detect_noop",
                                                           "script", "scripted_upsert", "_source",       "lang"};
    for (const auto& [key, value] : parsed.items()) {
        if (key == "doc")
            out.doc = value;
        else if (key == "upsert")
            out.upsert = value;
        else if (key == "doc_as_upsert")
            out.doc_as_upsert = value.is_bool() && value.as_bool();
        else if (key == "detect_noop")
            out.detect_noop = !value.is_bool() || value.as_bool();
        else if (key == "script" || key == "scripted_upsert")
            throw unsupported("scripted updates");
        else if (key != "_source" && key != "if_seq_no" && key != "if_primary_term") {
            std::string nearest;
            for (const std::string_view name : known)
                if (nearest.empty() && name.size() >= key.size() - 1 &&
                    name.substr(0, key.size() - 1) == std::string_view(key).substr(0, key.size() - 1))
                    nearest = " did you mean [" + std::string(name) + "]?";
            rest_error fault = content_fault("UpdateRequest", "unknown field [" + key + "]" + nearest, key);
            fault.locate(body);
            throw fault;
        }
    }
    if (out.doc.is_null()) {
        if (out.doc_as_upsert) throw validation_fault({"doc must be specified if doc_as_upsert is enabled"});
        throw validation_fault({"script or doc is missing"});
    }
    if (!out.doc.is_object())
        throw rest_error(400, "x_content_parse_exception",
                         "[1:1] [UpdateRequest] doc doesn't support values of type: " + std::string(out.doc.kind_name()));
    return out;
}

}  // namespace

std::string_view to_string(write_kind kind) {
    switch (kind) {
    case write_kind::index: return "index";
    case write_kind::create: return "create";
    case write_kind::update: return "update";
    case write_kind::remove: return "delete";
    }
    return "index";
}

bool merge_source(json& into, const json& changes) {
    bool changed = false;
    for (const auto& [key, value] : changes.items()) {
        json* before = into.find(key);
        if (before == nullptr) {
            into.append_member(key, value);
            changed = true;
        } else if (before->is_object() && value.is_object()) {
            changed = merge_source(*before, value) || changed;
        } else if (!(*before == value) || before->is_integer() != value.is_integer()) {
            *before = value;
            changed = true;
        }
    }
    return changed;
}

// One write batch and the ops that it holds; opened on first use, closed by index changes, which the store does not allow inside.
class write_queue::transaction {
public:
    explicit transaction(environment& parts) : parts_(parts) {}

    void apply(write_op& op) {
        if (op.error) return;
        try {
            attempt(op);
            attempted_.push_back(&op);
        } catch (const store_error& fault) {
            attempted_.push_back(&op);
            redo(fault);
        }
    }

    void commit() {
        if (!batch_) {
            attempted_.clear();
            return;
        }
        try {
            batch_->commit();
            batch_.reset();
            attempted_.clear();
        } catch (const store_error& fault) {
            redo(fault);
        }
    }

private:
    // A store_error passes through: the batch is lost.
    void attempt(write_op& op) {
        try {
            if (op.kind == write_kind::remove)
                remove(op);
            else if (op.kind == write_kind::update)
                update(op);
            else
                put(op);
        } catch (const store_error&) {
            throw;
        } catch (rest_error& fault) {
            op.error = fault;
            op.status = fault.status();
        } catch (const std::exception& fault) {
            op.error = rest_error(500, "exception", fault.what());
            op.status = 500;
        }
    }

    // The batch was rolled back with all that was attempted in it. What would have been stored without the faulty op still is.
    void redo(const store_error& first) {
        batch_.reset();
        const auto again = std::exchange(attempted_, {});
        for (write_op* op : again) {
            op->status = 0;
            op->result = {};
            op->get_source.clear();
            op->error.reset();
            try {
                if (again.size() == 1) throw store_error(first);
                attempt(*op);
                if (batch_) batch_->commit();
            } catch (const store_error& fault) {
                op->error = store_fault(fault);
                op->status = op->error->status();
            }
            batch_.reset();
        }
    }

    write_batch& open() {
        if (!batch_) batch_.emplace(parts_.data.begin(parts_.now_ms()));
        return *batch_;
    }

    target index_for(write_op& op, bool may_create) {
        if (parts_.indices.exists(op.index)) {
            target found = parts_.indices.one(op.index, "index_expression");
            op.index = found.name;
            op.replicas = found.schema->replicas;
            return found;
        }
        if (!may_create) throw index_not_found(op.index, "index_expression");
        if (op.require_existing_index)
            throw rest_error(404, "index_not_found_exception",
                             "no such index [" + op.index + "] and [require_alias] request flag is [true] and [" + op.index +
                                 "] is not an alias")
                .with("index", op.index)
                .with("index_uuid", "_na_");
        check_index_name(op.index);
        commit();
        target made = parts_.indices.create(op.index, normalize_settings({}), {}, {}, parts_.make_uuid(), parts_.now_ms());
        op.replicas = made.schema->replicas;
        return made;
    }

    // Parses under the newest mapping; takes in new fields first.
    prepared_document analysed(target& index, const std::string& id, std::string_view source) {
        for (int round = 0;; ++round) {
            const auto plan = index.handle->plan();
            parsed_document parsed = index.schema->fields.parse_document(id, source, *plan, *index.schema->analyzers);
            if (!parsed.new_fields.is_null() && round < 3) {
                commit();
                parts_.indices.replace(
                    index, index.schema->with_mapping(index.schema->fields.merged(parsed.new_fields, *index.schema->analyzers)));
                index = parts_.indices.one(index.name);
                continue;
            }
            try {
                return prepare(*plan, parsed.document);
            } catch (const analysis_error& fault) {
                throw illegal_argument(fault.what());
            }
        }
    }

    write_condition condition_of(const write_op& op) {
        write_condition out;
        out.create_only = op.kind == write_kind::create;
        out.if_seq_no = op.if_seq_no;
        if (op.external) {
            out.external_version = op.version;
            out.external_equal_ok = op.external_equal_ok;
        }
        return out;
    }

    [[noreturn]] void refuse(const target& index, const write_op& op, const write_conflict& found) {
        if (op.external)
            throw conflict(index, op.id,
                           "current version [" + std::to_string(found.version) + "] is higher " +
                               (op.external_equal_ok ? "than" : "or equal to") + " the one provided [" +
                               std::to_string(op.version.value_or(0)) + "]");
        if (op.if_seq_no)
            throw conflict(index, op.id,
                           "required seqNo [" + std::to_string(*op.if_seq_no) + "], primary term [" +
                               std::to_string(op.if_primary_term.value_or(1)) + "]. " +
                               (found.exists ? "current document has seqNo [" + std::to_string(found.seq_no) + "] and primary term [1]"
                                             : std::string("but no document was found")));
        throw conflict(index, op.id, "document already exists (current version [" + std::to_string(found.version) + "])");
    }

    void check_term(const target& index, const write_op& op) {
        if (!op.if_primary_term || *op.if_primary_term == 1) return;
        const auto current = open().state(index.handle, op.id);
        refuse(index, op, {current && !current->deleted, current ? current->version : -1, current ? current->seq_no : -1});
    }

    void put(write_op& op) {
        target index = index_for(op, true);
        if (op.id.empty()) op.id = parts_.make_id();
        if (op.id.size() > 512)
            throw validation_fault(
                {"id [" + op.id + "] is too long, must be no longer than 512 bytes but was: " + std::to_string(op.id.size())});
        prepared_document prepared = analysed(index, op.id, op.source);
        prepared.routing = op.routing;
        check_term(index, op);
        const auto written = open().put(index.handle, prepared, condition_of(op));
        if (!written) refuse(index, op, written.error());
        op.answer_version = written->version;
        op.answer_seq_no = written->seq_no;
        op.result = written->existed ? "updated" : "created";
        op.status = written->existed ? 200 : 201;
    }

    void remove(write_op& op) {
        target index = index_for(op, op.external);
        check_term(index, op);
        const auto written = open().remove(index.handle, op.id, condition_of(op));
        if (!written) refuse(index, op, written.error());
        op.answer_version = written->version;
        op.answer_seq_no = written->seq_no;
        op.result = written->existed ? "deleted" : "not_found";
        op.status = written->existed ? 200 : 404;
    }

    void update(write_op& op) {
        const update_request asked = parse_update(op.source);
        target index = index_for(op, !asked.upsert.is_null() || asked.doc_as_upsert);
        const auto current = open().get(index.handle, op.id);
        std::string source;
        write_condition condition;
        if (!current) {
            const json& first = asked.doc_as_upsert ? asked.doc : asked.upsert;
            if (first.is_null() || op.if_seq_no)
                throw rest_error(404, "document_missing_exception", "[" + op.id + "]: document missing")
                    .with("index_uuid", index.uuid)
                    .with("shard", "0")
                    .with("index", index.name);
            source = first.dump();
            condition.create_only = true;
        } else {
            if (op.if_seq_no && (*op.if_seq_no != current->seq_no || op.if_primary_term.value_or(1) != 1))
                refuse(index, op, {true, current->version, current->seq_no});
            json merged = json::parse(current->source, {.max_depth = 1000});
            const bool changed = merge_source(merged, asked.doc);
            if (!changed && asked.detect_noop) {
                op.answer_version = current->version;
                op.answer_seq_no = current->seq_no;
                op.result = "noop";
                op.status = 200;
                if (!op.source_wanted.is_null()) op.get_source = current->source;
                return;
            }
            source = merged.dump();
        }
        prepared_document prepared = analysed(index, op.id, source);
        prepared.routing = op.routing;
        const auto written = open().put(index.handle, prepared, condition);
        if (!written) refuse(index, op, written.error());
        op.answer_version = written->version;
        op.answer_seq_no = written->seq_no;
        op.result = written->existed ? "updated" : "created";
        op.status = written->existed ? 200 : 201;
        if (!op.source_wanted.is_null()) op.get_source = std::move(source);
    }

    environment& parts_;
    std::optional<write_batch> batch_;
    std::vector<write_op*> attempted_;  // in the open batch
};

void write_queue::run(std::span<write_op> ops) {
    if (ops.empty()) return;
    std::size_t bytes = 0;
    for (const write_op& op : ops) bytes += op.source.size() + op.id.size();
    waiting mine{ops};
    std::unique_lock hold(guard_);
    if (queued_bytes_ > 0 && queued_bytes_ + bytes > max_bytes_) {
        for (write_op& op : ops) {
            op.status = 429;
            op.error.emplace(429, "rejected_execution_exception",
                             "rejected execution of a write of " + std::to_string(bytes) + " bytes: " + std::to_string(queued_bytes_) +
                                 " bytes are queued, the limit is " + std::to_string(max_bytes_));
        }
        return;
    }
    queued_bytes_ += bytes;
    queue_.push_back(&mine);
    while (!mine.done) {
        if (busy_) {
            changed_.wait(hold);
            continue;
        }
        busy_ = true;
        hold.unlock();
        lead();
        hold.lock();
        busy_ = false;
        changed_.notify_all();
    }
    queued_bytes_ -= bytes;
}

// Takes one transaction's worth of what waits, in order of arrival.
void write_queue::lead() {
    std::vector<std::pair<waiting*, std::span<write_op>>> taken;
    {
        const std::lock_guard hold(guard_);
        std::size_t items = 0;
        std::size_t bytes = 0;
        for (waiting* one : queue_) {
            const std::size_t first = one->next;
            while (one->next < one->ops.size() && items < transaction_items &&
                   (bytes == 0 || bytes + one->ops[one->next].source.size() <= transaction_bytes)) {
                bytes += one->ops[one->next].source.size();
                ++items;
                ++one->next;
            }
            if (one->next > first) taken.emplace_back(one, one->ops.subspan(first, one->next - first));
            if (one->next < one->ops.size()) break;
        }
        while (!queue_.empty() && queue_.front()->next == queue_.front()->ops.size()) queue_.pop_front();
    }
    {
        transaction current(parts_);
        for (auto& [one, ops] : taken)
            for (write_op& op : ops) current.apply(op);
        current.commit();
    }
    if (parts_.written) parts_.written();
    const std::lock_guard hold(guard_);
    for (auto& [one, ops] : taken) one->done = one->next == one->ops.size();
}

void write_queue::exclusive(const std::function<void()>& f) {
    {
        std::unique_lock hold(guard_);
        changed_.wait(hold, [&] { return !busy_; });
        busy_ = true;
    }
    run_exclusively(f);
}

bool write_queue::when_idle(const std::function<void()>& f, const std::atomic<bool>& stop) {
    {
        std::unique_lock hold(guard_);
        changed_.wait(hold, [&] { return stop || (!busy_ && queue_.empty()); });
        if (stop) return false;
        busy_ = true;
    }
    run_exclusively(f);
    return true;
}

void write_queue::wake_idle() {
    const std::lock_guard hold(guard_);
    changed_.notify_all();
}

void write_queue::run_exclusively(const std::function<void()>& f) {
    const auto release = [&] {
        {
            const std::lock_guard hold(guard_);
            busy_ = false;
        }
        changed_.notify_all();
    };
    try {
        f();
    } catch (...) {
        release();
        throw;
    }
    release();
}

}  // namespace hem::search::embedded
