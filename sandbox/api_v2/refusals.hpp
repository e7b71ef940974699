#pragma once

#include <string>
#include <string_view>

#include "core/v2/message.hpp"

namespace wxpay::sandbox::api_v2 {

/// WeChat's words for a refusal. Without an err_code they are a protocol failure's return_msg.
struct Words {
    std::string_view err_code;
    std::string_view text;  ///< "{}" stands for the field's name

    bool is_protocol_failure() const { return err_code.empty(); }
    friend bool operator==(const Words&, const Words&) = default;
};

// What any call may be answered; what belongs to one endpoint stands in its file.
// source  return_msg texts [B] as quoted in public issues and forum answers; err_code texts [A]
// from the error tables of pay.weixin.qq.com/doc/v2/merchant/4011936530 and the pages of each
// endpoint, or [B] from raw replies of 2018. Grade of each: FIDELITY.md "Refusals".
inline constexpr Words kMethodNotPost{"", "请使用post方法"};
inline constexpr Words kPostDataEmpty{"", "post数据为空"};
inline constexpr Words kNotUtf8{"", "body不是UTF8编码"};
inline constexpr Words kXmlMalformed{"", "XML格式错误"};
inline constexpr Words kParamFormat{"", "{}参数格式错误"};
inline constexpr Words kParamMissing{"", "缺少参数"};
inline constexpr Words kMerchantUnknown{"", "商户号mch_id或sub_mch_id不存在"};
inline constexpr Words kSubMchIdRequired{"", "受理机构必须传入sub_mch_id"};
inline constexpr Words kAppidUnknown{"", "appid不存在"};
inline constexpr Words kAppidNotBound{"", "商户号mch_id与appid不匹配"};
inline constexpr Words kSignWrong{"", "签名错误"};
inline constexpr Words kParamUnknown{"", "不识别的参数{}"};
inline constexpr Words kTotalFeeInvalid{"", "invalid total_fee"};
inline constexpr Words kTimeExpireTooNear{"", "time_expire时间过短，刷卡至少1分钟，其他5分钟"};
inline constexpr Words kProductNotEnabled{
    "", "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试"};
inline constexpr Words kCertificateOfAnother{"CERT_ERROR", "证书校验错误"};
inline constexpr Words kParamError{"PARAM_ERROR", "参数错误"};
inline constexpr Words kInvalidTransactionId{"INVALID_TRANSACTIONID", "无效transaction_id"};
inline constexpr Words kOrderNumberRepeated{"INVALID_REQUEST", "201 商户订单号重复"};
inline constexpr Words kOrderClosed{"ORDERCLOSED", "订单已关闭"};
inline constexpr Words kOrderNotExist{"ORDERNOTEXIST", "order not exist"};
inline constexpr Words kSystemError{"SYSTEMERROR", "系统错误"};
inline constexpr Words kInterfaceError{"SYSTEMERROR", "接口返回错误"};

/// A call refused: the words, the field at fault, and one ASCII line that names the likely cause.
struct Refusal {
    Words words;
    std::string field = {};
    std::string hint = {};
    v2::Message business = {};  ///< elements that stand behind err_code_des all the same
};

/// The text with the field's name in its place.
std::string text_of(const Refusal& refusal);

}  // namespace wxpay::sandbox::api_v2
