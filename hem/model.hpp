// Everything of layer `model`: JSON values, models that are plain structs, constraints, validation errors, JSON Schema.
#pragma once

#include "hem/model/json.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/model/members.hpp"
#include "hem/model/validation.hpp"
