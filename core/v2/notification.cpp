#include "core/v2/notification.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"
#include "core/codec/xml.hpp"

namespace wxpay::v2 {
namespace {

constexpr std::size_t kCouponsMax = 100;

Result<Fen> amount(const XmlMessage& message, const std::string& name) {
    const auto fee = parse_total_fee(message.get(name));
    if (!fee) return Failure{Error{Errc::invalid_value, name + " is not an amount in fen", name}};
    return *fee;
}

/// Amounts that may be 0: coupons can pay for everything.
Result<Fen> amount_or_zero(const XmlMessage& message, const std::string& name) {
    if (message.get(name) == "0") return Fen{0};
    return amount(message, name);
}

Result<std::vector<Coupon>> coupons_of(const XmlMessage& message) {
    std::vector<Coupon> out;
    for (std::size_t n = 0; n < kCouponsMax; ++n) {
        const auto id = message.find(fmt::format("coupon_id_{}", n));
        if (!id) break;
        WXPAY_TRY(const Fen fee, amount(message, fmt::format("coupon_fee_{}", n)));
        out.push_back(
            {std::string(*id), std::string(message.get(fmt::format("coupon_type_{}", n))), fee});
    }
    return out;
}

}  // namespace

bool names_coupon_types(const std::vector<Coupon>& coupons) {
    return std::any_of(coupons.begin(), coupons.end(),
                       [](const Coupon& coupon) { return coupon.type == "NO_CASH"; });
}

std::string render_payment_notification(const PaymentNotification& n, const Secret& key,
                                        SignType type, bool announce_sign_type) {
    Message message;
    message.text("appid", n.appid)
        .text_if("attach", n.attach)
        .text("bank_type", n.bank_type)
        .text("cash_fee", std::to_string(n.cash_fee.count()));
    if (!n.coupons.empty()) {
        Fen all{0};
        for (std::size_t i = 0; i < n.coupons.size(); ++i) {
            const Coupon& coupon = n.coupons[i];
            all = Fen{all.count() + coupon.fee.count()};
            message.text(fmt::format("coupon_id_{}", i), coupon.id);
            message.text(fmt::format("coupon_fee_{}", i), std::to_string(coupon.fee.count()));
            if (names_coupon_types(n.coupons))
                message.text(fmt::format("coupon_type_{}", i), coupon.type);
        }
        message.text("coupon_count", std::to_string(n.coupons.size()))
            .number("coupon_fee", all.count());
    }
    message.text_if("device_info", n.device_info)
        .text("fee_type", n.fee_type)
        .text("is_subscribe", "N")
        .text("mch_id", n.mch_id)
        .text("nonce_str", n.nonce_str)
        .text("openid", n.openid)
        .text("out_trade_no", n.out_trade_no)
        .text("result_code", "SUCCESS")
        .text("return_code", "SUCCESS")
        .text_if("sub_appid", n.sub_appid)
        .text_if("sub_mch_id", n.sub_mch_id)
        .text_if("sub_openid", n.sub_openid);
    if (!n.sub_openid.empty()) message.text("sub_is_subscribe", "N");
    if (n.settlement_total_fee)
        message.number("settlement_total_fee", n.settlement_total_fee->count());
    if (announce_sign_type && type == SignType::hmac_sha256)
        message.text("sign_type", wire_name(type));
    message.text("time_end", format_compact_time(n.time_end))
        .number("total_fee", n.total_fee.count())
        .text("trade_type", n.trade_type)
        .text("transaction_id", n.transaction_id);
    return message.sign(key, type).sort().render();
}

Result<PaymentNotification> parse_payment_notification(std::string_view body, const Secret& key,
                                                       SignType type) {
    WXPAY_TRY(const XmlMessage message, XmlMessage::parse(body));
    const auto text = [&](const char* name) { return std::string(message.get(name)); };
    if (message.get("return_code") != "SUCCESS") {
        return Failure{Error{Errc::refused, "return_code is not SUCCESS: " + text("return_msg"),
                             "return_code"}};
    }
    if (message.get("sign").empty()) return Failure{Error{Errc::missing_field, "no sign", "sign"}};
    if (!verify(message.fields(), message.get("sign"), key, type)) {
        return Failure{Error{Errc::signature_mismatch,
                             fmt::format("sign is not the {} of these fields", wire_name(type)),
                             "sign"}};
    }
    if (message.get("result_code") != "SUCCESS") {
        return Failure{
            Error{Errc::refused, "result_code is not SUCCESS: " + text("err_code"), "result_code"}};
    }
    for (const char* name :
         {"appid", "mch_id", "out_trade_no", "transaction_id", "time_end", "total_fee"}) {
        if (message.get(name).empty()) {
            return Failure{Error{Errc::missing_field, std::string("no ") + name, name}};
        }
    }
    PaymentNotification n;
    n.appid = text("appid");
    n.mch_id = text("mch_id");
    n.sub_appid = text("sub_appid");
    n.sub_mch_id = text("sub_mch_id");
    n.device_info = text("device_info");
    n.nonce_str = text("nonce_str");
    n.openid = text("openid");
    n.sub_openid = text("sub_openid");
    n.trade_type = text("trade_type");
    n.bank_type = text("bank_type");
    n.fee_type = message.find("fee_type") ? text("fee_type") : "CNY";
    n.out_trade_no = text("out_trade_no");
    n.transaction_id = text("transaction_id");
    n.attach = text("attach");
    WXPAY_TRY(n.total_fee, amount(message, "total_fee"));
    n.cash_fee = n.total_fee;
    if (message.find("cash_fee")) {
        WXPAY_TRY(n.cash_fee, amount_or_zero(message, "cash_fee"));
    }
    if (message.find("settlement_total_fee")) {
        WXPAY_TRY(n.settlement_total_fee, amount_or_zero(message, "settlement_total_fee"));
    }
    WXPAY_TRY(n.coupons, coupons_of(message));
    const auto time_end = parse_compact_time(message.get("time_end"));
    if (!time_end)
        return Failure{Error{Errc::invalid_value, "time_end is not yyyyMMddHHmmss", "time_end"}};
    n.time_end = *time_end;
    return n;
}

std::string notification_accepted() {
    return "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></"
           "return_msg></xml>";
}

std::string notification_refused(std::string_view why) {
    std::string out = "<xml><return_code><![CDATA[FAIL]]></return_code><return_msg>";
    append_cdata(out, why);
    return out + "</return_msg></xml>";
}

}  // namespace wxpay::v2
