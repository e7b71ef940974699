#include "sandbox/unread.hpp"

#include <fmt/format.h>

#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

std::string hint_for(int status, std::string_view detail) {
    constexpr int kBodyTooLarge = 413;
    constexpr int kHeadTooLarge = 431;
    if (status == kBodyTooLarge) return fmt::format("{}: {} bytes", detail, kBodyBytesMax);
    if (status == kHeadTooLarge) return fmt::format("{}: {} bytes", detail, kHeadBytesMax);
    return std::string(detail);
}

http::Response plain(int status, std::string_view detail) {
    http::Response response{status, {}, fmt::format("{}\n", detail)};
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    return response;
}

}  // namespace

http::Response refuse_unread(int status, std::string_view detail, const std::string& target,
                             Context& context) {
    http::Request request;
    http::set_target(request, target);
    if (control::is_control_path(request.path)) return control::answer_unread(status, detail);
    http::Response response =
        api_v3::is_v3_path(request.path)
            ? api_v3::refuse_unread({status, "INVALID_REQUEST", detail}, request, context)
            : plain(status, detail);
    if (!context.settings.strict)
        response.headers.add("Wxpay-Sandbox-Hint", hint_for(status, detail));
    return response;
}

}  // namespace wxpay::sandbox
