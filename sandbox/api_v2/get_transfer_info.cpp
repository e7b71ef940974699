// POST /mmpaymkttransfers/gettransferinfo: what became of a transfer.
#include <array>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/payouts.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint get_transfer_info();

namespace {

constexpr Words kNotFound{"NOT_FOUND", "指定单号数据不存在"};
constexpr Words kParamWrong{"PARAM_ERROR", "请求参数错误"};
constexpr Words kCertificateError{"CA_ERROR", "证书验证失败"};
constexpr Words kSignError{"SIGN_ERROR", "商户签名错误"};
constexpr Words kBroken{"SYSTEMERROR", "系统繁忙，请再试。"};

constexpr std::array kOnDemand{kBroken, Words{"FREQ_LIMIT", "受频率限制"}};

constexpr std::array kRephrased{
    Rephrased{kParamFormat, kParamWrong},
    Rephrased{kParamMissing, kParamWrong},
    Rephrased{kCertificateOfAnother, kCertificateError},
    Rephrased{kSignWrong, kSignError},
    Rephrased{kSystemError, kBroken},
};

constexpr std::array kFields{
    FieldRule{"partner_trade_no", Need::required, 32, "1 to 32 letters and digits",
              is_payout_number},
};

/// Why a transfer failed; our choice, the spec has no text.
constexpr std::string_view kReason = "付款错误";

/// How long a transfer can be asked for; [A] the page of this call.
constexpr std::chrono::hours kAskable{24 * 30};

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto payout = work.store().find_payout(PayoutKind::transfer, call.mch_id(),
                                                 call.text("partner_trade_no"));
    if (!payout) {
        return Failure{Refusal{kNotFound, "partner_trade_no",
                               "this merchant has made no transfer of that number"}};
    }
    if (work.context().clock.now() - payout->created_at > kAskable) {
        return Failure{
            Refusal{kNotFound, "partner_trade_no", "a transfer can be asked for during 30 days"}};
    }
    v2::Message out;
    out.text("return_code", "SUCCESS")
        .text("return_msg", "获取成功")
        .text("result_code", "SUCCESS")
        .text("mch_id", call.merchant.wire_id())
        .text("appid", payout->appid.str())
        .text("detail_id", payout->detail_id)
        .text("partner_trade_no", payout->number)
        .text("status", wire_name(payout->state))
        .text_if("reason", payout->state == PayoutState::failed ? kReason : "")
        .number("payment_amount", payout->amount.count())
        .text("openid", payout->openid)
        .text("transfer_time", format_readable_time(payout->created_at));
    if (payout->state == PayoutState::success)
        out.text("payment_time", format_readable_time(*payout->ended_at));
    out.text_if("transfer_name", payout->name).text("desc", payout->desc);
    Reply reply;
    reply.body = out.render();
    return reply;
}

}  // namespace

Endpoint get_transfer_info() {
    return {.path = "/mmpaymkttransfers/gettransferinfo",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .only_sign_type = v2::SignType::md5,
            .rephrased = kRephrased,
            .on_demand = kOnDemand,
            .refuse = refuse_twice};
}

}  // namespace wxpay::sandbox::api_v2
