#include "core/http/follow.hpp"

#include <algorithm>
#include <chrono>

#include <httplib.h>

#include "core/http/url.hpp"

namespace wxpay::http {

Result<Response> follow(const std::string& base_url, const Request& request,
                        const std::function<void()>& on_begin,
                        const std::function<bool(std::string_view)>& on_bytes) {
    constexpr std::size_t kRefusalMax = 64 * 1024;
    WXPAY_TRY(const Url url, Url::parse(base_url));
    httplib::Client client(url.origin());
    client.set_connection_timeout(std::chrono::seconds(2));
    // As long as fits: poll() counts milliseconds in an int.
    client.set_read_timeout(std::chrono::hours(24 * 24));
    httplib::Headers headers;
    for (const auto& [name, value] : request.headers)
        headers.emplace(std::string(name), std::string(value));
    const std::string target = (url.target == "/" ? "" : url.target) + target_of(request);

    Response answer{0, {}, {}};
    const auto got = client.Get(
        target, headers,
        [&](const httplib::Response& head) {
            answer.status = head.status;
            if (head.status == 200) on_begin();
            return true;
        },
        [&](const char* bytes, std::size_t size) {
            if (answer.status == 200) return on_bytes({bytes, size});
            answer.body.append(bytes, std::min(size, kRefusalMax - answer.body.size()));
            return answer.body.size() < kRefusalMax;
        });
    // Once it has begun, its end is the end, however it comes about.
    if (answer.status != 0) return answer;
    return Failure{Error{Errc::unreachable, url.origin() + ": " + httplib::to_string(got.error())}};
}

}  // namespace wxpay::http
