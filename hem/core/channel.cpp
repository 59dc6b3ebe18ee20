#include "hem/core/channel.hpp"

namespace hem::detail {

void channel_end::close(parking_lot& lot) noexcept {
    closed_ = true;
    while (!calls_.empty()) {
        channel_call& call = calls_.pop_front();
        wait_node& node = call.node;
        if (node.state == wait_node::status::parked) {
            call.end_closed = true;
            lot.grant(node, &lot);
        } else if (node.state == wait_node::status::granted) {
            call.end_closed = node.ops->revoke(node);  // what cannot be undone stands
        }
    }
}

void throw_end_closed(const char* what) { throw closed_resource(std::string("this ") + what + " was closed"); }

void throw_no_receiver() { throw broken_resource("every receiver of this channel was closed: nobody would take what is sent"); }

}  // namespace hem::detail
