#include <fmt/format.h>

#include "core/v2/notification.hpp"
#include "core/v2/refund_notification.hpp"

#include "merchant/api/routes.hpp"
#include "merchant/limits.hpp"
#include "merchant/settle.hpp"
#include "merchant/settle_refund.hpp"

namespace wxpay::merchant::api {
namespace {

/// WeChat reads the words, not the status: a FAIL is a good answer too.
http::Response answer(std::string xml) {
    http::Response response;
    response.headers.add("Content-Type", "text/xml; charset=utf-8");
    response.body = std::move(xml);
    return response;
}

/// What the sender is told of a message that could not be read: what we found, in our own words.
std::string reason_for(const Error& error) {
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
        case Errc::malformed:
        case Errc::not_utf8:
        case Errc::mismatch:
        case Errc::timed_out:
        case Errc::unreachable:
            break;
    }
    return "not a V2 message";
}

Result<void> check_size(const http::Request& request) {
    if (request.body.size() > kNotifyBytesMax)
        return Failure{Error{Errc::too_large, "the body is over the limit"}};
    return {};
}

/// The body as a payment that WeChat itself reports. The type of signature is the one that we sign
/// our own orders with: a sign_type inside the message is the sender's wish, not a fact.
Result<v2::PaymentNotification> read_payment(const http::Request& request, const v2::Account& us) {
    WXPAY_CHECK(check_size(request));
    return v2::parse_payment_notification(request.body, us.api_key, us.sign_type);
}

Result<v2::RefundNotification> read_refund(const http::Request& request, const v2::Account& us) {
    WXPAY_CHECK(check_size(request));
    return v2::parse_refund_notification(request.body, us.api_key);
}

/// Who sent it is unknown, so it is not believed in anything, not even in its order number: the
/// line goes to the shop's log.
std::string refuse(const http::Request& request, const Error& error, const Context& context) {
    note_refused(fmt::format("callback from {}", request.remote_address), error.detail, context);
    return v2::notification_refused(reason_for(error));
}

std::string answer_to_payment(const http::Request& request, const Context& context) {
    const auto notification = read_payment(request, context.wechat.account());
    if (!notification) return refuse(request, notification.error(), context);
    const Settled settled = settle(report_of(*notification), "callback", context);
    return settled.accepted ? v2::notification_accepted()
                            : v2::notification_refused(settled.reason);
}

std::string answer_to_refund(const http::Request& request, const Context& context) {
    const auto notification = read_refund(request, context.wechat.account());
    if (!notification) return refuse(request, notification.error(), context);
    const SettledRefund settled =
        settle_refund(report_of(*notification), "refund callback", context);
    return settled.accepted ? v2::notification_accepted()
                            : v2::notification_refused(settled.reason);
}

Outcome answer_by(std::string (*answer_to)(const http::Request&, const Context&), const Call& call,
                  const Context& context) {
    try {
        return answer(answer_to(call.request, context));
    } catch (const std::exception& problem) {
        context.report(Severity::error, fmt::format("callback: {}", problem.what()));
        return answer(v2::notification_refused("not now"));
    }
}

}  // namespace

/// POST /wxpay/notify: WeChat says that an order is paid. SUCCESS ends its retries, so it is said
/// only when the payment is on the disk; on any doubt the answer is FAIL and WeChat comes again.
Outcome notify(const Call& call, const Context& context) {
    return answer_by(answer_to_payment, call, context);
}

/// POST /wxpay/refund_notify: WeChat says that a refund has ended. The same holds.
Outcome notify_refund(const Call& call, const Context& context) {
    return answer_by(answer_to_refund, call, context);
}

}  // namespace wxpay::merchant::api
