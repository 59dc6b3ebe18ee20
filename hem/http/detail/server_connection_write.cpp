// The writing half of a server connection: what is queued, what is written now, and what waits for the peer.
#include <algorithm>
#include <cstring>

#include "hem/http/detail/server_connection.hpp"

namespace hem::http::detail {

void server_connection::queue(std::string_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(work_->output.data() + work_->queued, bytes.data(), bytes.size());
    work_->queued += bytes.size();
}

int server_connection::try_flush() noexcept {
    auto& work = *work_;
    if (failed_) return -1;
    if (work.queued == 0) return 1;
    const iovec piece{work.output.data(), work.queued};
    const auto result = socket_.try_write({&piece, 1});
    if (result.error) {
        failed_ = true;
        return -1;
    }
    if (result.bytes == work.queued) [[likely]] {
        work.queued = 0;
        return 1;
    }
    std::memmove(work.output.data(), work.output.data() + result.bytes, work.queued - result.bytes);
    work.queued -= result.bytes;
    return 0;
}

void server_connection::leave_queued() noexcept {
    if (writer_waits_) return;
    const int state = try_flush();
    if (state == 0) {
        if (write_window_ == time_point::max()) {
            write_window_ = clock::now();
            write_mark_ = socket_.bytes_written();
        }
        write_deadline_ = deadline_after(server_.options.limits.write_stall);
        return;
    }
    write_window_ = write_deadline_ = time_point::max();
    if (state > 0) return;
    end_with(after::close);
    socket_.interrupt();
}

// Until the peer takes more. False when it took nothing for too long.
task<bool> server_connection::room_to_write() {
    if (write_window_ == time_point::max()) {
        write_window_ = clock::now();
        write_mark_ = socket_.bytes_written();
    }
    write_deadline_ = deadline_after(server_.options.limits.write_stall);
    struct waiting {
        bool& flag;
        ~waiting() { flag = false; }
    } now{writer_waits_};
    writer_waits_ = true;
    co_await socket_.wait_writable();
    write_deadline_ = time_point::max();
    co_return !failed_;
}

task<bool> server_connection::flush_slowly() {
    for (;;) {
        if (!co_await room_to_write()) break;
        if (try_flush() != 0) break;
    }
    write_window_ = time_point::max();
    co_return !failed_;
}

task<bool> server_connection::flush() {
    const int state = try_flush();
    co_return state > 0 || (state == 0 && co_await flush_slowly());
}

task<bool> server_connection::make_room(std::size_t bytes) {
    auto& work = *work_;
    if (has_room(bytes)) co_return true;
    if (!co_await flush()) co_return false;
    if (work.output.size() < bytes) work.output.resize(bytes);
    co_return true;
}

// The bytes of an answer, in order: into what the request holds before its turn, then into the output.
task<bool> server_connection::put(served_request& mine, std::string_view bytes) {
    constexpr std::size_t copied = 16 * 1024;
    if (!is_first(mine)) {
        if (mine.held.size() + bytes.size() <= served_request::most_held) {
            mine.held.append(bytes);
            co_return true;
        }
        if (!co_await turn_of(mine)) co_return false;
    }
    if (bytes.size() > copied) co_return co_await write_large(bytes);
    if (!has_room(bytes.size()) && !co_await make_room(bytes.size())) co_return false;
    queue(bytes);
    co_return true;
}

task<bool> server_connection::write_large(std::string_view bytes) {
    auto& work = *work_;
    while (!bytes.empty() || work.queued > 0) {
        const iovec pieces[2] = {{work.output.data(), work.queued}, {const_cast<char*>(bytes.data()), bytes.size()}};
        const auto result = socket_.try_write(work.queued > 0 ? std::span(pieces) : std::span(pieces).subspan(1));
        if (result.error) {
            failed_ = true;
            co_return false;
        }
        const auto head = std::min(result.bytes, work.queued);
        std::memmove(work.output.data(), work.output.data() + head, work.queued - head);
        work.queued -= head;
        bytes.remove_prefix(result.bytes - head);
        if (bytes.empty() && work.queued == 0) break;
        if (!co_await room_to_write()) co_return false;
    }
    write_window_ = time_point::max();
    co_return true;
}

task<server_connection::after> server_connection::answer_refusal(refusal why, bool head_only) {
    server_.count_refusal(why, peer_.host);
    const auto& action = action_of(why);
    const bool keep = action.keep && work_->frame.keep_alive && !server_.draining;
    if (!has_room(512) && !co_await make_room(512)) co_return after::close;
    work_->queued +=
        write_refusal(work_->output.data() + work_->queued, why, server_.date_text(), server_.options.server_name, keep, head_only);
    co_return keep ? after::next : after::linger;
}

task<server_connection::after> server_connection::answer_error(int status, std::string_view fields, bool keep, bool head_only) {
    if (!has_room(1024) && !co_await make_room(1024)) co_return after::close;
    work_->queued += write_error_answer(work_->output.data() + work_->queued, status, fields, server_.date_text(),
                                        server_.options.server_name, keep, head_only);
    co_return keep ? after::next : after::linger;
}

}  // namespace hem::http::detail
