// POST /mmpaymkttransfers/sendredpack: a red packet to one user.
// source  [A] pay.weixin.qq.com/wiki/doc/api/tools/cash_coupon.php?chapter=13_4; [B] replies quoted
// in public for NOTENOUGH and XML_ERROR
#include <array>

#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v2/payouts.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint send_red_pack();

namespace {

constexpr std::string_view kSent = "发放成功.";

constexpr Words kNotEnough{"NOTENOUGH", "帐号余额不足，请到商户平台充值后再重试"};
constexpr Words kXmlError{"XML_ERROR", "输入xml参数格式错误"};
constexpr Words kStopped{"NO_AUTH", "发放失败，此请求可能存在风险，已被微信拦截"};
constexpr Words kAppidWrong{"ILLEGAL_APPID", "非法appid"};
constexpr Words kAmountWrong{"MONEY_LIMIT", "红包金额发放限制"};
constexpr Words kCertificateError{"CA_ERROR", "证书校验出错"};
constexpr Words kSignError{"SIGN_ERROR", "签名错误"};
constexpr Words kBroken{"SYSTEMERROR", "请求已受理，请稍后使用原单号查询发放结果"};
constexpr Words kOpenidOfAnotherApp{"OPENID_ERROR", "openid和appid不匹配"};

constexpr std::array kOnDemand{
    kNotEnough,
    kStopped,
    kBroken,
    Words{"SENDNUM_LIMIT", "该用户今日领取红包个数超过限制"},
    Words{"SEND_FAILED", "红包发放失败,请更换单号再重试"},
    Words{"FREQ_LIMIT", "超过频率限制,请稍后再试"},
    Words{"PROCESSING", "请求已受理，请稍后使用原单号查询发放结果"},
};

constexpr std::array kRephrased{
    Rephrased{kParamFormat, kParamError},
    Rephrased{kParamMissing, kParamError},
    Rephrased{kAppidUnknown, kAppidWrong},
    Rephrased{kAppidNotBound, kAppidWrong},
    Rephrased{kSignWrong, kSignError},
    Rephrased{kPostDataEmpty, kXmlError},
    Rephrased{kXmlMalformed, kXmlError},
    Rephrased{kNotUtf8, kXmlError},
    Rephrased{kCertificateOfAnother, kCertificateError},
    Rephrased{kSystemError, kBroken},
};

bool is_scene(std::string_view value) {
    constexpr std::string_view kPrefix = "PRODUCT_";
    return value.size() == kPrefix.size() + 1 && value.starts_with(kPrefix) &&
           value.back() >= '1' && value.back() <= '8';
}

constexpr std::array kFields{
    FieldRule{"mch_billno", Need::required, 28, "1 to 28 letters and digits", is_payout_number},
    FieldRule{"msgappid", Need::optional, 32},
    FieldRule{"consume_mch_id", Need::optional, 32},
    FieldRule{"wxappid", Need::required, 32},
    FieldRule{"send_name", Need::required, 32},
    FieldRule{"re_openid", Need::required, 32, "an openid, which begins with 'o'", is_openid},
    FieldRule{"total_amount", Need::required, 10, "a whole number of fen", is_amount},
    FieldRule{"total_num", Need::required, 10, "1",
              [](std::string_view value) { return value == "1"; }},
    FieldRule{"wishing", Need::required, 128},
    FieldRule{"client_ip", Need::required, 15, "an IPv4 address", is_ip_address},
    FieldRule{"act_name", Need::required, 32},
    FieldRule{"remark", Need::required, 256},
    FieldRule{"scene_id", Need::optional, 32, "PRODUCT_1 to PRODUCT_8", is_scene},
    FieldRule{"risk_info", Need::optional, 128},
};

/// Whether the amount is within the limits, which a scene widens.
bool is_within_limits(const Payout& wanted) {
    constexpr std::int64_t kMin = 100;
    constexpr std::int64_t kMax = 20'000;
    const bool scene = !wanted.terms.empty();
    return wanted.amount >= Fen{scene ? kPayoutMin : kMin} &&
           wanted.amount <= Fen{scene ? kPayoutMax : kMax};
}

std::optional<Refusal> why_not(const Call& call, const Payout& wanted, Work& work) {
    if (!call.merchant.pays_out)
        return Refusal{kStopped, {}, "red packets are not switched on for this merchant"};
    if (work.store().is_openid_of_another_app(wanted.appid, wanted.openid))
        return Refusal{kOpenidOfAnotherApp, "re_openid", "this openid was issued to another appid"};
    if (!is_within_limits(wanted)) {
        return Refusal{kAmountWrong, "total_amount",
                       "a red packet is of 100 to 20000 fen, with a scene_id of 30 to 500000"};
    }
    return std::nullopt;
}

/// What success and failure end with.
v2::Message echo(const XmlMessage& message) {
    v2::Message out;
    for (const char* const name : {"mch_billno", "mch_id", "wxappid", "re_openid"})
        out.text_if(name, message.get(name));
    const std::string_view amount = message.get("total_amount");
    if (!amount.empty() && is_amount(amount)) out.number("total_amount", amount_of(amount));
    return out;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    Payout wanted;
    wanted.kind = PayoutKind::red_packet;
    wanted.mch_id = call.mch_id();
    wanted.number = call.text("mch_billno");
    wanted.appid = AppId::parse(call.get("wxappid")).value();
    wanted.openid = call.text("re_openid");
    wanted.amount = Fen{amount_of(call.get("total_amount"))};
    wanted.name = call.text("send_name");
    wanted.desc = call.text("remark");
    wanted.wishing = call.text("wishing");
    wanted.activity = call.text("act_name");
    wanted.terms = call.text("scene_id");
    if (auto refusal = why_not(call, wanted, work)) return Failure{std::move(*refusal)};

    const auto sent = pay_out(work, call.merchant, wanted);
    if (!sent) {
        if (sent.error().problem == PayoutProblem::not_enough)
            return Failure{Refusal{kNotEnough, {}, "the merchant's account holds less than that"}};
        return Failure{
            Refusal{kRedPackDiffers, "mch_billno", hint_for_difference(sent.error().what)}};
    }
    Reply reply;
    reply.body = v2::Message()
                     .text("return_code", "SUCCESS")
                     .text("return_msg", kSent)
                     .text("result_code", "SUCCESS")
                     .text("err_code", "SUCCESS")
                     .text("err_code_des", kSent)
                     .append(echo(call.message))
                     .text("send_listid", sent->detail_id)
                     .render();
    return reply;
}

std::string refuse(const Refusal& refusal, const XmlMessage* message) {
    if (refusal.words.is_protocol_failure()) return refuse_protocol(refusal);
    v2::Message out;
    out.text("return_code", "SUCCESS")
        .text("return_msg", text_of(refusal))
        .text("result_code", "FAIL")
        .text("err_code", refusal.words.err_code)
        .text("err_code_des", text_of(refusal));
    if (message != nullptr) out.append(echo(*message));
    return out.render();
}

}  // namespace

Endpoint send_red_pack() {
    return {.path = "/mmpaymkttransfers/sendredpack",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .appid_name = "wxappid",
            .only_sign_type = v2::SignType::md5,
            .rephrased = kRephrased,
            .on_demand = kOnDemand,
            .refuse = refuse};
}

}  // namespace wxpay::sandbox::api_v2
