#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/http/message.hpp"

#include "sandbox/context.hpp"
#include "sandbox/faults/fault.hpp"
#include "sandbox/ledger/refund.hpp"
#include "sandbox/notify/notification.hpp"

namespace wxpay::sandbox {

class Work;
struct Combination;

// What API V3 says about orders and refunds, in callbacks and in answers alike, and how callbacks
// are made of it. source  spec V3 4.3, 7; grades: FIDELITY.md "V3 callbacks"

/// An order as a payment's callback has it; a query's answer has `promotion_detail` besides, and of
/// an unpaid order less.
nlohmann::ordered_json v3_transaction(const Order& order);
/// A combined order, in its callback and in the answer of a query.
nlohmann::ordered_json v3_combination(const Combination& combination,
                                      const std::vector<Order>& parts);
/// What the states are called: 支付成功, 订单未支付, …
std::string_view v3_description(TradeState state);
/// The coupons that took part, as `promotion_detail` has them.
nlohmann::ordered_json v3_promotions(const std::vector<v2::Coupon>& coupons);
/// A refund as its callback has it.
nlohmann::ordered_json v3_refund_result(const Refund& refund, const Order& order);

/// What a callback is about.
struct V3Event {
    std::string_view type;           ///< "TRANSACTION.SUCCESS"
    std::string_view original_type;  ///< "transaction"
    std::string_view associated_data;
    std::string_view summary;  ///< "支付成功"
};
inline constexpr V3Event kPaymentSucceeded{"TRANSACTION.SUCCESS", "transaction", "transaction",
                                           "支付成功"};

/// The envelope with `plain` sealed in it by the merchant's APIv3 key.
std::string v3_envelope(const V3Event& event, std::string_view plain, const Merchant& merchant,
                        Random& random, Instant now);

/// Writes a callback and its first attempt. The caller has set kind, mch_id, out_trade_no, url and
/// platform_serial. False when the merchant has no APIv3 key: then WeChat sends none,
/// and the log says so.
bool add_v3_callback(Work& work, Notification notification, const V3Event& event,
                     std::string_view plain, const Merchant& merchant);

V3Event refund_event(RefundState state);

/// One attempt: the body with fresh headers, signed by the key that is in use for this merchant.
/// `fault` may spoil it; an attempt that a fault strikes is no probe. `copy` counts duplicates of
/// one attempt. Same draws for the same attempt, whenever it is made.
http::Request v3_callback_request(const Notification& notification, const Merchant& merchant,
                                  const Effect* fault, int copy, Context& context);
/// How the reason of an attempt begins whose signature was a probe.
inline constexpr std::string_view kProbeReason = "signature probe";
/// Whether its signature is a probe, which a right merchant refuses.
bool is_probe(const http::Request& request);

}  // namespace wxpay::sandbox
