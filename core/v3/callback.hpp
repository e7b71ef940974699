#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/base/secret.hpp"
#include "core/http/message.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/refund.hpp"
#include "core/v3/signature_headers.hpp"
#include "core/v3/transaction.hpp"

namespace wxpay::v3 {

/// A callback that WeChat itself has sent to us, opened. open() is the only way to one, so that
/// nobody reads what was not verified.
class Callback {
  public:
    /// All that must happen before a word of a callback is believed, in the one right order: the
    /// signature over the bytes as they came, under a key of WeChat's, made within five minutes of
    /// `now`; then the envelope; then the seal under our APIv3 key. Errors: those of
    /// verify_signature(), parse_notification() and unseal().
    /// body  the bytes as they came, not a rendering of what they mean
    /// now   of the real clock
    static Result<Callback> open(const http::Headers& headers, std::string_view body,
                                 const PlatformKeys& keys, const Secret& api_v3_key, Instant now);

    /// The same in every attempt.
    const std::string& id() const { return envelope_.id; }
    const std::string& create_time() const { return envelope_.create_time; }
    const std::string& event_type() const { return envelope_.event_type; }
    /// What it is about: JSON.
    const std::string& plain() const { return plain_; }

  private:
    Callback(Notification envelope, std::string plain)
        : envelope_(std::move(envelope)), plain_(std::move(plain)) {}
    Notification envelope_;
    std::string plain_;
};

/// An order was paid. Errors: those of parse_payment(); invalid_value for another event_type, or
/// another trade_state than SUCCESS. Whose order it is and whether the amount is right, the caller
/// must compare.
Result<PaymentResult> read_payment(const Callback& callback);
/// A refund has ended or needs a person: event types REFUND.SUCCESS, REFUND.CLOSED,
/// REFUND.ABNORMAL.
Result<RefundResult> read_refund(const Callback& callback);

}  // namespace wxpay::v3
