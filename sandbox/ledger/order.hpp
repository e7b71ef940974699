#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"
#include "core/domain/trade.hpp"
#include "core/v2/notification.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::sandbox {

/// Which API created an order; its callbacks speak that version.
enum class ApiVersion { v2, v3 };

std::string_view wire_name(ApiVersion version);

/// What becomes of an accepted refund. `hold`: nothing, until somebody says so.
enum class RefundOutcome { success, closed, abnormal, hold };

/// "success", "closed", "abnormal", "hold".
std::string_view wire_name(RefundOutcome outcome);
std::optional<RefundOutcome> parse_refund_outcome(std::string_view word);

/// An order of the ledger. One namespace of (mch_id, out_trade_no) for both API versions.
struct Order {
    std::int64_t id = 0;  ///< given by the store; grows with creation
    MchId mch_id;         ///< the owner: the merchant, or the provider in provider mode
    OutTradeNo out_trade_no;
    AppId appid;
    std::string sub_mch_id;
    std::string sub_appid;
    ApiVersion api = ApiVersion::v2;
    TradeType trade_type = TradeType::jsapi;
    TradeState state = TradeState::not_paid;

    Fen total;
    std::string body;
    std::string attach;
    std::string device_info;
    std::string openid;  ///< of the request; the payer's once paid
    std::string sub_openid;
    std::string notify_url;
    std::string nonce_str;  ///< of the request: V2's callback repeats it
    v2::SignType sign_type = v2::SignType::md5;
    std::string limit_pay;
    std::string creation;  ///< what else a repeated call is compared with; see creation.hpp

    PrepayId prepay_id;
    Instant prepaid_at;    ///< when prepay_id was given out; it is good for two hours
    std::string code_url;  ///< NATIVE
    std::string mweb_url;  ///< MWEB; V3 calls it h5_url
    /// Wechatpay-Serial of the V3 call that made it: the caller can verify by that key. May be
    /// empty.
    std::string platform_serial;
    std::string combine_out_trade_no;  ///< of the combined order that it is a part of; or empty
    Instant created_at;
    std::optional<Instant> expires_at;  ///< time_expire: payable before it

    std::string payer;  ///< USERPAYING: the openid of who types the password

    // From here on: when paid, or (but for the numbers) what the payer is about to pay by.
    TransactionId transaction_id;
    std::optional<Instant> paid_at;
    std::string bank_type;
    std::vector<v2::Coupon> coupons;

    Fen refunded;  ///< by refunds that are in process, have succeeded or have gone wrong
    RefundOutcome refund_outcome = RefundOutcome::success;  ///< of the order's next refunds

    bool is_paid() const { return state == TradeState::success || state == TradeState::refund; }
    /// The payer as the sub_appid knows him; empty without one.
    std::string payers_sub_openid() const;
    /// What the user pays: the total less all coupons.
    Fen cash() const;
    Fen coupon_total() const;
    /// The total less NO_CASH coupons; only when one took part.
    std::optional<Fen> settlement_total() const;
};

/// Why an order cannot be paid now.
enum class PayProblem {
    already_paid,
    closed,
    expired,
    card_not_supported,
    failed  ///< a code payment that ended as PAYERROR: it is reversed, not paid
};

/// How a payment was made.
struct Payment {
    TransactionId transaction_id;
    std::string openid;
    std::string bank_type;
    std::vector<v2::Coupon> coupons;
};

/// The order after the user has paid; states and rules: events.md 1, FIDELITY.md "States".
Result<Order, PayProblem> pay(Order order, const Payment& payment, Instant now);

/// Whether the order could be paid now by some user.
std::optional<PayProblem> why_not_payable(const Order& order, Instant now);

}  // namespace wxpay::sandbox
