// What happens when a route or provider is registered: names, and every mistake that can be seen without the rest of the app.
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/model/constraints.hpp"
#include "hem/web/app.hpp"
#include "hem/web/detail/names.hpp"

namespace hem::web::detail {

namespace {

std::string_view kind_name(source_kind kind) noexcept {
    switch (kind) {
    case source_kind::path: return "path";
    case source_kind::query: return "query";
    case source_kind::header: return "header";
    case source_kind::cookie: return "cookie";
    case source_kind::body: return "body";
    case source_kind::depends: break;
    }
    return "depends";
}

std::string title_of(const pending_route& route) { return "route " + route.method + " " + route.pattern.text; }

[[noreturn]] void reject(const pending_route& route, const std::string& why) {
    throw usage_error(title_of(route) + " (" + hem::detail::to_string(route.place) + "): " + why);
}

// Members that claim the same name of the same source.
void check_names(const pending_route& route, const struct_plan& plan) {
    for (std::size_t i = 0; i < plan.members.size(); ++i) {
        const auto& a = plan.members[i];
        if (a.kind == source_kind::depends || a.kind == source_kind::body) continue;
        for (std::size_t j = i + 1; j < plan.members.size(); ++j) {
            const auto& b = plan.members[j];
            if (a.kind == b.kind && a.wire_name == b.wire_name) {
                reject(route, "members \"" + std::string(a.name) + "\" and \"" + std::string(b.name) + "\" of " + std::string(plan.name) +
                                  " both read " + std::string(kind_name(a.kind)) + " \"" + a.wire_name + "\"");
            }
        }
    }
}

void check_path_names(const pending_route& route, const struct_plan& plan) {
    const auto names = route.pattern.parameters();
    for (const auto& member : plan.members) {
        if (member.kind != source_kind::path) continue;
        bool known = false;
        std::string list;
        for (const auto& name : names) {
            known = known || name == member.wire_name;
            list += (list.empty() ? "{" : ", {") + name + "}";
        }
        if (known) continue;
        reject(route, "member \"" + std::string(member.name) + "\" of " + std::string(plan.name) +
                          " is a path parameter, but the path has " + (list.empty() ? "none" : "only " + list));
    }
}

}  // namespace

std::string_view function_name_in(std::string_view text) noexcept {
    const auto begin = text.find("Fn = ");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin + 5);
    if (!text.empty() && text.back() == ']') text.remove_suffix(1);
    if (text.starts_with('&')) text.remove_prefix(1);
    return unqualified(text);
}

void complete(member_plan& plan, void* initial) {
    plan.wire_name = plan.name;
    if (plan.kind == source_kind::header) {
        for (char& c : plan.wire_name) {
            if (c == '_') c = '-';
        }
    }
    for (const auto& each : plan.operations->constraints) {
        if (each.kind == hem::detail::constraint_kind::alias) plan.wire_name = each.text;
        if (each.kind == hem::detail::constraint_kind::secret) plan.secret = true;
        if (each.kind == hem::detail::constraint_kind::defaulted) plan.optional = true;
    }
    plan.has_default = plan.flags(initial)->has_default;
    plan.optional = plan.optional || plan.has_default;
    plan.loc = {json(kind_name(plan.kind)), json(plan.wire_name)};
    if (plan.kind == source_kind::header && (plan.wire_name == "authorization" || plan.wire_name == "cookie")) plan.secret = true;
}

void complete(struct_plan& plan) {
    std::size_t bodies = 0;
    for (const auto& member : plan.members) {
        plan.has_dependencies = plan.has_dependencies || member.kind == source_kind::depends;
        plan.has_parameters = plan.has_parameters || (member.kind != source_kind::depends && member.kind != source_kind::body);
        bodies += member.kind == source_kind::body ? 1 : 0;
    }
    plan.has_body = bodies != 0;
    for (auto& member : plan.members) {
        if (member.kind != source_kind::body) continue;
        member.embedded = member.embedded || bodies > 1;
        if (!member.embedded) member.loc = {json("body")};
    }
}

void app_core::add(pending_route route) {
    if (running) reject(route, "it is added while the app runs; register routes before");
    const auto* inputs = route.endpoint.inputs;
    if (inputs != nullptr) {
        check_names(route, *inputs);
        check_path_names(route, *inputs);
        const bool bodiless = route.method == "GET" || route.method == "HEAD" || route.method == "DELETE";
        if (inputs->has_body && bodiless && !route.options.allow_body) {
            reject(route, "a " + route.method + " request has no body by custom, but " +
                              (route.endpoint.bare_model ? std::string("the handler's model is one: take it as web::query")
                                                         : std::string(inputs->name) + " has a web::body member") +
                              ", or set .allow_body = true");
        }
    }
    auto record = std::make_unique<route_record>(route_record{std::move(route), {}, {}, {}, {}, 0});
    record->name = !record->options.name.empty()             ? record->options.name
                   : !record->endpoint.function_name.empty() ? std::string(record->endpoint.function_name)
                                                             : unnamed_route(record->pattern.openapi_path(), record->method);
    record->parameter_names = record->pattern.parameters();
    const bool unnamed = record->options.name.empty() && record->endpoint.function_name.empty();
    record->operation_id = unnamed ? record->name : operation_id(record->name, record->pattern.openapi_path(), record->method);
    for (const auto& other : routes) {
        if (record->options.include_in_schema && other->options.include_in_schema && other->operation_id == record->operation_id &&
            other->method == record->method) {
            if (other->pattern.text == record->pattern.text) break;  // the same route; reported below
            reject(*record, "its operation id \"" + record->operation_id + "\" is taken by " + title_of(*other) + " (" +
                                hem::detail::to_string(other->place) + "); give one of them a .name");
        }
    }
    if (const auto taken = trie.add(record->method, record->pattern, static_cast<std::uint32_t>(routes.size()))) {
        const auto& other = *routes[*taken];
        reject(*record, "it is registered already as " + title_of(other) + " (" + hem::detail::to_string(other.place) + ")");
    }
    routes.push_back(std::move(record));
    resolved = false;
}

void app_core::add_provider(provider_record record) {
    const auto where = hem::detail::to_string(record.place);
    for (const auto& other : providers) {
        if (other->provides.type == record.provides.type) {
            throw usage_error("provider of " + std::string(record.provides.type_name) + " (" + where + ") is registered already (" +
                              hem::detail::to_string(other->place) + "); use a tag for a second one, or override_provider in tests");
        }
    }
    if (record.inputs != nullptr && record.inputs->has_body) {
        throw usage_error("provider of " + std::string(record.provides.type_name) + " (" + where +
                          "): " + std::string(record.inputs->name) + " takes a body; only handlers do");
    }
    providers.push_back(std::make_unique<provider_record>(std::move(record)));
    if (providers.back()->scope == web::scope::app) {
        order.push_back(std::make_unique<start_step>());
        app_values.push_back({providers.back().get(), providers.back().get(), nullptr, nullptr, {}});
        order.back()->value = &app_values.back();
    }
    resolved = false;
}

const route_record* app_core::find_name(std::string_view name) const noexcept {
    for (const auto& route : routes) {
        if (route->name == name) return route.get();
    }
    return nullptr;
}

}  // namespace hem::web::detail
