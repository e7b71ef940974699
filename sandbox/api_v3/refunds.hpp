#pragma once

#include <optional>

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/refund.hpp"

namespace wxpay::sandbox::api_v3 {

/// source  spec V3 1.9: the words [B]
inline constexpr Words kNoSuchRefund{404, "RESOURCE_NOT_EXISTS", "退款单不存在"};
/// Not 400, as orders' pages have it. source  spec V3 1.7
inline constexpr Words kRefundsMerchantUnknown{404, "MCH_NOT_EXISTS", "商户号不存在", 268443715};

/// The merchant's number of a refund.
inline constexpr FieldRule kOutRefundNo =
    matching(required("out_refund_no", 64), kOutRefundNoPattern);

struct FoundRefund {
    Refund refund;
    Order order;
};

/// A refund as far as the caller may see it: its own, or in provider mode the sub_mchid's that the
/// call names.
std::optional<FoundRefund> seen_by(const Call& call, Work& work, std::optional<Refund> refund);

/// A refund as all its calls answer it. source  spec V3 5.1
Reply refund_reply(const Refund& refund, const Order& order);

}  // namespace wxpay::sandbox::api_v3
