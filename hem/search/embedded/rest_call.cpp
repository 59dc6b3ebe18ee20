#include "hem/search/embedded/rest_call.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "hem/core/detail/kernel.hpp"

namespace hem::search::embedded {

namespace {

std::int64_t system_now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

int reader_count(std::size_t wanted) {
    if (wanted > 0) return static_cast<int>(wanted);
    return std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
}

store_options store_options_of(const engine_options& options, const catalog& plans) {
    store_options out;
    out.path = options.path;
    out.plans = &plans;
    out.relaxed = options.durability == durability::relaxed;
    out.readers = reader_count(options.readers);
    out.posting_cache_bytes = options.posting_cache_bytes;
    return out;
}

// Of the loop's generator where there is one: a test's seed decides the ids, too.
std::uint64_t fresh_seed() {
    if (auto* loop = hem::detail::running.loop) return loop->random();
    return std::random_device()() | std::uint64_t{std::random_device()()} << 32;
}

}  // namespace

id_maker::id_maker(std::uint64_t seed) : random_(seed != 0 ? seed : fresh_seed()) {}

std::string id_maker::make(std::size_t characters) {
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::lock_guard hold(guard_);
    std::string out;
    while (out.size() < characters) {
        std::uint64_t bits = random_();
        for (int i = 0; i < 10 && out.size() < characters; ++i, bits >>= 6) out += letters[bits & 63];
    }
    // Not a sign first: such ids are awkward on a command line.
    if (out[0] == '-' || out[0] == '_') out[0] = 'h';
    return out;
}

engine_parts::engine_parts(engine_options given)
    : options(std::move(given)), now_ms(options.now_ms != nullptr ? options.now_ms : system_now_ms), ids(options.random_seed),
      data(store_options_of(options, indices)),
      writes({data, indices, now_ms, [this] { return ids.make(20); }, [this] { return ids.make(22); }, [this] { idle.wake(); }},
             options.max_queued_write_bytes),
      idle(data, writes) {
    indices.attach(data);
    started_ms = now_ms();
    if (const auto saved = data.meta("cluster_uuid"))
        cluster_uuid = *saved;
    else {
        cluster_uuid = ids.make(22);
        data.set_meta("cluster_uuid", cluster_uuid);
    }
    idle.wake();  // what a crash left
}

const std::string* rest_call::param(std::string_view key) const {
    for (const auto& [name, value] : request.params)
        if (name == key) return &value;
    return nullptr;
}

std::string rest_call::param_or(std::string_view key, std::string_view fallback) const {
    const std::string* found = param(key);
    return found != nullptr ? *found : std::string(fallback);
}

bool rest_call::flag(std::string_view key, bool fallback) const {
    const std::string* found = param(key);
    if (found == nullptr) return fallback;
    if (found->empty() || *found == "true") return true;
    if (*found == "false") return false;
    throw illegal_argument("Failed to parse value [" + *found + "] as only [true] or [false] are allowed.");
}

std::optional<std::int64_t> rest_call::whole(std::string_view key) const {
    const std::string* found = param(key);
    if (found == nullptr) return std::nullopt;
    std::int64_t out = 0;
    const char* last = found->data() + found->size();
    const auto [end, code] = std::from_chars(found->data(), last, out);
    if (code != std::errc() || end != last || found->empty())
        throw illegal_argument("Failed to parse int parameter [" + std::string(key) + "] with value [" + *found + "]")
            .caused_by("number_format_exception", "For input string: \"" + *found + "\"");
    return out;
}

void rest_call::allow(std::initializer_list<std::string_view> known) const {
    static constexpr std::string_view common[] = {"pretty", "human",  "filter_path",        "error_trace",
                                                  "format", "source", "source_content_type"};
    std::vector<std::string> wrong;
    for (const auto& [name, value] : request.params) {
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        if (std::find(std::begin(common), std::end(common), name) != std::end(common)) continue;
        wrong.push_back("[" + name + "]");
    }
    if (wrong.empty()) return;
    std::sort(wrong.begin(), wrong.end());
    wrong.erase(std::unique(wrong.begin(), wrong.end()), wrong.end());
    std::string list;
    for (const std::string& one : wrong) list += (list.empty() ? "" : ", ") + one;
    throw illegal_argument("request [" + request.path + "] contains unrecognized parameter" + (wrong.size() > 1 ? "s" : "") + ": " + list);
}

bool rest_call::has_body() const { return !request.body.empty() || param("source") != nullptr; }

json rest_call::body() const {
    const std::string* source = param("source");
    const std::string_view text = request.body.empty() && source != nullptr ? std::string_view(*source) : std::string_view(request.body);
    if (text.empty()) return {};
    try {
        return json::parse(text, {.max_depth = 1000, .duplicates = duplicate_keys::refuse});
    } catch (const json_parse_error& fault) {
        throw rest_error(400, fault.position() >= text.size() ? "json_e_o_f_exception" : "json_parse_exception", fault.what());
    }
}

json rest_call::required_body() const {
    if (!has_body()) throw rest_error(400, "parse_exception", "request body is required");
    return body();
}

target_options rest_call::targets() const {
    target_options out;
    out.ignore_unavailable = flag("ignore_unavailable");
    out.allow_no_indices = flag("allow_no_indices", true);
    const std::string wildcards = param_or("expand_wildcards", "open");
    out.closed_too = wildcards.find("all") != std::string::npos || wildcards.find("closed") != std::string::npos;
    return out;
}

rest_response answer(int status, const json& body) { return answer_text(status, body.dump()); }

rest_response answer_text(int status, std::string body) {
    rest_response out;
    out.status = status;
    out.body = std::move(body);
    return out;
}

rest_response acknowledged() { return answer_text(200, R"({"acknowledged":true})"); }

}  // namespace hem::search::embedded
