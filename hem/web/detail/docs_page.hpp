// The /docs page: one HTML document with style and script inside, so no request leaves the host and nothing is loaded from elsewhere.
//
// It holds the list of operations as plain HTML, which is what a reader without JavaScript sees; with JavaScript the page is built
// from the OpenAPI document. All addresses are relative, so it works behind a proxy that serves the app under a prefix.
#pragma once

#include "hem/model/json.hpp"

#include <string>
#include <string_view>

namespace hem::web::detail {

struct docs_page {
    std::string html;
    std::string content_security_policy;
};

// `docs_url` and `openapi_url` are paths of the app, "/docs" and "/openapi.json".
docs_page make_docs_page(const json& openapi, std::string_view docs_url, std::string_view openapi_url);

}  // namespace hem::web::detail
