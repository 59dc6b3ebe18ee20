// Everything of layer `net`: stream sockets, listeners, name resolution.
#pragma once

#include "hem/net/connect.hpp"
#include "hem/net/endpoint.hpp"
#include "hem/net/file.hpp"
#include "hem/net/listener.hpp"
#include "hem/net/socket_stream.hpp"
