// Endpoints of aliases: reading, adding and removing them, one by one or as a list of actions.
#include "hem/search/embedded/rest_detail.hpp"

#include <algorithm>

namespace hem::search::embedded {

namespace {

using detail::admin_params;
using detail::administered;
using detail::split;
using detail::text_of;

}  // namespace

rest_response get_aliases(rest_call& call) {
    call.allow(admin_params);
    const std::vector<std::string> wanted = split(call.name);
    json out = json::object();
    std::vector<std::string> missing;
    const auto all = call.parts.indices.aliases();
    for (const std::string& name : wanted)
        if (name.find('*') == std::string::npos && name != "_all" && !all.contains(name)) missing.push_back(name);
    for (const target& index : administered(call)) {
        json aliases = call.parts.indices.aliases_of(index.name);
        if (!wanted.empty()) {
            json kept = json::object();
            for (const auto& [alias, options] : aliases.items())
                if (std::any_of(wanted.begin(), wanted.end(),
                                [&](const std::string& pattern) { return pattern == "_all" || simple_match(pattern, alias); }))
                    kept.append_member(alias, options);
            if (kept.size() == 0) continue;
            aliases = std::move(kept);
        }
        out.append_member(index.name, json::object({{"aliases", std::move(aliases)}}));
    }
    if (missing.empty()) return answer(200, out);
    std::string names;
    for (const std::string& one : missing) names += (names.empty() ? "" : ",") + one;
    json body =
        json::object({{"error", std::string(missing.size() > 1 ? "aliases" : "alias") + " [" + names + "] missing"}, {"status", 404}});
    for (auto& [index, aliases] : out.items()) body.append_member(index, aliases);
    return answer(404, body);
}

rest_response alias_exists(rest_call& call) {
    call.allow(admin_params);
    for (const auto& [alias, indices] : call.parts.indices.aliases())
        for (const std::string& pattern : split(call.name))
            if (simple_match(pattern, alias)) return answer_text(200, "");
    return answer_text(404, "");
}

rest_response put_alias(rest_call& call) {
    call.allow(admin_params);
    if (const json body = call.body(); body.is_object() && body.size() > 0)
        throw unsupported("alias options such as [" + body.items().front().first + "]");
    check_index_name(call.name);
    std::vector<std::pair<std::string, std::string>> added;
    for (const target& index : administered(call)) added.emplace_back(call.name, index.name);
    call.parts.writes.exclusive([&] { call.parts.indices.change_aliases(added, {}); });
    return acknowledged();
}

rest_response delete_alias(rest_call& call) {
    call.allow(admin_params);
    std::vector<std::pair<std::string, std::string>> removed;
    const auto all = call.parts.indices.aliases();
    for (const std::string& pattern : split(call.name)) {
        bool any = false;
        for (const target& index : administered(call))
            for (const auto& [alias, indices] : all)
                if (simple_match(pattern, alias) && std::find(indices.begin(), indices.end(), index.name) != indices.end()) {
                    removed.emplace_back(alias, index.name);
                    any = true;
                }
        if (!any)
            throw rest_error(404, "aliases_not_found_exception", "aliases [" + pattern + "] missing")
                .with("resource.type", "aliases")
                .with("resource.id", pattern);
    }
    call.parts.writes.exclusive([&] { call.parts.indices.change_aliases({}, removed); });
    return acknowledged();
}

rest_response change_aliases(rest_call& call) {
    call.allow(admin_params);
    const json body = call.required_body();
    std::vector<std::pair<std::string, std::string>> added;
    std::vector<std::pair<std::string, std::string>> removed;
    std::vector<target> deleted;
    for (const auto& [key, value] : body.items())
        if (key != "actions") throw content_fault("aliases", "unknown field [" + key + "]", key);
    if (!body["actions"].is_array() || body["actions"].size() == 0) throw validation_fault({"Must specify at least one alias action"});
    for (const json& action : body["actions"].elements()) {
        if (!action.is_object() || action.size() != 1)
            throw rest_error(400, "x_content_parse_exception", "[1:1] [aliases] failed to parse field [actions]");
        const auto& [verb, options] = action.items().front();
        std::vector<std::string> indices;
        std::vector<std::string> names;
        bool must_exist = true;
        for (const auto& [key, value] : options.items()) {
            if (key == "index" || key == "indices") {
                if (value.is_array())
                    for (const json& one : value.elements()) indices.push_back(text_of(one));
                else
                    indices.push_back(text_of(value));
            } else if (key == "alias" || key == "aliases") {
                if (value.is_array())
                    for (const json& one : value.elements()) names.push_back(text_of(one));
                else
                    names.push_back(text_of(value));
            } else if (key == "must_exist")
                must_exist = !value.is_bool() || value.as_bool();
            else
                throw unsupported("the alias option [" + key + "]");
        }
        for (const std::string& expression : indices)
            for (const target& index : call.parts.indices.resolve(expression, {.closed_too = true})) {
                if (verb == "remove_index") {
                    deleted.push_back(index);
                    continue;
                }
                for (const std::string& name : names) {
                    if (verb == "add") {
                        check_index_name(name);
                        added.emplace_back(name, index.name);
                    } else if (verb == "remove") {
                        const json held = call.parts.indices.aliases_of(index.name);
                        bool any = false;
                        for (const auto& [alias, unused] : held.items())
                            if (simple_match(name, alias)) {
                                removed.emplace_back(alias, index.name);
                                any = true;
                            }
                        if (!any && must_exist) removed.emplace_back(name, index.name);
                    } else
                        throw rest_error(400, "x_content_parse_exception", "[1:1] [alias_action] unknown field [" + verb + "]");
                }
            }
    }
    call.parts.writes.exclusive([&] {
        for (const target& index : deleted) call.parts.indices.remove(index);
        call.parts.indices.change_aliases(added, removed);
    });
    return acknowledged();
}

}  // namespace hem::search::embedded
