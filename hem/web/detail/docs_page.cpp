#include "hem/web/detail/docs_page.hpp"

#include "hem/web/detail/docs_assets.hpp"
#include "hem/web/detail/sha256.hpp"

#include <utility>
#include <vector>

namespace hem::web::detail {

namespace {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string text_of(const json& object, std::string_view key) {
    const auto* found = object.find(key);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

// From the page's directory up to the app's root: "./" for "/docs", "../" for "/api/docs".
std::string relative_root(std::string_view docs_url) {
    std::string up;
    for (std::size_t i = 1; i < docs_url.size(); ++i) {
        if (docs_url[i] == '/') up += "../";
    }
    return up.empty() ? "./" : up;
}

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::string operation_item(const std::string& method, const std::string& path, const json& operation) {
    std::string item = "<li><code>" + upper(method) + " " + escaped(path) + "</code> " + escaped(text_of(operation, "summary"));
    const auto description = text_of(operation, "description");
    if (!description.empty()) item += "<br><span class=\"dim\">" + escaped(description) + "</span>";
    std::string names;
    for (const auto& parameter : operation["parameters"].elements()) {
        names += (names.empty() ? "" : ", ") + escaped(text_of(parameter, "name"));
        if (const auto* required = parameter.find("required"); required != nullptr && required->is_bool() && required->as_bool())
            names += "*";
    }
    if (!names.empty()) item += "<br><span class=\"dim\">Parameters: " + names + "</span>";
    return item + "</li>\n";
}

std::string plain_list(const json& openapi) {
    std::vector<std::pair<std::string, std::string>> groups;
    const auto group = [&](const std::string& tag) -> std::string& {
        for (auto& [name, items] : groups) {
            if (name == tag) return items;
        }
        return groups.emplace_back(tag, std::string()).second;
    };
    for (const auto& [path, item] : openapi["paths"].items()) {
        for (const auto& [method, operation] : item.items()) {
            const auto tags = operation["tags"].elements();
            group(tags.empty() ? "default" : tags.front().as_string()) += operation_item(method, path, operation);
        }
    }
    std::string html;
    for (const auto& [tag, items] : groups)
        html += "<section><h2>" + escaped(tag) + "</h2>\n<ul class=\"plain\">\n" + items + "</ul></section>\n";
    return html;
}

}  // namespace

docs_page make_docs_page(const json& openapi, std::string_view docs_url, std::string_view openapi_url) {
    const auto root = relative_root(docs_url);
    const auto document = root + std::string(openapi_url.substr(1));
    const auto title = escaped(text_of(openapi["info"], "title"));
    docs_page page;
    auto& html = page.html;
    html =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
    html += title + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>";
    html += docs_style;
    html += "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the operations</a>\n<div class=\"page\">\n<header>\n<h1>";
    html += title + "<small>" + escaped(text_of(openapi["info"], "version")) + "</small></h1>\n";
    const auto description = text_of(openapi["info"], "description");
    if (!description.empty()) html += "<p class=\"lead\">" + escaped(description) + "</p>\n";
    html += "<p class=\"dim\">OpenAPI " + escaped(text_of(openapi, "openapi")) + ": <a href=\"" + escaped(document) + "\">" +
            escaped(openapi_url) + "</a></p>\n";
    html +=
        "</header>\n<main id=\"main\" tabindex=\"-1\" data-base=\"" + escaped(root) + "\" data-openapi=\"" + escaped(document) + "\">\n";
    html += plain_list(openapi);
    html += "</main>\n</div>\n<script>";
    html += docs_script;
    html += "</script>\n</body>\n</html>\n";
    page.content_security_policy = "default-src 'self'; script-src '" + csp_hash(docs_script) + "'; style-src '" + csp_hash(docs_style) +
                                   "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return page;
}

}  // namespace hem::web::detail
