// TOML front matter through toml++.
#include "apps/blog/front_matter.hpp"

#include "hem/model/json.hpp"

#include <fmt/format.h>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

namespace blog {

namespace {

std::string date_text(const toml::date& day) { return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day); }

std::string date_text(const toml::date_time& moment) {
    std::string text =
        fmt::format("{}T{:02}:{:02}:{:02}", date_text(moment.date), moment.time.hour, moment.time.minute, moment.time.second);
    if (moment.time.nanosecond != 0) text += fmt::format(".{:09}", moment.time.nanosecond);
    if (moment.offset) {
        const int minutes = moment.offset->minutes;
        text += fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
    }
    return text;
}

hem::json copy(const toml::node& node, int depth) {
    if (depth > 8) throw import_error("the front matter is nested deeper than 8 levels");
    switch (node.type()) {
    case toml::node_type::table: {
        hem::json table = hem::json::object();
        for (const auto& [key, value] : *node.as_table()) table.set(key.str(), copy(value, depth + 1));
        return table;
    }
    case toml::node_type::array: {
        hem::json list = hem::json::array();
        for (const toml::node& element : *node.as_array()) list.push_back(copy(element, depth + 1));
        return list;
    }
    case toml::node_type::string: return hem::json(node.as_string()->get());
    case toml::node_type::integer: return hem::json(node.as_integer()->get());
    case toml::node_type::floating_point: return hem::json(fmt::format("{}", node.as_floating_point()->get()));
    case toml::node_type::boolean: return hem::json(node.as_boolean()->get());
    case toml::node_type::date: return hem::json(date_text(node.as_date()->get()));
    case toml::node_type::date_time: return hem::json(date_text(node.as_date_time()->get()));
    default: return nullptr;
    }
}

}  // namespace

hem::json parse_toml_matter(std::string_view matter) {
    try {
        return copy(toml::parse(matter), 0);
    } catch (const toml::parse_error& error) {
        // The opening fence is line 1 of the file.
        throw import_error(fmt::format("line {}: the front matter is not TOML: {}", error.source().begin.line + 1, error.description()));
    }
}

}  // namespace blog
