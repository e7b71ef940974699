#include <fmt/format.h>

#include "merchant/api/routes.hpp"
#include "merchant/limits.hpp"
#include "merchant/settle.hpp"
#include "merchant/settle_refund.hpp"

namespace wxpay::merchant::api {
namespace {

/// What the sender is told of a message that could not be read: what we found, in our own words.
std::string reason_for(const Error& error, const Context& context) {
    switch (error.code) {
        case Errc::signature_mismatch:
            return error.field + " is wrong";
        case Errc::missing_field:
            return error.field + " is missing";
        case Errc::invalid_value:
            return error.field + " is invalid";
        case Errc::refused:
            return error.field + " is not SUCCESS";
        case Errc::too_large:
            return "the body is too large";
        case Errc::mismatch:
            return error.field + " is not acceptable";
        case Errc::malformed:
        case Errc::not_utf8:
        case Errc::timed_out:
        case Errc::unreachable:
            break;
    }
    return fmt::format("not a {} message", context.wechat.api());
}

Result<void> check_size(const http::Request& request) {
    if (request.body.size() > kNotifyBytesMax)
        return Failure{Error{Errc::too_large, "the body is over the limit"}};
    return {};
}

/// Who sent it is unknown, so it is not believed in anything, not even in its order number: the
/// line goes to the shop's log.
http::Response refuse(const http::Request& request, const Error& error, const Context& context) {
    note_refused(fmt::format("callback from {}", request.remote_address), error.detail, context);
    return context.wechat.refused(Doubt::sender, reason_for(error, context));
}

http::Response answer_to_payment(const http::Request& request, const Context& context) {
    const auto report = context.wechat.payment_callback(request);
    if (!report) return refuse(request, report.error(), context);
    const Settled settled = settle(*report, "callback", context);
    return settled.accepted ? context.wechat.accepted()
                            : context.wechat.refused(Doubt::content, settled.reason);
}

http::Response answer_to_refund(const http::Request& request, const Context& context) {
    const auto report = context.wechat.refund_callback(request);
    if (!report) return refuse(request, report.error(), context);
    const SettledRefund settled = settle_refund(*report, "refund callback", context);
    return settled.accepted ? context.wechat.accepted()
                            : context.wechat.refused(Doubt::content, settled.reason);
}

Outcome answer_by(http::Response (*answer_to)(const http::Request&, const Context&),
                  const Call& call, const Context& context) {
    try {
        if (const auto size = check_size(call.request); !size)
            return refuse(call.request, size.error(), context);
        return answer_to(call.request, context);
    } catch (const std::exception& problem) {
        context.report(Severity::error, fmt::format("callback: {}", problem.what()));
        return context.wechat.refused(Doubt::ourselves, "not now");
    }
}

}  // namespace

/// POST /wxpay/notify: WeChat says that an order is paid. A yes ends its retries, so it is said
/// only when the payment is on the disk; on any doubt the answer is a no and WeChat comes again.
Outcome notify(const Call& call, const Context& context) {
    return answer_by(answer_to_payment, call, context);
}

/// POST /wxpay/refund_notify: WeChat says that a refund has ended. The same holds.
Outcome notify_refund(const Call& call, const Context& context) {
    return answer_by(answer_to_refund, call, context);
}

}  // namespace wxpay::merchant::api
