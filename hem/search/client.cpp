#include "hem/search/client.hpp"

#include "hem/search/detail/client_state.hpp"
#include "hem/search/embedded_transport.hpp"
#include "hem/search/http_transport.hpp"

#include <algorithm>
#include <stdexcept>

namespace hem::search {
namespace {

constexpr std::string_view embedded_scheme = "embedded:";

std::string normal_host(std::string_view host) {
    if (host.starts_with(embedded_scheme) || host.find("://") != std::string_view::npos) return std::string(host);
    return "http://" + std::string(host);
}

}  // namespace

json api_response::parse() const {
    if (body.empty()) return {};
    try {
        return json::parse(body, {.max_depth = 1000});
    } catch (const json_parse_error& fault) {
        throw serialization_error("the answer of " + meta.node + " is not JSON: " + fault.what(), meta);
    }
}

namespace detail {

void check_options(const client_options& options) {
    const int credentials = (options.basic_auth ? 1 : 0) + (options.bearer_auth.empty() ? 0 : 1) + (options.api_key.empty() ? 0 : 1);
    if (credentials > 1) throw std::invalid_argument("a search client takes one of basic_auth, bearer_auth and api_key, not several");
    if (options.hosts.empty() == options.transports.empty()) {
        throw std::invalid_argument("a search client needs hosts, such as http://127.0.0.1:9200 or embedded::memory:");
    }
    std::vector<std::string> seen;
    for (const std::string& host : options.hosts) {
        std::string normal = normal_host(host);
        if (normal == embedded_scheme) throw std::invalid_argument("embedded: needs a file or :memory:, as in embedded:/var/lib/blog.db");
        if (normal.starts_with("https://")) {
            throw std::invalid_argument("cannot use " + normal + ": Hem has no TLS yet; use http:// or a local proxy that speaks TLS");
        }
        if (!normal.starts_with("http://") && !normal.starts_with(embedded_scheme)) {
            throw std::invalid_argument("cannot use " + normal + ": a search host is http://host:port or embedded:file");
        }
        if (std::find(seen.begin(), seen.end(), normal) != seen.end())
            throw std::invalid_argument("the search host " + normal + " is given twice");
        if (normal.starts_with(embedded_scheme) && options.hosts.size() > 1) {
            throw std::invalid_argument("an embedded store is one node; it cannot stand beside other hosts");
        }
        seen.push_back(std::move(normal));
    }
}

std::vector<std::shared_ptr<transport>> make_transports(const client_options& options) {
    std::vector<std::shared_ptr<transport>> made;
    for (const std::string& host : options.hosts) {
        const std::string normal = normal_host(host);
        if (normal.starts_with(embedded_scheme)) {
            made.push_back(std::make_shared<embedded_transport>(normal.substr(embedded_scheme.size())));
        } else {
            made.push_back(std::make_shared<http_transport>(http_transport_options{
                .url = normal, .connections = options.connections_per_node, .keep_alive_idle = options.keep_alive_idle}));
        }
    }
    return made;
}

}  // namespace detail

client_options client_options::from_json(const json& value) {
    client_options options;
    const auto seconds = [](const json& number) { return duration(static_cast<std::int64_t>(number.as_double() * 1e9)); };
    for (const auto& [name, part] : value.items()) {
        if (name == "hosts" || name == "host") {
            if (part.is_string()) {
                options.hosts.push_back(part.as_string());
            } else {
                for (const json& host : part.elements()) options.hosts.push_back(host.as_string());
            }
        } else if (name == "path_prefix") {
            options.path_prefix = part.as_string();
        } else if (name == "request_timeout" || name == "timeout") {
            options.request_timeout = seconds(part);
        } else if (name == "max_retries") {
            options.max_retries = static_cast<int>(part.as_int64());
        } else if (name == "retry_on_timeout") {
            options.retry_on_timeout = part.as_bool();
        } else if (name == "retry_on_status") {
            options.retry_on_status.clear();
            for (const json& status : part.elements()) options.retry_on_status.push_back(static_cast<int>(status.as_int64()));
        } else if (name == "backoff") {
            options.backoff = seconds(part);
        } else if (name == "connections_per_node" || name == "maxsize") {
            options.connections_per_node = static_cast<std::size_t>(part.as_int64());
        } else if (name == "keep_alive_idle") {
            options.keep_alive_idle = seconds(part);
        } else if (name == "randomize_nodes" || name == "randomize_nodes_in_pool") {
            options.randomize_nodes = part.as_bool();
        } else if (name == "dead_node_backoff") {
            options.dead_node_backoff = seconds(part);
        } else if (name == "max_dead_node_backoff") {
            options.max_dead_node_backoff = seconds(part);
        } else if (name == "basic_auth" || name == "http_auth") {
            if (part.size() != 2) throw std::invalid_argument("search client option " + name + " is a list of user and password");
            options.basic_auth.emplace(part[0].as_string(), part[1].as_string());
        } else if (name == "bearer_auth") {
            options.bearer_auth = part.as_string();
        } else if (name == "api_key") {
            options.api_key = part.as_string();
        } else if (name == "opaque_id") {
            options.opaque_id = part.as_string();
        } else if (name == "headers") {
            for (const auto& [key, text] : part.items()) options.headers.emplace_back(key, text.as_string());
        } else if (name == "product_check") {
            options.product_check = part.as_bool();
        } else {
            throw std::invalid_argument(
                "search clients have no option '" + name +
                "'; they have hosts, path_prefix, request_timeout, max_retries, retry_on_timeout, retry_on_status, backoff, "
                "connections_per_node, keep_alive_idle, randomize_nodes, dead_node_backoff, max_dead_node_backoff, basic_auth, "
                "bearer_auth, api_key, opaque_id, headers, product_check");
        }
    }
    return options;
}

client::client(client_options options) {
    detail::check_options(options);
    auto link = std::make_shared<detail::cluster_link>(options);
    state_ = std::make_shared<client_state>(std::move(options), std::move(link));
}
client::client(std::shared_ptr<client_state> state) noexcept : state_(std::move(state)) {}
client::~client() = default;
client::client(const client&) noexcept = default;
client::client(client&&) noexcept = default;
client& client::operator=(const client&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

task<api_response> client::perform(std::string method, std::string path, string_pairs params, std::string body, perform_options options) {
    const std::shared_ptr<client_state> state = state_;
    co_return co_await state->perform(std::move(method), std::move(path), std::move(params), std::move(body), std::move(options));
}

task<bool> client::ping() {
    const std::shared_ptr<client_state> state = state_;
    try {
        const api_response answer = co_await state->perform("HEAD", "/", {}, {}, {.raise = false});
        co_return answer.status() >= 200 && answer.status() < 300;
    } catch (const error&) {
        co_return false;
    }
}

task<server_info> client::info() {
    const std::shared_ptr<client_state> state = state_;
    server_info info;
    info.body = co_await state->perform_json("GET", "/");
    info.flavour = co_await state->flavour();
    const auto text = [&](const char* name) { return info.body[name].is_string() ? info.body[name].as_string() : std::string(); };
    info.name = text("name");
    info.cluster_name = text("cluster_name");
    info.cluster_uuid = text("cluster_uuid");
    co_return info;
}

task<server_flavour> client::flavour() {
    const std::shared_ptr<client_state> state = state_;
    co_return co_await state->flavour();
}

client client::with(client_options changed) const {
    if (changed.hosts.empty() && changed.transports.empty()) {
        changed.hosts = state_->options.hosts;
        changed.transports = state_->options.transports;
    }
    if (changed.hosts != state_->options.hosts || changed.transports != state_->options.transports) {
        throw std::invalid_argument("client.with() shares its nodes and cannot change hosts; connect to them instead");
    }
    detail::check_options(changed);
    return client(std::make_shared<client_state>(std::move(changed), state_->link));
}

task<> client::close() {
    const std::shared_ptr<detail::cluster_link> link = state_->link;
    if (link->closed) co_return;
    link->closed = true;
    for (node_pool::node& node : link->nodes.nodes()) co_await node.transport->close();
}

std::size_t client::open_contexts() const noexcept { return state_->link->open_contexts; }
const client_options& client::options() const noexcept { return state_->options; }

task<client> connect(std::string url) {
    client_options options;
    options.hosts.push_back(std::move(url));
    co_return co_await connect(std::move(options));
}

task<client> connect(client_options options) {
    client made(std::move(options));
    for (node_pool::node& node : made.state().link->nodes.nodes()) {
        if (auto* embedded = dynamic_cast<embedded_transport*>(node.transport.get())) co_await embedded->open();
    }
    co_return made;
}

}  // namespace hem::search
