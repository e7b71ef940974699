#pragma once

#include <string>
#include <vector>

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/order.hpp"

namespace wxpay::sandbox {

/// The bytes of a bill of these lines of an account, BOM and all. The versions differ in the
/// brackets of two titles.
/// source  [A] pay.weixin.qq.com/wiki/doc/api/jsapi.php?chapter=9_18; V3's titles [C] spec V3 6
std::string fund_bill(ApiVersion version, const std::vector<FundEntry>& entries);

}  // namespace wxpay::sandbox
