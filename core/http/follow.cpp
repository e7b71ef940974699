#include "core/http/follow.hpp"

#include <chrono>

#include <httplib.h>

#include "core/http/url.hpp"

namespace wxpay::http {

Result<int> follow(const std::string& base_url, const Request& request,
                   const std::function<void()>& on_begin,
                   const std::function<bool(std::string_view)>& on_bytes) {
    WXPAY_TRY(const Url url, Url::parse(base_url));
    httplib::Client client(url.origin());
    client.set_connection_timeout(std::chrono::seconds(2));
    client.set_read_timeout(std::chrono::hours(24 * 365));
    httplib::Headers headers;
    for (const auto& [name, value] : request.headers)
        headers.emplace(std::string(name), std::string(value));
    std::string target = url.target == "/" ? request.path : url.target + request.path;
    if (!request.query.empty()) target += "?" + request.query;

    int status = 0;
    bool enough = false;
    const auto got = client.Get(
        target, headers,
        [&](const httplib::Response& head) {
            status = head.status;
            if (status == 200) on_begin();
            return true;
        },
        [&](const char* bytes, std::size_t size) {
            if (status == 200) enough = !on_bytes({bytes, size});
            return !enough;
        });
    // Once it has begun, the server's end is the end, however it comes about.
    if (got || enough || status == 200) return status;
    return Failure{Error{Errc::unreachable, url.origin() + ": " + httplib::to_string(got.error())}};
}

}  // namespace wxpay::http
