// Layer `search`: documents, query DSL, client and embedded engine for full-text search, speaking the Elasticsearch REST API.
#pragma once

#include "hem/search/aggregation.hpp"
#include "hem/search/bulk.hpp"
#include "hem/search/client.hpp"
#include "hem/search/connections.hpp"
#include "hem/search/document.hpp"
#include "hem/search/errors.hpp"
#include "hem/search/field_types.hpp"
#include "hem/search/index.hpp"
#include "hem/search/mapping.hpp"
#include "hem/search/multi_search.hpp"
#include "hem/search/query.hpp"
#include "hem/search/response.hpp"
#include "hem/search/scan.hpp"
#include "hem/search/search_request.hpp"
#include "hem/search/transport.hpp"
#include "hem/search/validate.hpp"
