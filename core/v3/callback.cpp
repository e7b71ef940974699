#include "core/v3/callback.hpp"

#include <utility>

#include "core/v3/resource.hpp"

namespace wxpay::v3 {
namespace {

Failure<Error> invalid(const char* field, std::string detail) {
    return Failure{Error{Errc::invalid_value, std::move(detail), field}};
}

}  // namespace

Result<Callback> Callback::open(const http::Headers& headers, std::string_view body,
                                const PlatformKeys& keys, const Secret& api_v3_key, Instant now) {
    WXPAY_CHECK(verify_signature(headers, body, keys, now));
    WXPAY_TRY(Notification envelope, parse_notification(body));
    WXPAY_TRY(std::string plain, unseal(api_v3_key, envelope.resource));
    return Callback(std::move(envelope), std::move(plain));
}

Result<PaymentResult> read_payment(const Callback& callback) {
    if (callback.event_type() != "TRANSACTION.SUCCESS")
        return invalid("event_type", "event_type is not TRANSACTION.SUCCESS");
    WXPAY_TRY(PaymentResult out, parse_payment(callback.plain()));
    if (out.trade_state != TradeState::success)
        return invalid("trade_state", "trade_state is not SUCCESS");
    return out;
}

Result<RefundResult> read_refund(const Callback& callback) {
    constexpr std::string_view kRefund = "REFUND.";
    if (!callback.event_type().starts_with(kRefund))
        return invalid("event_type", "event_type is none of a refund");
    WXPAY_TRY(RefundResult out, parse_refund(callback.plain()));
    if (callback.event_type().substr(kRefund.size()) != wire_name(out.status))
        return invalid("refund_status", "refund_status is not that of the event_type");
    return out;
}

}  // namespace wxpay::v3
