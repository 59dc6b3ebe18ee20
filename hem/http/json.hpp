// JSON on the client: `response.json<T>()` and `.json = value` of a call. Included by hem/http.hpp; apart from client.hpp because models
// cost compile time.
#pragma once

#include <string>

#include "hem/http/client.hpp"
#include "hem/http/response.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/to_json.hpp"

namespace hem::http {

template <class T>
T response::json() const {
    return hem::from_json<T>(text());
}

template <class T>
std::string detail::json_text(const T& value) {
    return hem::to_json(value);
}

}  // namespace hem::http
