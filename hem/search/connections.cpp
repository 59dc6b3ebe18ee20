#include "hem/search/connections.hpp"

#include "hem/search/errors.hpp"

namespace hem::search {
namespace {

// Whether a client made with `a` serves for `b`.
bool same(const client_options& a, const client_options& b) {
    return a.hosts == b.hosts && a.path_prefix == b.path_prefix && a.request_timeout == b.request_timeout &&
           a.max_retries == b.max_retries && a.retry_on_timeout == b.retry_on_timeout && a.retry_on_status == b.retry_on_status &&
           a.backoff == b.backoff && a.max_backoff == b.max_backoff && a.connections_per_node == b.connections_per_node &&
           a.keep_alive_idle == b.keep_alive_idle && a.randomize_nodes == b.randomize_nodes && a.dead_node_backoff == b.dead_node_backoff &&
           a.max_dead_node_backoff == b.max_dead_node_backoff && a.basic_auth == b.basic_auth && a.bearer_auth == b.bearer_auth &&
           a.api_key == b.api_key && a.headers == b.headers && a.opaque_id == b.opaque_id && a.flavour == b.flavour &&
           a.product_check == b.product_check && a.transports == b.transports;
}

}  // namespace

connections& connections::current() {
    thread_local connections registry;
    return registry;
}

void connections::configure(std::vector<std::pair<std::string, client_options>> aliases) {
    std::map<std::string, entry, std::less<>> next;
    for (auto& [alias, options] : aliases) {
        entry wanted{.options = std::move(options), .made = std::nullopt};
        if (const auto there = entries_.find(alias); there != entries_.end() && same(there->second.options, wanted.options)) {
            wanted.made = std::move(there->second.made);
        }
        next.insert_or_assign(std::move(alias), std::move(wanted));
    }
    entries_ = std::move(next);
}

void connections::add_connection(std::string alias, client made) {
    client_options options = made.options();
    entries_.insert_or_assign(std::move(alias), entry{.options = std::move(options), .made = std::move(made)});
}

client connections::create_connection(std::string alias, client_options options) {
    client made(options);
    add_connection(std::move(alias), made);
    return made;
}

client connections::get_connection(std::string_view alias) {
    const auto found = entries_.find(alias);
    if (found == entries_.end()) {
        std::string text = "there is no search connection '" + std::string(alias) + "'; known are";
        for (const auto& [name, unused] : entries_) text += " '" + name + "'";
        if (entries_.empty()) text += " none (connections::current().configure makes them)";
        throw unknown_connection(text);
    }
    if (!found->second.made) found->second.made.emplace(found->second.options);
    return *found->second.made;
}

void connections::remove_connection(std::string_view alias) {
    const auto found = entries_.find(alias);
    if (found == entries_.end()) throw unknown_connection("there is no search connection '" + std::string(alias) + "' to remove");
    entries_.erase(found);
}

task<> connections::close() {
    std::vector<client> open;
    for (auto& [alias, entry] : entries_) {
        if (entry.made) open.push_back(*std::exchange(entry.made, std::nullopt));
    }
    for (client& each : open) co_await each.close();
}

}  // namespace hem::search
