#include "sandbox/faults/answer_faults.hpp"

#include <utility>

#include <fmt/format.h>

#include "sandbox/faults/corrupt.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::string_view kV3Signature = "Wechatpay-Signature";

const char* reason_of(int status) {
    switch (status) {
        case 403:
            return "403 Forbidden";
        case 429:
            return "429 Too Many Requests";
        case 500:
            return "500 Internal Server Error";
        case 502:
            return "502 Bad Gateway";
        case 503:
            return "503 Service Temporarily Unavailable";
        case 504:
            return "504 Gateway Time-out";
        default:
            return nullptr;
    }
}

http::Response gateway_page(int status) {
    const char* const reason = reason_of(status);
    http::Response response;
    response.status = status;
    response.headers.add("Server", "nginx");
    response.headers.add("Content-Type", "text/html");
    response.body = fmt::format(
        "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
        reason != nullptr ? reason : std::to_string(status));
    return response;
}

}  // namespace

bool prevents_the_work(const Injection& fault) {
    return fault.is(Effect::Kind::drop_before) || fault.is(Effect::Kind::http_status);
}

http::Response answer_without_work(const Injection& fault) {
    if (fault.is(Effect::Kind::drop_before)) return http::Response{.status = 0, .cut = true};
    return gateway_page(fault.effect.http_status);
}

http::Response spoiled(http::Response response, const Injection& fault) {
    if (fault.is(Effect::Kind::corrupt_sign)) {
        if (const auto signature = response.headers.find(kV3Signature)) {
            response.headers.set(kV3Signature, with_wrong_letters(*signature));
        } else {
            response.body = with_wrong_sign(response.body);
        }
    }
    if (fault.is(Effect::Kind::truncate)) response.cut_at = fault.effect.truncate_at;
    if (fault.is(Effect::Kind::drop_after)) response.cut = true;
    return response;
}

}  // namespace wxpay::sandbox
