#include "hem/web/detail/openapi.hpp"

#include "hem/http/status.hpp"
#include "hem/model/schema.hpp"
#include "hem/web/app.hpp"
#include "hem/web/detail/names.hpp"

#include <algorithm>

namespace hem::web::detail {

namespace {

json media(std::string_view type, json schema) {
    return json::object({{std::string(type), json::object({{"schema", std::move(schema)}})}});
}

json validation_error_schema(schema_builder& schemas) {
    const auto text = [](const char* title) { return json::object({{"title", title}, {"type", "string"}}); };
    json any_of = json::array({json::object({{"type", "string"}}), json::object({{"type", "integer"}})});
    json properties = json::object({
        {"loc", json::object({{"title", "Location"}, {"type", "array"}, {"items", json::object({{"anyOf", std::move(any_of)}})}})},
        {"msg", text("Message")},
        {"type", text("Error Type")},
        {"input", json::object({{"title", "Input"}})},
        {"ctx", json::object({{"title", "Context"}, {"type", "object"}})},
    });
    const auto entry = schemas.add_component("ValidationError", json::object({{"title", "ValidationError"},
                                                                              {"type", "object"},
                                                                              {"required", json::array({"loc", "msg", "type"})},
                                                                              {"properties", std::move(properties)}}));
    json detail = json::object({{"title", "Detail"}, {"type", "array"}, {"items", entry}});
    return schemas.add_component("HTTPValidationError", json::object({{"title", "HTTPValidationError"},
                                                                      {"type", "object"},
                                                                      {"properties", json::object({{"detail", std::move(detail)}})}}));
}

class document_builder {
public:
    explicit document_builder(const app_core& core) : core_(core) {}

    json build() {
        json paths = json::object();
        for (const auto& route : core_.routes) {
            if (!route->options.include_in_schema) continue;
            const auto path = route->pattern.openapi_path();
            if (!paths.contains(path)) paths.set(path, json::object());
            std::string method = route->method;
            std::transform(method.begin(), method.end(), method.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
            paths[path].set(method, operation(*route));
        }
        json info = json::object({{"title", core_.options.title}, {"version", core_.options.version}});
        if (!core_.options.description.empty()) info.set("description", core_.options.description);
        json document = json::object({{"openapi", "3.1.0"}, {"info", std::move(info)}});
        if (!core_.options.servers.empty()) {
            json servers = json::array();
            for (const auto& url : core_.options.servers) servers.push_back(json::object({{"url", url}}));
            document.set("servers", std::move(servers));
        }
        document.set("paths", std::move(paths));
        json components = schemas_.components();
        if (!components.empty()) document.set("components", json::object({{"schemas", std::move(components)}}));
        if (!core_.options.tags.empty()) {
            json tags = json::array();
            for (const auto& tag : core_.options.tags) {
                json entry = json::object({{"name", tag.name}});
                if (!tag.description.empty()) entry.set("description", tag.description);
                tags.push_back(std::move(entry));
            }
            document.set("tags", std::move(tags));
        }
        schemas_.resolve(document);
        return document;
    }

private:
    json operation(const route_record& route) {
        json made = json::object();
        if (!route.options.tags.empty()) {
            json tags = json::array();
            for (const auto& tag : route.options.tags) tags.push_back(tag);
            made.set("tags", std::move(tags));
        }
        made.set("summary", route.options.summary.empty() ? hem::title_of(route.name) : route.options.summary);
        if (!route.options.description.empty()) made.set("description", route.options.description);
        made.set("operationId", route.operation_id);
        if (route.options.deprecated) made.set("deprecated", true);

        json parameters = json::array();
        bool takes_input = false;
        for (const auto kind : {source_kind::path, source_kind::query, source_kind::header, source_kind::cookie}) {
            for (const auto& node : route.plan.nodes) add_parameters(parameters, node.provider->inputs, kind);
            add_parameters(parameters, route.endpoint.inputs, kind);
        }
        if (!parameters.empty()) {
            made.set("parameters", std::move(parameters));
            takes_input = true;
        }
        if (const auto* inputs = route.endpoint.inputs; inputs != nullptr && inputs->has_body) {
            made.set("requestBody", request_body(route, *inputs));
            takes_input = true;
        }
        made.set("responses", responses(route, takes_input));
        for (const auto& [key, value] : route.options.openapi_extra.items()) made.set(key, value);
        return made;
    }

    // Parameters of the same name and place stand once, whoever asks for them.
    static bool listed(const json& parameters, std::string_view name, std::string_view place) {
        for (const auto& each : parameters.elements()) {
            if (each["name"] == json(name) && each["in"] == json(place)) return true;
        }
        return false;
    }

    static std::string_view place_of(source_kind kind) noexcept {
        switch (kind) {
        case source_kind::path: return "path";
        case source_kind::query: return "query";
        case source_kind::header: return "header";
        default: return "cookie";
        }
    }

    void add_parameter(json& parameters, std::string_view name, source_kind kind, bool required, json schema) {
        const auto place = place_of(kind);
        if (listed(parameters, name, place)) return;
        json made = json::object({{"name", name}, {"in", place}, {"required", required}});
        if (const auto* text = schema.find("description")) made.set("description", *text);
        made.set("schema", std::move(schema));
        parameters.push_back(std::move(made));
    }

    void add_parameters(json& parameters, const struct_plan* plan, source_kind kind) {
        if (plan == nullptr) return;
        const auto memory = std::make_unique<std::max_align_t[]>(plan->size / sizeof(std::max_align_t) + 1);
        void* initial = memory.get();
        plan->construct(initial);
        for (const auto& member : plan->members) {
            if (member.kind != kind) continue;
            void* at = member.member(initial);
            if (member.operations->model != nullptr && kind != source_kind::path) {
                for (const auto& part : member.operations->model().members()) {
                    auto name = part.wire_name;
                    if (kind == source_kind::header) std::replace(name.begin(), name.end(), '_', '-');
                    const void* value = part.required ? nullptr : part.in(member.operations->model().initial());
                    add_parameter(parameters, name, kind, part.required,
                                  property_schema(schemas_, *part.operations, part.wire_name, value));
                }
                continue;
            }
            const void* value = member.has_default ? member.value(at) : nullptr;
            add_parameter(parameters, member.wire_name, kind, !member.optional,
                          property_schema(schemas_, *member.operations, member.name, value));
        }
        plan->destroy(initial);
    }

    json request_body(const route_record& route, const struct_plan& plan) {
        const auto memory = std::make_unique<std::max_align_t[]>(plan.size / sizeof(std::max_align_t) + 1);
        void* initial = memory.get();
        plan.construct(initial);
        json schema;
        bool required = false;
        json properties = json::object(), needed = json::array();
        for (const auto& member : plan.members) {
            if (member.kind != source_kind::body) continue;
            required = required || !member.optional;
            if (!member.embedded) {
                schema = member.operations->schema(schemas_);
                if (!schema.contains("$ref")) schema.set("title", hem::title_of(route.endpoint.bare_model ? "body" : member.name));
                continue;
            }
            const void* value = member.has_default ? member.value(member.member(initial)) : nullptr;
            properties.set(member.wire_name, property_schema(schemas_, *member.operations, member.name, value));
            if (!member.optional) needed.push_back(member.wire_name);
        }
        plan.destroy(initial);
        if (!properties.empty()) {
            const auto name = "Body_" + route.operation_id;
            json whole = json::object({{"title", name}, {"type", "object"}, {"properties", std::move(properties)}});
            if (!needed.empty()) whole.set("required", std::move(needed));
            schema = schemas_.add_component(name, std::move(whole));
        }
        json made = json::object({{"content", media("application/json", std::move(schema))}});
        if (required) made.set("required", true);
        return made;
    }

    json responses(const route_record& route, bool takes_input) {
        json made = json::object();
        const bool empty = route.endpoint.answers == answer_kind::none;
        const int status = route.options.status != 0 ? route.options.status : empty ? 204 : 200;
        json success = json::object({{"description", "Successful Response"}});
        if (route.endpoint.answer_schema != nullptr && !http::never_has_body(status)) {
            json schema = schemas_in(schema_mode::output, route.endpoint.answer_schema);
            if (!schema.contains("$ref") && !schema.empty()) schema.set("title", "Response " + hem::title_of(route.operation_id));
            success.set("content", media(route.endpoint.media_type, std::move(schema)));
        }
        made.set(std::to_string(status), std::move(success));
        for (const auto& [code, doc] : route.options.responses) {
            json entry =
                json::object({{"description", doc.description.empty() ? std::string(http::reason_phrase(code)) : doc.description}});
            if (doc.schema != nullptr) entry.set("content", media("application/json", schemas_in(schema_mode::output, doc.schema)));
            made.set(std::to_string(code), std::move(entry));
        }
        if (takes_input && !made.contains("422")) {
            json entry = json::object({{"description", "Validation Error"}});
            if (validation_error_.is_null())
                validation_error_ =
                    core_.validation.schema != nullptr ? core_.validation.schema(schemas_) : validation_error_schema(schemas_);
            entry.set("content", media("application/json", validation_error_));
            made.set("422", std::move(entry));
        }
        return made;
    }

    json schemas_in(schema_mode mode, json (*schema)(schema_builder&)) {
        schemas_.add<bool>(mode);  // sets the mode for what follows
        json made = schema(schemas_);
        schemas_.add<bool>(schema_mode::input);
        return made;
    }

    const app_core& core_;
    schema_builder schemas_;
    json validation_error_;
};

}  // namespace

json make_openapi(const app_core& core) { return document_builder(core).build(); }

}  // namespace hem::web::detail
