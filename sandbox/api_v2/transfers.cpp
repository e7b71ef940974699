// POST /mmpaymkttransfers/promotion/transfers: money from the merchant to a user's balance.
// source  [A] pay.weixin.qq.com/wiki/doc/api/tools/mch_pay.php?chapter=14_2; [B] replies quoted in
// public for NOTENOUGH, AMOUNT_LIMIT, NO_AUTH and the longer texts of PARAM_ERROR
#include <array>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/judged_refusals.hpp"
#include "sandbox/api_v2/payouts.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint transfers();

namespace {

constexpr Words kAmountLimit{"AMOUNT_LIMIT",
                             "付款金额超出限制。低于最小金额1.00元或累计超过5000.00元。"};
constexpr Words kNotEnough{"NOTENOUGH", "余额不足"};
constexpr Words kNumberForm{"PARAM_ERROR", "参数错误:单号必须为33位以下的数字或字母"};
constexpr Words kNumberWrong{"PARAM_ERROR", "参数错误:输入的商户订单号有误"};
constexpr Words kOpenidWrong{"PARAM_ERROR", "参数错误:输入的用户openid有误."};
constexpr Words kMerchantWrong{"PARAM_ERROR", "参数错误:输入的商户号有误."};
constexpr Words kNotPermitted{"NO_AUTH", "产品权限验证失败,请查看您当前是否具有该产品的权限"};
constexpr Words kOpenidOfAnotherApp{"OPENID_ERROR", "Openid错误"};
constexpr Words kNameMismatch{"NAME_MISMATCH", "姓名校验出错"};
constexpr Words kSignError{"SIGN_ERROR", "签名错误"};
constexpr Words kXmlError{"XML_ERROR", "Post内容出错"};
constexpr Words kNotUtf8Error{"PARAM_IS_NOT_UTF8", "请求参数中包含非utf8编码字符"};
constexpr Words kCertificateError{"CA_ERROR", "商户API证书校验出错"};
constexpr Words kBroken{"SYSTEMERROR", "微信内部接口调用发生错误"};
constexpr Words kSendFailed{"SEND_FAILED", "付款错误"};

constexpr std::array kOnDemand{
    kAmountLimit,
    kNotEnough,
    kBroken,
    Words{"FREQ_LIMIT", "超过频率限制，请稍后再试。"},
    Words{"MONEY_LIMIT", "已经达到今日付款总额上限/已达到付款给此用户额度上限"},
    Words{"V2_ACCOUNT_SIMPLE_BAN", "无法给未实名用户付款"},
    Words{"SENDNUM_LIMIT", "该用户今日付款次数超过限制"},
    Words{"RECV_ACCOUNT_NOT_ALLOWED", "收款账户不在收款账户列表"},
    Words{"PAY_CHANNEL_NOT_ALLOWED", "本商户号未配置API发起能力"},
    kSendFailed,
};

constexpr std::array kRephrased{
    Rephrased{kParamFormat, kMerchantWrong, "mchid"},
    Rephrased{kParamFormat, kParamError},
    Rephrased{kParamMissing, kNumberWrong, "partner_trade_no"},
    Rephrased{kParamMissing, kOpenidWrong, "openid"},
    Rephrased{kParamMissing, kParamError},
    Rephrased{kMerchantUnknown, kMerchantWrong},
    Rephrased{kSignWrong, kSignError},
    Rephrased{kPostDataEmpty, kXmlError},
    Rephrased{kXmlMalformed, kXmlError},
    Rephrased{kNotUtf8, kNotUtf8Error},
    Rephrased{kCertificateOfAnother, kCertificateError},
    Rephrased{kSystemError, kBroken},
};

constexpr std::string_view kForceCheck = "FORCE_CHECK";
/// The name that is nobody's.
constexpr std::string_view kWrongName = "错误";

bool is_check_name(std::string_view value) {
    return value == "NO_CHECK" || value == kForceCheck || value == "OPTION_CHECK";
}

constexpr std::array kFields{
    FieldRule{"mch_appid", Need::required, 128},
    FieldRule{"mchid", Need::required, 32},
    FieldRule{"device_info", Need::optional, 32},
    FieldRule{"partner_trade_no", Need::required, 32, "1 to 32 letters and digits",
              is_payout_number, kNumberForm},
    FieldRule{"openid", Need::required, 64, "an openid, which begins with 'o'", is_openid,
              kOpenidWrong},
    FieldRule{"check_name", Need::required, 16, "NO_CHECK or FORCE_CHECK", is_check_name},
    FieldRule{"re_user_name", Need::optional, 64},
    FieldRule{"amount", Need::required, 10, "a whole number of fen", is_amount},
    FieldRule{"desc", Need::required, 100},
    FieldRule{"spbill_create_ip", Need::required, 32, "an IP address", is_ip_address},
    FieldRule{"scene", Need::optional, 64},
    FieldRule{"brand_id", Need::optional, 64, "digits", is_transaction_id},
    FieldRule{"finder_template_id", Need::optional, 128},
};

std::optional<Refusal> find_missing_name(const XmlMessage& message) {
    if (message.get("check_name") != kForceCheck || !message.get("re_user_name").empty())
        return std::nullopt;
    return Refusal{kParamMissing, "re_user_name", "FORCE_CHECK compares re_user_name: send it"};
}

std::optional<Refusal> why_not(const Call& call, const Payout& wanted, Work& work) {
    if (!call.merchant.pays_out)
        return Refusal{kNotPermitted, {}, "transfers are not switched on for this merchant"};
    if (work.store().is_openid_of_another_app(wanted.appid, wanted.openid))
        return Refusal{kOpenidOfAnotherApp, "openid", "this openid was issued to another appid"};
    if (wanted.terms == kForceCheck && wanted.name == kWrongName)
        return Refusal{kNameMismatch, "re_user_name", "this name is the one that never fits"};
    if (wanted.amount < Fen{kPayoutMin} || wanted.amount > Fen{kPayoutMax})
        return Refusal{kAmountLimit, "amount", "one transfer is of 30 to 500000 fen"};
    return std::nullopt;
}

Refusal refusal_for(const PayoutRefusal& refusal) {
    switch (refusal.problem) {
        case PayoutProblem::not_enough:
            return {kNotEnough, {}, "the merchant's account holds less than that"};
        case PayoutProblem::over_limit:
            return {kAmountLimit, "amount", "one user gets at most 500000 fen a day"};
        case PayoutProblem::differs:
            break;
    }
    return {kTransferDiffers, "partner_trade_no", hint_for_difference(refusal.what)};
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    Payout wanted;
    wanted.kind = PayoutKind::transfer;
    wanted.mch_id = call.mch_id();
    wanted.number = call.text("partner_trade_no");
    wanted.appid = AppId::parse(call.get("mch_appid")).value();
    wanted.openid = call.text("openid");
    wanted.amount = Fen{amount_of(call.get("amount"))};
    wanted.name = call.text("re_user_name");
    wanted.desc = call.text("desc");
    wanted.terms = call.text("check_name");
    if (auto refusal = why_not(call, wanted, work)) return Failure{std::move(*refusal)};

    const auto paid = pay_out(work, call.merchant, wanted);
    if (!paid) return Failure{refusal_for(paid.error())};
    if (paid->state == PayoutState::processing) {
        work.commit();
        return Failure{Refusal{kBroken, {}, "the outcome is open: ask for this number, or repeat"}};
    }
    if (paid->state == PayoutState::failed) {
        work.commit();
        return Failure{Refusal{kSendFailed, {}, "it failed: query it, then use a new number"}};
    }
    Reply reply;
    reply.body = v2::Message()
                     .text("return_code", "SUCCESS")
                     .text("return_msg", "")
                     .text("mch_appid", paid->appid.str())
                     .text("mchid", call.merchant.wire_id())
                     .text_if("device_info", call.get("device_info"))
                     .text("nonce_str", call.get("nonce_str"))
                     .text("result_code", "SUCCESS")
                     .text("partner_trade_no", paid->number)
                     .text("payment_no", paid->detail_id)
                     .text("payment_time", format_readable_time(*paid->ended_at))
                     .render();
    return reply;
}

/// Names who asked; return_msg has the reason or, seen with these two, something else.
std::string refuse(const Refusal& refusal, const XmlMessage* message) {
    if (refusal.words.is_protocol_failure()) return refuse_protocol(refusal);
    const auto sent = [message](const char* name) {
        return message == nullptr ? std::string_view() : message->get(name);
    };
    const std::string text = text_of(refusal);
    const std::string_view reason = refusal.words == kNotEnough ? std::string_view("支付失败")
                                    : refusal.words == kNotPermitted ? kNotPermitted.err_code
                                                                     : std::string_view(text);
    return v2::Message()
        .text("return_code", "SUCCESS")
        .text("return_msg", reason)
        .text_if("mch_appid", sent("mch_appid"))
        .text_if("mchid", sent("mchid"))
        .text_if("device_info", sent("device_info"))
        .text("result_code", "FAIL")
        .text("err_code", refusal.words.err_code)
        .text("err_code_des", text)
        .render();
}

}  // namespace

Endpoint transfers() {
    return {.path = "/mmpaymkttransfers/promotion/transfers",
            .fields = kFields,
            .handle = handle,
            .find_missing = find_missing_name,
            .style = Style::own,
            .needs_certificate = true,
            .appid_name = "mch_appid",
            .mch_id_name = "mchid",
            .only_sign_type = v2::SignType::md5,
            .rephrased = kRephrased,
            .on_demand = kOnDemand,
            .refuse = refuse};
}

}  // namespace wxpay::sandbox::api_v2
