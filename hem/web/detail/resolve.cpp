// Start-up: flattens the dependency graph of every route into one array in running order, and orders what lives as long as the app.
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/web/app.hpp"

#include <algorithm>

namespace hem::web::detail {

namespace {

std::string_view scope_name(web::scope scope) noexcept {
    switch (scope) {
    case web::scope::app: return "app";
    case web::scope::request: return "request";
    case web::scope::function: break;
    }
    return "function";
}

std::size_t aligned(std::size_t offset, std::size_t alignment) noexcept { return (offset + alignment - 1) / alignment * alignment; }

// Where the search stands: for messages, and to see a cycle.
struct trail {
    const trail* outer = nullptr;
    const provider_record* provider = nullptr;
};

class resolver {
public:
    explicit resolver(app_core& core) : core_(core) {}

    void resolve_app_values() {
        core_.steps.clear();
        placed_.clear();
        std::erase_if(core_.app_values, [](const app_value& value) { return value.registered == nullptr; });
        for (auto& value : core_.app_values) value.provider = replaced(value.registered);
        for (const auto& step : core_.order) {
            if (step->lifespan != nullptr) {
                core_.steps.push_back({step->lifespan, nullptr});
            } else if (step->value->provider->scope == web::scope::app) {
                place(*step->value, nullptr);
            }
        }
    }

    void resolve_route(route_record& route) {
        route_ = &route;
        auto& plan = route.plan;
        plan = {};
        cached_.clear();
        for (const auto& dependency : route.options.dependencies) bind(dependency, {}, nullptr, nullptr);
        const auto* inputs = route.endpoint.inputs;
        if (inputs != nullptr) plan.bindings = bind_members(*inputs, nullptr, inputs->name);
        check_path_is_read();
        guards_first();
        lay_out();
        plan.request_scope = std::any_of(plan.nodes.begin(), plan.nodes.end(),
                                         [](const plan_node& node) { return node.provider->scope == web::scope::request; });
        const bool may_stream = route.endpoint.answers == answer_kind::stream || route.endpoint.answers == answer_kind::other;
        plan.may_outlive = plan.request_scope || (may_stream && !plan.nodes.empty());
        plan.direct = route.options.middleware.empty() && plan.nodes.empty() && !(inputs != nullptr && inputs->has_body) &&
                      plan.bindings.empty() && route.options.max_concurrency == 0 && !route.options.timeout &&
                      !route.endpoint.wants_background;
    }

private:
    std::string where() const {
        return route_ != nullptr
                   ? "route " + route_->method + " " + route_->pattern.text + " (" + hem::detail::to_string(route_->place) + ")"
                   : std::string("start-up");
    }

    const provider_record* replaced(const provider_record* provider) const {
        for (auto it = core_.overrides.rbegin(); it != core_.overrides.rend(); ++it) {
            if ((*it)->provides.type == provider->provides.type) return it->get();
        }
        return provider;
    }

    const provider_record* find(const dependency& wanted) const {
        for (auto it = core_.overrides.rbegin(); it != core_.overrides.rend(); ++it) {
            if ((*it)->provides.type == wanted.type) return it->get();
        }
        for (const auto& provider : core_.providers) {
            if (provider->provides.type == wanted.type) return provider.get();
        }
        return wanted.own != nullptr ? wanted.own() : nullptr;
    }

    const provider_record& need(const dependency& wanted, std::string_view member, std::string_view owner) const {
        if (const auto* found = find(wanted)) return *found;
        throw usage_error(
            where() + ": " +
            (owner.empty() ? std::string("its .dependencies") : "member \"" + std::string(member) + "\" of " + std::string(owner)) +
            " needs a provider of " + std::string(wanted.type_name) + "; register one with app.provide<" + std::string(wanted.type_name) +
            ">(…)");
    }

    void check_cycle(const provider_record& provider, const trail* path) const {
        for (const auto* at = path; at != nullptr; at = at->outer) {
            if (at->provider != &provider) continue;
            std::string chain(provider.provides.type_name);
            std::vector<std::string_view> names;
            for (const auto* step = path; step != at->outer; step = step->outer) names.push_back(step->provider->provides.type_name);
            for (auto it = names.rbegin() + 1; it != names.rend(); ++it) chain += " needs " + std::string(*it);
            throw usage_error(where() + ": dependency cycle: " + chain + " needs " + std::string(provider.provides.type_name));
        }
    }

    static void check_scope(const provider_record& outer, const provider_record& inner) {
        if (inner.scope > outer.scope) {  // from the widest to the narrowest
            throw usage_error("provider of " + std::string(outer.provides.type_name) + " (" + hem::detail::to_string(outer.place) +
                              ") has " + std::string(scope_name(outer.scope)) + " scope, but needs " +
                              std::string(inner.provides.type_name) + ", which ends earlier (" + std::string(scope_name(inner.scope)) +
                              " scope)");
        }
    }

    // An override may have app scope where the provider had not: its value comes last.
    app_value& app_value_of(const provider_record& provider) {
        for (auto& value : core_.app_values) {
            if (value.provider == &provider) return value;
        }
        auto& value = core_.app_values.emplace_back(app_value{nullptr, &provider, nullptr, nullptr, {}});
        place(value, nullptr);
        return value;
    }

    // App-scope values in order: what a value needs comes before it.
    void place(app_value& value, const trail* path) {
        check_cycle(*value.provider, path);
        if (std::find(placed_.begin(), placed_.end(), &value) != placed_.end()) return;
        const auto& provider = *value.provider;
        const trail here{path, &provider};
        value.bindings.clear();
        if (provider.takes_request || (provider.inputs != nullptr && provider.inputs->has_parameters)) {
            throw usage_error("provider of " + std::string(provider.provides.type_name) + " (" + hem::detail::to_string(provider.place) +
                              ") has app scope, so there is no request to read from");
        }
        if (provider.inputs != nullptr) {
            for (const auto& member : provider.inputs->members) {
                const auto& inner = need(member.dependency, member.name, provider.inputs->name);
                check_scope(provider, inner);
                auto& found = app_value_of(inner);
                place(found, &here);
                value.bindings.push_back({&member, 0, &found.value});
            }
        }
        placed_.push_back(&value);
        core_.steps.push_back({nullptr, &value});
    }

    std::vector<binding> bind_members(const struct_plan& inputs, const trail* path, std::string_view owner) {
        std::vector<binding> bindings;
        for (const auto& member : inputs.members) {
            if (member.kind == source_kind::depends) bindings.push_back(bind(member.dependency, owner, &member, path));
        }
        return bindings;
    }

    binding bind(const dependency& wanted, std::string_view owner, const member_plan* member, const trail* path) {
        const auto& provider = need(wanted, member != nullptr ? member->name : std::string_view(), owner);
        if (path != nullptr) check_scope(*path->provider, provider);
        if (provider.scope == web::scope::app) {
            return {member, 0, &app_value_of(provider).value};
        }
        check_cycle(provider, path);
        if (!provider.streams && route_->endpoint.answers == answer_kind::stream) {
            throw usage_error(where() + ": it streams its answer, but the provider of " + std::string(provider.provides.type_name) + " (" +
                              hem::detail::to_string(provider.place) + ") refuses streams");
        }
        if (wanted.cached) {
            for (const auto& [known, node] : cached_) {
                if (known == &provider) return {member, node, nullptr};
            }
        }
        const trail here{path, &provider};
        plan_node node;
        node.provider = &provider;
        node.guard = provider.guard;
        if (provider.inputs != nullptr) {
            for (const auto& each : provider.inputs->members) {
                if (each.kind == source_kind::path) check_path_name(each, *provider.inputs);
            }
            node.bindings = bind_members(*provider.inputs, &here, provider.inputs->name);
        }
        const auto index = static_cast<std::uint32_t>(route_->plan.nodes.size());
        route_->plan.nodes.push_back(std::move(node));
        if (wanted.cached) cached_.emplace_back(&provider, index);
        return {member, index, nullptr};
    }

    void check_path_name(const member_plan& member, const struct_plan& inputs) const {
        for (const auto& name : route_->pattern.parameters()) {
            if (name == member.wire_name) return;
        }
        throw usage_error(where() + ": member \"" + std::string(member.name) + "\" of " + std::string(inputs.name) + " reads {" +
                          member.wire_name + "}, which the path does not have");
    }

    // Every parameter of the path is read by the handler or a provider, unless one of them takes the request itself.
    void check_path_is_read() const {
        if (route_->endpoint.wants_request) return;
        for (const auto& node : route_->plan.nodes) {
            if (node.provider->takes_request) return;
        }
        const auto reads = [](const struct_plan* inputs, const std::string& name) {
            return inputs != nullptr && std::any_of(inputs->members.begin(), inputs->members.end(), [&](const member_plan& member) {
                       return member.kind == source_kind::path && member.wire_name == name;
                   });
        };
        for (const auto& name : route_->pattern.parameters()) {
            bool used = reads(route_->endpoint.inputs, name);
            for (const auto& node : route_->plan.nodes) used = used || reads(node.provider->inputs, name);
            if (!used)
                throw usage_error(where() + ": nobody reads {" + name + "}; add a member web::path<…> " + name +
                                  " to the handler's request struct");
        }
    }

    // Guards, and what they need, run before the body is read; otherwise the order stays.
    void guards_first() {
        auto& nodes = route_->plan.nodes;
        for (std::size_t i = nodes.size(); i-- > 0;) {  // a node's needs stand before it
            if (!nodes[i].guard) continue;
            for (const auto& each : nodes[i].bindings) {
                if (each.fixed == nullptr) nodes[each.node].guard = true;
            }
        }
        std::vector<std::uint32_t> place(nodes.size());
        std::vector<plan_node> sorted;
        for (const bool guards : {true, false}) {
            for (std::size_t i = 0; i < nodes.size(); ++i) {
                if (nodes[i].guard != guards) continue;
                place[i] = static_cast<std::uint32_t>(sorted.size());
                sorted.push_back(nodes[i]);
            }
            if (guards) route_->plan.guards = sorted.size();
        }
        const auto move_all = [&](std::vector<binding>& bindings) {
            for (auto& each : bindings) {
                if (each.fixed == nullptr) each.node = place[each.node];
            }
        };
        for (auto& node : sorted) move_all(node.bindings);
        move_all(route_->plan.bindings);
        nodes = std::move(sorted);
    }

    void lay_out() {
        auto& plan = route_->plan;
        std::size_t offset = plan.nodes.size() * (sizeof(void*) + 1);  // values by node, then one byte of state each
        const auto take = [&](std::size_t size, std::size_t alignment) {
            offset = aligned(offset, alignment);
            return std::exchange(offset, offset + size);
        };
        for (auto& node : plan.nodes) {
            if (node.provider->inputs != nullptr) node.inputs_at = take(node.provider->inputs->size, node.provider->inputs->alignment);
            node.value_at = take(node.provider->size, node.provider->alignment);
        }
        if (route_->endpoint.inputs != nullptr) plan.inputs_at = take(route_->endpoint.inputs->size, route_->endpoint.inputs->alignment);
        plan.arena_bytes = offset;
    }

    app_core& core_;
    route_record* route_ = nullptr;
    std::vector<std::pair<const provider_record*, std::uint32_t>> cached_;
    std::vector<const app_value*> placed_;
};

}  // namespace

void app_core::resolve() {
    if (resolved) return;
    resolver work(*this);
    work.resolve_app_values();
    for (const auto& route : routes) work.resolve_route(*route);
    trie.freeze();
    resolved = true;
}

}  // namespace hem::web::detail
