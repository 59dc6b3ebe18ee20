// Everything of layer `model`: JSON values, models that are plain structs, constraints, validation errors, JSON Schema.
#pragma once

#include "hem/model/bytes.hpp"
#include "hem/model/constraints.hpp"
#include "hem/model/datetime.hpp"
#include "hem/model/field.hpp"
#include "hem/model/json.hpp"
#include "hem/model/json_source.hpp"
#include "hem/model/json_traits.hpp"
#include "hem/model/json_writer.hpp"
#include "hem/model/members.hpp"
#include "hem/model/model_info.hpp"
#include "hem/model/read_json.hpp"
#include "hem/model/read_text.hpp"
#include "hem/model/schema.hpp"
#include "hem/model/to_json.hpp"
#include "hem/model/uuid.hpp"
#include "hem/model/validation.hpp"
