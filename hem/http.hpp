// The HTTP layer: messages, parser, serialiser, client; the server when it is included by name.
#pragma once

#include "hem/http/body.hpp"
#include "hem/http/chunk_decoder.hpp"
#include "hem/http/client.hpp"
#include "hem/http/errors.hpp"
#include "hem/http/fields.hpp"
#include "hem/http/handler.hpp"
#include "hem/http/headers.hpp"
#include "hem/http/limits.hpp"
#include "hem/http/parser.hpp"
#include "hem/http/refusal.hpp"
#include "hem/http/request.hpp"
#include "hem/http/response.hpp"
#include "hem/http/serialise.hpp"
#include "hem/http/status.hpp"
#include "hem/http/transport.hpp"
#include "hem/http/url.hpp"
