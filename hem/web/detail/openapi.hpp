// The OpenAPI 3.1 document of an app, in FastAPI's form.
#pragma once

#include "hem/model/json.hpp"

namespace hem::web::detail {

struct app_core;

json make_openapi(const app_core& core);

}  // namespace hem::web::detail
