#include "hem/search/embedded/engine.hpp"

#include "hem/model/detail/json_document.hpp"
#include "hem/search/embedded/rest_call.hpp"
#include "hem/search/embedded/rest_routes.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <shared_mutex>

namespace hem::search::embedded {

namespace {

std::string_view media_type(std::string_view text) {
    const std::size_t semicolon = text.find(';');
    text = text.substr(0, semicolon);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    return text;
}

bool accepted_content(std::string_view type) {
    static constexpr std::array<std::string_view, 6> types{"application/json",
                                                           "application/x-ndjson",
                                                           "application/x-json",
                                                           "application/vnd.elasticsearch+json",
                                                           "application/vnd.elasticsearch+x-ndjson",
                                                           "application/ndjson"};
    std::string lower(media_type(type));
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return std::find(types.begin(), types.end(), lower) != types.end();
}

// `compatible-with=8` of the vendor type; empty when the request did not use it.
std::string vendor_version(const rest_request& request) {
    for (const std::string* header : {&request.accept, &request.content_type}) {
        if (header->find("application/vnd.elasticsearch+") == std::string::npos) continue;
        const std::size_t at = header->find("compatible-with=");
        return at == std::string::npos ? "9" : header->substr(at + 16, header->find_first_not_of("0123456789", at + 16) - at - 16);
    }
    return {};
}

bool has_odd_bytes(std::string_view path) noexcept {
    return std::any_of(path.begin(), path.end(), [](char c) { return c == '%' || static_cast<unsigned char>(c) >= 0x80; });
}

// Puts U+FFFD in the place of every byte that is not part of valid UTF-8, as servers do that decode their input.
void repair_utf8(std::string& text) {
    std::size_t at = 0;
    for (;;) {
        const std::size_t bad = hem::detail::find_invalid_utf8(std::string_view(text).substr(at));
        if (bad == std::string_view::npos) return;
        text.replace(at + bad, 1, "\xef\xbf\xbd");
        at += bad + 3;
    }
}

}  // namespace

struct engine::implementation {
    explicit implementation(engine_options options) : parts(std::make_unique<engine_parts>(std::move(options))) {}

    std::unique_ptr<engine_parts> parts;
    std::shared_mutex running;  // shared by requests, taken whole by close

    static rest_response closed() { return answer(503, rest_error(503, "node_closed_exception", "the engine is closed").body()); }

    // Route and call of a request, after the checks that come before any handler.
    struct prepared {
        const route* to = nullptr;
        std::optional<rest_call> call;
    };
    prepared prepare(const rest_request& request) {
        prepared out;
        if (request.body.size() > parts->options.max_body_bytes) {
            plain_error fault{413, "", false, {}};
            throw fault;
        }
        std::vector<std::string> path;
        if (!split_path(request.path, path)) throw illegal_argument("a percent escape is cut in the path [" + request.path + "]");
        out.to = &find_route(request, path);
        if (!request.body.empty() && !accepted_content(request.content_type))
            throw plain_error{406, "Content-Type header [" + request.content_type + "] is not supported", true, {}};
        out.call.emplace(rest_call{*parts, request, {}, {}, {}});
        if (!out.to->mark.empty()) out.call->name = out.to->mark;
        bind_path(out.to->path, path, *out.call);
        if (out.call->param("error_trace") != nullptr) out.call->flag("error_trace");
        return out;
    }

    // Runs `f`, turns faults into bodies and gives the answer its last form.
    template <class F>
    rest_response guarded(const rest_request& request, F&& f) {
        rest_response out;
        try {
            out = f();
        } catch (rest_error& fault) {
            fault.locate(request.body);
            out = answer(fault.status(), fault.body());
        } catch (const plain_error& fault) {
            out = answer_text(fault.status, fault.reason.empty() ? "" : fault.text());
            out.headers = fault.headers;
        } catch (const query_shard_fault& fault) {
            out = answer(fault.cause.status(), search_phase_error(fault.cause, "").body());
        } catch (const json_type_error& fault) {
            out = answer(
                400, rest_error(400, "parse_exception", std::string("a value of the request has the wrong type: ") + fault.what()).body());
        } catch (const value_fault& fault) {
            out = answer(400, rest_error(400, fault.causes.front().first, fault.causes.front().second).body());
        } catch (const query_error& fault) {
            out = answer(400, rest_error(400, "query_shard_exception", fault.what()).body());
        } catch (const analysis_error& fault) {
            out = answer(400, illegal_argument(fault.what()).body());
        } catch (const store_error& fault) {
            out = answer(503, rest_error(503, "store_exception", fault.what()).body());
        } catch (const std::exception& fault) {
            out = answer(500, rest_error(500, "exception", fault.what()).body());
        }
        finish(request, out);
        return out;
    }

    void finish(const rest_request& request, rest_response& out) {
        // Names and parameters are echoed in errors and identifiers; whatever bytes they had, an answer is UTF-8.
        if (out.status >= 400 || has_odd_bytes(request.path)) repair_utf8(out.body);
        const auto param = [&](std::string_view key) -> const std::string* {
            for (const auto& [name, value] : request.params)
                if (name == key) return &value;
            return nullptr;
        };
        const bool text = !out.header("content-type").empty();
        if (!text && !out.body.empty()) {
            const std::string* paths = param("filter_path");
            const std::string* pretty = param("pretty");
            if (paths != nullptr && !paths->empty() && (out.body[0] == '{' || out.body[0] == '['))
                out.body = filter_paths(json::parse(out.body, {.max_depth = 1100}), *paths).dump();
            if (pretty != nullptr && *pretty != "false") out.body = json::parse(out.body, {.max_depth = 1100}).dump_pretty(2) + "\n";
            const std::string version = vendor_version(request);
            out.headers.emplace_back("content-type", version.empty() ? "application/json"
                                                                     : "application/vnd.elasticsearch+json;compatible-with=" + version);
        }
        out.headers.emplace_back("x-elastic-product", "Elasticsearch");
        if (request.method == "HEAD") out.body.clear();
    }
};

engine::engine(std::unique_ptr<implementation> parts) : parts_(std::move(parts)) {}

std::unique_ptr<engine> engine::open(engine_options options) {
    return std::unique_ptr<engine>(new engine(std::make_unique<implementation>(std::move(options))));
}

engine::~engine() { close(); }

rest_response engine::handle(const rest_request& request) {
    const std::shared_lock hold(parts_->running);
    if (!parts_->parts) return implementation::closed();
    return parts_->guarded(request, [&] {
        auto ready = parts_->prepare(request);
        return ready.to->handler(*ready.call);
    });
}

std::vector<rest_response> engine::handle_batch(std::span<const rest_request> requests) {
    const std::shared_lock hold(parts_->running);
    std::vector<rest_response> out(requests.size());
    if (!parts_->parts) {
        for (rest_response& one : out) one = implementation::closed();
        return out;
    }
    struct pending {
        std::size_t place = 0;
        implementation::prepared ready;
    };
    std::vector<pending> waiting;
    std::vector<write_op> ops;
    const auto flush = [&] {
        if (ops.empty()) return;
        parts_->parts->writes.run(ops);
        for (std::size_t i = 0; i < waiting.size(); ++i)
            out[waiting[i].place] =
                parts_->guarded(requests[waiting[i].place], [&] { return document_answer(*waiting[i].ready.call, ops[i]); });
        ops.clear();
        waiting.clear();
    };
    for (std::size_t i = 0; i < requests.size(); ++i) {
        out[i] = parts_->guarded(requests[i], [&]() -> rest_response {
            auto ready = parts_->prepare(requests[i]);
            if (!ready.to->single_write) {
                flush();
                return ready.to->handler(*ready.call);
            }
            ops.push_back(document_op(*ready.call, ready.to->kind));
            waiting.push_back({i, std::move(ready)});
            return {};  // answered after the commit; a fault in between is answered in its place
        });
    }
    flush();
    return out;
}

void engine::close() {
    const std::unique_lock hold(parts_->running);
    parts_->parts.reset();
}

std::size_t engine::open_contexts() const {
    const std::shared_lock hold(parts_->running);
    return parts_->parts ? parts_->parts->contexts.size() : 0;
}

}  // namespace hem::search::embedded
