#pragma once

#include <string>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/domain/fen.hpp"

#include "merchant/shop/order.hpp"

namespace wxpay::merchant {

/// What WeChat says was paid, in a callback or in the answer to a query. Its signature has been
/// verified: it comes from WeChat. Whether it is about us and right is still open.
struct PaymentReport {
    std::string appid;
    std::string mch_id;
    std::string out_trade_no;
    std::string transaction_id;
    std::string openid;
    std::string fee_type;
    Fen total;
    Instant paid_at;
};

/// Who the shop is to WeChat.
struct Identity {
    std::string appid;
    std::string mch_id;
};

/// Whether a report for appid and mch_id is addressed to us. Errors: mismatch, with the field.
Result<void> check_addressee(const std::string& appid, const std::string& mch_id,
                             const Identity& us);

/// What a report does to its order.
enum class Ruling {
    credit,            ///< the first report of the payment
    credit_late,       ///< the same, but the order was closed: the goods may be gone
    already_credited,  ///< this very payment again
    refuse,            ///< not the payment that this order waits for
};

struct Decision {
    Ruling ruling;
    std::string reason = {};  ///< why it is refused; fit for WeChat's log
    bool alarm = false;       ///< money may have moved that nobody expected: a person must look
};

/// Decides about a report for this order; reads and changes nothing else.
Decision decide(const Order& order, const PaymentReport& report);

}  // namespace wxpay::merchant
