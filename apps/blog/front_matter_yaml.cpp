// YAML front matter through yaml-cpp.
#include "apps/blog/front_matter.hpp"

#include "hem/model/json.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace blog {

namespace {

// Anchors may refer to themselves, so depth and size of what is copied are bounded.
class yaml_copier {
public:
    hem::json copy(const YAML::Node& node, int depth) {
        if (--nodes_left_ < 0) throw import_error("the front matter has more than 10000 values");
        if (depth > 8) throw import_error("the front matter is nested deeper than 8 levels");
        switch (node.Type()) {
        case YAML::NodeType::Scalar: return hem::json(node.Scalar());
        case YAML::NodeType::Sequence: {
            hem::json list = hem::json::array();
            for (const YAML::Node& element : node) list.push_back(copy(element, depth + 1));
            return list;
        }
        case YAML::NodeType::Map: {
            hem::json table = hem::json::object();
            for (const auto& entry : node) {
                if (entry.first.IsScalar()) table.set(entry.first.Scalar(), copy(entry.second, depth + 1));
            }
            return table;
        }
        default: return nullptr;
        }
    }

private:
    int nodes_left_ = 10000;
};

}  // namespace

hem::json parse_yaml_matter(std::string_view matter) {
    try {
        const YAML::Node root = YAML::Load(std::string(matter));
        if (root.IsNull()) return hem::json::object();
        if (!root.IsMap()) throw import_error("the front matter is no list of 'key: value' lines");
        return yaml_copier().copy(root, 0);
    } catch (const YAML::Exception& error) {
        // The opening fence is line 1 of the file.
        throw import_error(error.mark.is_null() ? fmt::format("the front matter is not YAML: {}", error.msg)
                                                : fmt::format("line {}: the front matter is not YAML: {}", error.mark.line + 2, error.msg));
    }
}

}  // namespace blog
