// POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund: a refund whose card is gone
// is sent on its way again, to another card.
#include <array>

#include "sandbox/api_v3/refunds.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint apply_abnormal_refund();

namespace {

constexpr Words kNotAbnormal{400, "INVALID_REQUEST",
                             "退款单状态不是退款异常，不能发起异常退款处理"};
constexpr std::array kOnDemand{kNoSuchRefund, kRefundsMerchantUnknown, kNotAbnormal};

constexpr std::array<std::string_view, 2> kTypes{"USER_BANK_CARD", "MERCHANT_BANK_CARD"};

/// What a card of the user's is told by.
constexpr std::array kCard{optional("bank_type", 16, Limit::recalled),
                           encrypted(optional("bank_account", 1024, Limit::recalled)),
                           encrypted(optional("real_name", 1024, Limit::recalled))};
constexpr std::array kRest{in_path(required("refund_id", 32)),
                           optional("sub_mchid", 32, Limit::recalled), kOutRefundNo,
                           one_of(required("type", 32, Limit::recalled), kTypes)};
constexpr auto kFields = kRest + kCard;

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    if (call.text("type") == "USER_BANK_CARD") {
        for (const FieldRule& rule : kCard) {
            if (call.text(rule.name).empty())
                return Failure{missing(rule, "/body/" + std::string(rule.name))};
        }
    }
    auto found = seen_by(call, work, work.store().find_refund_by_id(call.path("refund_id")));
    if (!found || found->refund.out_refund_no != call.text("out_refund_no")) {
        return Failure{Refusal{kNoSuchRefund,
                               "this merchant has no refund of that refund_id and out_refund_no"}};
    }
    if (found->refund.state != RefundState::abnormal) {
        return Failure{Refusal{kNotAbnormal,
                               "only a refund whose status is ABNORMAL can be sent "
                               "on its way again"}};
    }
    return refund_reply(send_again(work, found->refund), found->order);
}

}  // namespace

Endpoint apply_abnormal_refund() {
    return {.method = "POST",
            .path = "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund",
            .fields = kFields,
            .handle = handle,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v3
