// GET /v3/refund/domestic/refunds/{out_refund_no}: how a refund stands.
#include <array>
#include <utility>

#include "sandbox/api_v3/refunds.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint query_refund();

namespace {

constexpr std::array kOnDemand{kNoSuchRefund, kRefundsMerchantUnknown};
constexpr std::array kFields{in_path(kOutRefundNo),
                             in_query(optional("sub_mchid", 32, Limit::recalled))};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto found = seen_by(
        call, work, work.store().find_refund(call.merchant.mch_id, call.path("out_refund_no")));
    if (!found)
        return Failure{Refusal{kNoSuchRefund, "this merchant has no refund of that number"}};
    return refund_reply(found->refund, found->order);
}

}  // namespace

std::optional<FoundRefund> seen_by(const Call& call, Work& work, std::optional<Refund> refund) {
    if (!refund || refund->mch_id != call.merchant.mch_id) return std::nullopt;
    auto order = work.store().find_order(refund->order_id);
    std::string sub_mchid = call.query("sub_mchid");
    if (sub_mchid.empty()) sub_mchid = call.text("sub_mchid");
    if (!order || order->sub_mch_id != sub_mchid) return std::nullopt;
    return FoundRefund{std::move(*refund), std::move(*order)};
}

Endpoint query_refund() {
    return {.method = "GET",
            .path = "/v3/refund/domestic/refunds/{out_refund_no}",
            .fields = kFields,
            .handle = handle,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v3
