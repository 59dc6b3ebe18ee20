// expect: hem: a model has no C arrays; use std::array
#include "hem/model.hpp"

struct measurement {
    std::string sensor;
    double values[3];
};

std::string write(const measurement& m) { return hem::to_json(m); }
