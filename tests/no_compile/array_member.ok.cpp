#include "hem/model.hpp"

struct measurement {
    std::string sensor;
    std::array<double, 3> values;
};

std::string write(const measurement& m) { return hem::to_json(m); }
