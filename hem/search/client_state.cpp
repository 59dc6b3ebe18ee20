#include "hem/search/detail/client_state.hpp"

#include "hem/core/cancel_scope.hpp"
#include "hem/core/loop.hpp"
#include "hem/core/report.hpp"
#include "hem/search/detail/worth_repeating.hpp"

#include <algorithm>

namespace hem::search {
namespace {

constexpr duration longest_retry_after = std::chrono::seconds(60);

bool contains(const std::vector<int>& list, int status) { return std::find(list.begin(), list.end(), status) != list.end(); }

std::string base64(std::string_view text) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t block = 0;
        for (std::size_t j = 0; j < 3; ++j) block = block << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0);
        for (std::size_t j = 0; j < 4; ++j) out += i + j > text.size() ? '=' : digits[(block >> (18 - 6 * j)) & 63];
    }
    return out;
}

response_meta make_meta(transport_response& answer, std::string node, time_point began) {
    response_meta meta;
    meta.status = answer.status;
    meta.headers = std::move(answer.headers);
    meta.node = std::move(node);
    meta.duration = clock::now() - began;
    meta.http_version = std::move(answer.http_version);
    for (const auto& [name, value] : meta.headers) {
        if (name != "warning") continue;
        // `299 Elasticsearch-9.1 "text"`: the text is what a reader wants.
        const std::size_t first = value.find('"'), last = value.rfind('"');
        meta.warnings.push_back(first < last ? value.substr(first + 1, last - first - 1) : value);
    }
    return meta;
}

}  // namespace

namespace detail {

bool may_repeat(const transport_request& request, repeat rule) {
    if (rule != repeat::by_rule) return rule == repeat::safe;
    const std::string_view method = request.method, path = request.path;
    if (method == "GET" || method == "HEAD") return true;
    for (const auto& [name, value] : request.params) {
        if (name == "if_seq_no" || name == "if_primary_term" || name == "version" || (name == "op_type" && value == "create")) return false;
    }
    if (method == "PUT" || method == "DELETE") return path.find("/_doc/") != std::string_view::npos;
    for (const std::string_view end : {"/_search", "/_count", "/_msearch", "/_mget", "/_pit", "/_search/point_in_time", "/_validate/query",
                                       "/_field_caps", "/_analyze"}) {
        if (path.ends_with(end)) return true;
    }
    return false;
}

cluster_link::cluster_link(const client_options& options)
    : nodes(options.transports.empty() ? make_transports(options) : options.transports, options.dead_node_backoff,
            options.max_dead_node_backoff, options.randomize_nodes),
      flavour(options.flavour) {
    if (!flavour && !nodes.nodes().empty()) flavour = nodes.nodes().front().transport->known_flavour();
}

}  // namespace detail

task<client_state::attempt_outcome> client_state::attempt(transport& node, const transport_request& request, duration limit) {
    attempt_outcome outcome;
    try {
        outcome.response = co_await move_on_after(limit, node.perform(request));
        if (!outcome.response) {
            outcome.timed_out = outcome.sent = true;
            outcome.error = std::make_exception_ptr(
                connection_timeout("no answer from " + node.name() + " to " + request.method + " " + request.path + " within " +
                                       std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) +
                                       " ms (request_timeout is the limit)",
                                   true));
        }
    } catch (const connection_timeout& fault) {
        outcome.timed_out = true;
        outcome.sent = fault.sent();
        outcome.error = std::current_exception();
    } catch (const connection_error& fault) {
        outcome.sent = fault.sent();
        outcome.error = std::current_exception();
    }
    co_return outcome;
}

client_state::client_state(client_options given, std::shared_ptr<detail::cluster_link> shared)
    : options(std::move(given)), link(std::move(shared)),
      policy_({.name = "search",
               .stop = stop_after_attempt(std::max(options.max_retries, 0) + 1),
               .wait = wait_exponential({.multiplier = options.backoff, .max = options.max_backoff}),
               .retry_after_spread = 0,
               .max_retry_after = longest_retry_after}) {}

task<transport_response> client_state::send(const transport_request& request, repeat rule, bool retry_on_status, duration limit,
                                            std::string& node_name) {
    const bool safe = detail::may_repeat(request, rule);
    std::optional<transport_response> answer;
    std::exception_ptr fault;
    const auto try_once = [&]() -> task<> {
        node_pool::node& node = link->nodes.pick(clock::now(), loop::current().random());
        // The client may be closed and destroyed while we wait.
        const std::shared_ptr<transport> keep = node.transport;
        attempt_outcome outcome = co_await attempt(*keep, request, limit);
        node_name = keep->name();
        if (!outcome.response) {
            link->nodes.failed(node, clock::now());
            fault = outcome.error;
            if (outcome.timed_out ? safe && options.retry_on_timeout : !outcome.sent || safe) {
                throw detail::worth_repeating(hem::detail::describe(fault), std::nullopt);
            }
            co_return;
        }
        const int status = outcome.response->status;
        if (status == 502 || status == 503 || status == 504) {
            link->nodes.failed(node, clock::now());
        } else {
            link->nodes.succeeded(node);
        }
        answer = std::move(outcome.response);
        fault = nullptr;
        if (retry_on_status && contains(options.retry_on_status, status) && rule != repeat::never &&
            (status == 429 || status == 503 || safe)) {
            throw detail::worth_repeating(node_name + " answered " + std::to_string(status) + " to " + request.method + " " + request.path,
                                          detail::retry_after_of({.status = status, .headers = answer->headers}));
        }
    };
    try {
        co_await retry(policy_, try_once);
    } catch (
        const detail::worth_repeating&) {  // NOLINT(bugprone-empty-catch): the retries are used up, and what follows tells how it ended
    }
    // An answer, be it of an earlier attempt, says more than a transport error.
    if (answer) co_return *std::move(answer);
    std::rethrow_exception(fault);
}

void client_state::add_headers(transport_request& request) const {
    const bool vendor = link->flavour && link->flavour->product == product::elasticsearch && link->flavour->major >= 8;
    const std::string suffix = vendor ? "; compatible-with=" + std::to_string(link->flavour->major) : std::string();
    const std::string json_type = vendor ? "application/vnd.elasticsearch+json" + suffix : "application/json";
    const bool lines = request.content_type == "ndjson";
    if (request.body.empty()) {
        request.content_type.clear();
    } else if (lines) {
        request.content_type = vendor ? "application/vnd.elasticsearch+x-ndjson" + suffix : "application/x-ndjson";
    } else {
        request.content_type = json_type;
    }
    request.accept = json_type;
    request.headers = options.headers;
    if (options.basic_auth) {
        request.headers.emplace_back("authorization", "Basic " + base64(options.basic_auth->first + ":" + options.basic_auth->second));
    } else if (!options.bearer_auth.empty()) {
        request.headers.emplace_back("authorization", "Bearer " + options.bearer_auth);
    } else if (!options.api_key.empty()) {
        request.headers.emplace_back("authorization", "ApiKey " + options.api_key);
    }
    if (!options.opaque_id.empty()) request.headers.emplace_back("x-opaque-id", options.opaque_id);
}

task<server_flavour> client_state::detect() {
    transport_request request;
    add_headers(request);
    std::string node;
    const time_point began = clock::now();
    transport_response answer = co_await send(request, repeat::safe, true, options.request_timeout, node);
    server_flavour found;
    if (answer.status == 401 || answer.status == 403) co_return found;  // not allowed to ask: Elasticsearch 8 paths, plain JSON
    response_meta meta = make_meta(answer, node, began);
    if (meta.status >= 400) detail::throw_api_error(std::move(meta), std::move(answer.body));
    if (options.product_check && meta.header("x-elastic-product") != "Elasticsearch") {
        throw unsupported_product("the server at " + node +
                                  " does not say that it is Elasticsearch (switch product_check off for OpenSearch)");
    }
    json body;
    try {
        body = json::parse(answer.body);
    } catch (const json_parse_error& fault) {
        throw serialization_error("the answer of " + node + " to GET / is not JSON: " + fault.what() + " (is this a search server?)",
                                  std::move(meta));
    }
    const json& version = body["version"];
    const auto text = [&](const char* name) { return version[name].is_string() ? version[name].as_string() : std::string(); };
    found.product = text("distribution") == "opensearch" ? product::opensearch : product::elasticsearch;
    found.version = text("number");
    found.embedded = text("build_flavor") == "hem";
    if (!found.version.empty()) {
        found.major = std::atoi(found.version.c_str());
        const std::size_t dot = found.version.find('.');
        found.minor = dot == std::string::npos ? 0 : std::atoi(found.version.c_str() + dot + 1);
    }
    co_return found;
}

task<server_flavour> client_state::flavour() {
    if (!link->flavour) {
        const auto guard = co_await link->flavour_lock.acquire();
        if (!link->flavour) link->flavour = co_await detect();
    }
    co_return *link->flavour;
}

task<api_response> client_state::perform(std::string method, std::string path, string_pairs params, std::string body,
                                         perform_options call) {
    if (link->closed) throw closed_resource("this search client was closed; " + method + " " + path + " was not sent");
    const std::shared_ptr<detail::cluster_link> keep = link;
    const bool asks_itself = path == "/" && (method == "GET" || method == "HEAD");
    if (!link->flavour && !asks_itself) (void)co_await flavour();
    transport_request request;
    request.method = std::move(method);
    request.path = options.path_prefix + path;
    request.params = std::move(params);
    std::sort(request.params.begin(), request.params.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    request.body = std::move(body);
    if (call.ndjson) request.content_type = "ndjson";
    add_headers(request);

    const time_point began = clock::now();
    std::string node;
    transport_response answer =
        co_await send(request, call.repeat, call.retry_on_status, call.request_timeout.value_or(options.request_timeout), node);
    api_response response;
    response.meta = make_meta(answer, std::move(node), began);
    response.body = std::move(answer.body);
    const int status = response.meta.status;
    const bool normal = status < 400 || (status == 404 && request.method == "HEAD") || contains(call.ignore_status, status);
    if (call.raise && !normal) detail::throw_api_error(std::move(response.meta), std::move(response.body));
    co_return response;
}

task<json> client_state::perform_json(std::string method, std::string path, string_pairs params, std::string body) {
    const api_response answer = co_await perform(std::move(method), std::move(path), std::move(params), std::move(body), {});
    co_return answer.parse();
}

}  // namespace hem::search
