#include "core/v3/transaction.hpp"

#include <nlohmann/json.hpp>

#include "core/v3/members.hpp"

namespace wxpay::v3 {

Result<PaymentResult> parse_payment(std::string_view text) {
    WXPAY_TRY(const nlohmann::json json, parse_object(text));
    PaymentResult out;
    WXPAY_TRY(out.appid, needed_text(json, "appid"));
    WXPAY_TRY(out.mchid, needed_text(json, "mchid"));
    WXPAY_TRY(out.out_trade_no, needed_text(json, "out_trade_no"));
    WXPAY_TRY(const std::string state, needed_text(json, "trade_state"));
    const auto known = parse_trade_state(state);
    if (!known) return Failure{Error{Errc::invalid_value, "unknown trade_state", "trade_state"}};
    out.trade_state = *known;
    const bool was_paid = *known == TradeState::success || *known == TradeState::refund;
    WXPAY_TRY(out.transaction_id,
              was_paid ? needed_text(json, "transaction_id") : text_member(json, "transaction_id"));
    WXPAY_TRY(out.trade_type, text_member(json, "trade_type"));
    WXPAY_TRY(out.trade_state_desc, text_member(json, "trade_state_desc"));
    WXPAY_TRY(out.openid, text_member(object_member(json, "payer"), "openid"));
    WXPAY_TRY(out.attach, text_member(json, "attach"));
    const nlohmann::json& amount = object_member(json, "amount");
    if (was_paid) {
        WXPAY_TRY(out.total, needed_fen(amount, "total"));
    } else {
        WXPAY_TRY(out.total, fen_member(amount, "total"));
    }
    WXPAY_TRY(std::string currency, text_member(amount, "currency"));
    if (!currency.empty()) out.currency = std::move(currency);
    WXPAY_TRY(out.success_time, time_member(json, "success_time"));
    return out;
}

}  // namespace wxpay::v3
