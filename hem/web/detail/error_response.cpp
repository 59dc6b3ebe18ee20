// Which error becomes which answer, where no exception handler says otherwise.
#include "hem/core/errors.hpp"
#include "hem/core/report.hpp"
#include "hem/http/errors.hpp"
#include "hem/web/app.hpp"

#include <charconv>

namespace hem::web::detail {

namespace {

http::response with_category(int status, const error_category& error) {
    return error.public_detail().empty() ? detail_response(status) : detail_response(status, json(error.public_detail()));
}

// Whole seconds, rounded up, at least 1.
void set_retry_after(http::response& answer, const std::optional<std::chrono::nanoseconds>& delay) {
    long long seconds = 1;
    if (delay && delay->count() > 0) seconds = std::max<long long>(1, (delay->count() + 999'999'999) / 1'000'000'000);
    answer.headers().set(http::field::retry_after, std::to_string(seconds));
}

http::response validation_response(const validation_errors& errors) {
    std::string bytes = "{\"detail\":";
    json_writer writer(bytes);
    errors.write_to(writer);
    bytes += '}';
    return json_bytes(422, std::move(bytes));
}

}  // namespace

http::response error_response(const std::exception_ptr& error, bool debug) {
    try {
        std::rethrow_exception(error);
    } catch (const http_exception& thrown) {
        auto answer = detail_response(thrown.status(), thrown.detail());
        for (const auto& field : thrown.headers()) answer.headers().append(field.name, field.value);
        return answer;
    } catch (const request_validation_error& thrown) {
        return validation_response(thrown.errors());
    } catch (const http::body_too_large&) {
        return detail_response(413);
    } catch (const http::bad_request_body& thrown) {
        return detail_response(thrown.status() != 0 ? thrown.status() : 400);
    } catch (const not_found& thrown) {
        return with_category(404, thrown);
    } catch (const conflict& thrown) {
        return with_category(409, thrown);
    } catch (const permission_denied& thrown) {
        return with_category(403, thrown);
    } catch (const rate_limited& thrown) {
        auto answer = with_category(429, thrown);
        set_retry_after(answer, thrown.retry_after());
        return answer;
    } catch (const unavailable& thrown) {  // before timeout_error: a pool's timeout is over capacity
        auto answer = with_category(503, thrown);
        set_retry_after(answer, thrown.retry_after());
        return answer;
    } catch (const timeout_error&) {
        return detail_response(504);
    } catch (...) {
        return debug ? detail_response(500, json(hem::detail::describe(error))) : detail_response(500);
    }
}

}  // namespace hem::web::detail
