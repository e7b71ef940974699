#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/domain/trade.hpp"
#include "core/http/message.hpp"

#include "merchant/shop/order.hpp"
#include "merchant/shop/payment.hpp"
#include "merchant/shop/refund.hpp"

namespace wxpay::merchant {

/// The arguments of wx.requestPayment, all of them texts.
struct PaymentArguments {
    std::string app_id;
    std::string time_stamp;
    std::string nonce_str;
    std::string package;
    std::string sign_type;
    std::string pay_sign;
};

/// WeChat's answer to the question how an order stands.
struct OrderStanding {
    TradeState state = TradeState::not_paid;
    std::string out_trade_no;              ///< of the order that the answer is about
    std::optional<PaymentReport> payment;  ///< of one that is paid; nothing when it lacks an amount
};

/// What a refusal means to the shop, whatever the API calls it.
enum class Refusal {
    other,
    order_paid,
    order_closed,
    no_such_order,
    no_such_refund,
    no_bill,  ///< for this day: nothing to put into one, or not there yet
};

/// Why a callback is answered with a no.
enum class Doubt {
    sender,     ///< it is not proven to be WeChat's, or is no such message
    content,    ///< it is WeChat's, but not what the books expect
    ourselves,  ///< something here does not work
};

/// WeChat Pay as the shop uses it. What comes back has passed every check of signature and seal;
/// whether it is about us and right, the shop compares. Thread-safe. Errors of the calls: those of
/// the client below; `refused` when WeChat said no, see meaning().
class Gateway {
  public:
    virtual ~Gateway() = default;

    virtual const Identity& us() const = 0;
    /// "V2" or "V3".
    virtual std::string_view api() const = 0;

    /// wx.login's code for the user's openid.
    virtual Result<std::string> openid_of(const std::string& js_code) = 0;

    /// Makes the order known; the prepay_id. WeChat takes the same number twice only when the
    /// second request equals the first, so all of it comes from what the order has held since it
    /// was made.
    /// payer_address  IP address of the user's phone, for the API that wants it
    virtual Result<std::string> prepay(const Order& order, const std::string& payer_address) = 0;
    /// Signed here, because whoever signs needs the key, and that never leaves the server.
    virtual PaymentArguments payment_arguments(const std::string& prepay_id) = 0;
    virtual Result<OrderStanding> order_query(const std::string& out_trade_no) = 0;

    virtual Result<RefundReport> refund(const Order& order, const Refund& refund) = 0;
    virtual Result<RefundReport> refund_query(const std::string& out_refund_no) = 0;

    /// The text of a day's trade bill, see v2::parse_bill().
    /// day  yyyyMMdd, UTC+8
    virtual Result<std::string> trade_bill(const std::string& day) = 0;

    /// The body and the headers of a callback as they came.
    virtual Result<PaymentReport> payment_callback(const http::Request& request) = 0;
    virtual Result<RefundReport> refund_callback(const http::Request& request) = 0;
    /// The answer that ends the retries.
    virtual http::Response accepted() const = 0;
    /// An answer that asks for another try.
    /// why  for WeChat's log
    virtual http::Response refused(Doubt doubt, std::string_view why) const = 0;

    virtual Refusal meaning(const Error& error) const = 0;
    /// A no to a refund that stays a no: WeChat has not made it and never will by itself. Whatever
    /// else went wrong, it may have.
    virtual bool is_final_for_refund(const Error& error) const = 0;
};

}  // namespace wxpay::merchant
