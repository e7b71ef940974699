#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/codec/fields.hpp"
#include "core/v2/sign.hpp"

namespace wxpay::bench {

/// The demo merchant's API key.
Secret demo_key();

/// An ordinary JSAPI order of the demo merchant: 13 fields in the order of a merchant's code,
/// Chinese texts, about 450 bytes to sign. The number is taken by view.
std::vector<FieldView> order_fields(std::string_view out_trade_no);

/// The order as a signed request.
std::string order_xml(std::string_view out_trade_no, v2::SignType type);

/// The callback for such an order, about 800 bytes of XML and 450 to sign.
std::string notification_xml(v2::SignType type);

}  // namespace wxpay::bench
