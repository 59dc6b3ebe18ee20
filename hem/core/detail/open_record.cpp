#include "hem/core/detail/open_record.hpp"

#include "hem/core/detail/kernel.hpp"
#include "hem/core/report.hpp"

namespace hem::detail {

open_record::open_record(const char* type, const std::source_location& where) : type_(type), where_(where) {
    if (running.loop && running.loop->current) owner_ = running.loop->current->display_name();
}

void open_record::report() const noexcept {
    send_report({.kind = report_kind::unclosed_resource,
                 .text = std::string(type_) + " opened" + (owner_.empty() ? std::string() : " by task '" + owner_ + "'") + " at " +
                         to_string(where_) + " was never closed: open it with hem::with",
                 .task = owner_,
                 .location = where_});
}

}  // namespace hem::detail
