#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/domain/ids.hpp"

namespace wxpay::sandbox {

// Numbers and addresses as WeChat makes them; formats are observed (grade B), see FIDELITY.md
// "Identifiers".

/// "wx", ddHHmmss, 6 digits, 16 hex digits, "0000".
PrepayId next_prepay_id(Random& random, Instant now);
/// "4200", 6 digits, yyyyMMdd, 10 digits.
TransactionId next_transaction_id(Random& random, Instant now);
/// "50", 8 digits, yyyyMMdd, 11 digits.
std::string next_refund_id(Random& random, Instant now);
/// A transfer's payment_no: "10100", 5 digits, yyyyMMdd, 14 digits.
std::string next_payment_no(Random& random, Instant now);
/// A red packet's send_listid: "10000", 5 digits, yyyyMMdd, 13 digits.
std::string next_send_listid(Random& random, Instant now);
/// 16 letters and digits.
std::string next_nonce(Random& random);
/// weixin://wxpay/bizpayurl?pr=…
std::string next_code_url(Random& random);
/// The H5 cashier's address; `prepay_id` is empty in failing replies.
std::string next_mweb_url(Random& random, const std::string& prepay_id);
/// "o" and 27 characters that follow from the app and `seed`: the same user of an app each time.
std::string openid_from(std::string_view appid, std::string_view seed);
/// A Request-ID header: "08" and hex digits.
std::string next_request_id(Random& random);
/// V3's: 40 hex digits, "-" and the number of a refusal's cause; 0 when there is none.
std::string next_v3_request_id(Random& random, int cause);

}  // namespace wxpay::sandbox
