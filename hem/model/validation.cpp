#include "hem/model/validation.hpp"

#include <fmt/format.h>

namespace hem {

bool validation_errors::add(validation_error_entry entry) {
    if (full()) return false;
    entries_.push_back(std::move(entry));
    return true;
}

void validation_errors::append(const validation_errors& others) {
    for (const auto& entry : others.entries_) {
        if (!add(entry)) return;
    }
}

bool validation_errors::is_json_invalid() const noexcept { return entries_.size() == 1 && entries_.front().type == "json_invalid"; }

void validation_errors::write_to(json_writer& out) const {
    out.begin_array();
    for (const auto& entry : entries_) {
        out.begin_object();
        out.member("type", entry.type).member("loc", entry.loc).member("msg", entry.msg);
        if (entry.input) out.member("input", *entry.input);
        if (!entry.ctx.is_null()) out.member("ctx", entry.ctx);
        out.end_object();
    }
    out.end_array();
}

json validation_errors::to_json() const {
    json list = json::array();
    for (const auto& entry : entries_) {
        json& item = list.push_back(json::object({{"type", entry.type}, {"loc", entry.loc}, {"msg", entry.msg}}));
        if (entry.input) item.append_member("input", *entry.input);
        if (!entry.ctx.is_null()) item.append_member("ctx", entry.ctx);
    }
    return list;
}

std::string validation_errors::describe() const {
    std::string text;
    for (const auto& entry : entries_) {
        if (!text.empty()) text += "; ";
        const std::size_t start = text.size();
        for (const auto& part : entry.loc.elements()) {
            if (part.is_string()) {
                if (text.size() > start) text += '.';
                text += part.as_string();
            } else {
                fmt::format_to(std::back_inserter(text), "[{}]", part.dump());
            }
        }
        if (text.size() > start) text += ": ";
        text += entry.msg;
        const std::string& reason = entry.ctx["error"].is_string() ? entry.ctx["error"].as_string() : std::string();
        if (entry.type == "json_invalid" && !reason.empty()) fmt::format_to(std::back_inserter(text), " ({})", reason);
    }
    return text;
}

}  // namespace hem
