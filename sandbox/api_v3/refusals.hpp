#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wxpay::sandbox::api_v3 {

/// WeChat's words for a refusal: HTTP status, code, message, and the number behind the last '-' of
/// the Request-ID.
struct Words {
    int http;
    std::string_view code;
    std::string_view message;
    int number = kOtherNumber;

    static constexpr int kOtherNumber = 268435456;
    friend bool operator==(const Words&, const Words&) = default;
};

/// A call refused.
struct Refusal {
    Words words;
    std::string hint = {};     ///< one ASCII line that names the likely cause
    std::string message = {};  ///< instead of words.message, where it has values in it
    std::string detail = {};   ///< the member "detail" as JSON text; empty: none
    std::string field = {};    ///< the field at fault, as a JSON pointer

    std::string_view text() const { return message.empty() ? words.message : message; }
};

// What any call may be answered; what belongs to one endpoint stands in its file. Sources and
// grades: spec V3 1.5 to 1.9; FIDELITY.md "API V3: calls and answers".
inline constexpr Words kNoUserAgent{400, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"};
inline constexpr Words kAuthorizationMalformed{
    401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"};
inline constexpr Words kOtherScheme{401, "SIGN_ERROR", "Http头Authorization认证类型不正确"};
inline constexpr Words kTimestampOff{
    401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"};
inline constexpr Words kNoCertificate{401, "SIGN_ERROR", "商户未申请过证书。"};
inline constexpr Words kNoApiV3Key{401, "SIGN_ERROR", "商户未设置APIv3密钥。"};
inline constexpr Words kSerialUnknown{401, "SIGN_ERROR", "商户证书序列号有误。"};
inline constexpr Words kCertificateExpired{401, "SIGN_ERROR", "商户证书已过期。"};
inline constexpr Words kCertificateRevoked{401, "SIGN_ERROR", "商户证书已作废。"};
inline constexpr Words kCertificateReplaced{401, "SIGN_ERROR", "已更换证书，请使用新证书"};
inline constexpr Words kSignWrong{401, "SIGN_ERROR", "错误的签名，验签失败", 268443699};

inline constexpr Words kParamError{400, "PARAM_ERROR", "参数错误", 268435461};
inline constexpr Words kOutOfRange{400, "PARAM_ERROR", "参数错误", 268435464};
inline constexpr Words kUnknownParameter{400, "PARAM_ERROR", "请求中含有未在API文档中定义的参数",
                                         270924358};
inline constexpr Words kMchidDiffers{
    400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配", 268435461};
inline constexpr Words kPlatformSerialWrong{400, "PARAM_ERROR",
                                            "平台证书序列号Wechatpay-Serial错误", 268435461};
inline constexpr Words kPlatformSerialMissing{
    400, "PARAM_ERROR", "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)", 268435461};
inline constexpr Words kNotEncrypted{400, "PARAM_ERROR", "请确认待处理的消息是否为加密后的密文",
                                     268435461};
inline constexpr Words kBodyNotJson{400, "INVALID_REQUEST", "请求的消息体不是合法的JSON",
                                    268435461};

inline constexpr Words kNotFound{404, "NOT_FOUND", "请求的资源不存在"};
inline constexpr Words kWrongMethod{405, "NOT_FOUND", "请求的资源不存在"};
inline constexpr Words kNotSimulated{404, "NOT_FOUND", "sandbox: not simulated"};

inline constexpr Words kAppidNotBound{400, "APPID_MCHID_NOT_MATCH",
                                      "appid和mch_id不匹配，请检查后再试", 268445527};
inline constexpr Words kNoPermission{403, "NO_AUTH",
                                     "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试"};
inline constexpr Words kNoRelation{403, "NO_AUTH", "子商户号与服务商没有受理关系", 268443701};
inline constexpr Words kReentryDiffers{400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致",
                                       268498688};
inline constexpr Words kOrderPaid{400, "ORDERPAID", "该订单已支付", 268498689};
inline constexpr Words kOrderClosed{400, "ORDER_CLOSED", "订单已关闭"};
inline constexpr Words kOrderExpired{400, "ORDER_CLOSED", "该订单已失效，请重新下单", 268447914};
inline constexpr Words kUserPaying{202, "USERPAYING", "需要用户输入支付密码"};
inline constexpr Words kNumberUsed{403, "OUT_TRADE_NO_USED", "商户订单号重复"};
inline constexpr int kOrderNotFound = 268512771;
inline constexpr Words kOrderNotExist{404, "ORDER_NOT_EXIST", "订单不存在", kOrderNotFound};
// Support's numbers for orders that exist, but not for the caller: spec V3 1.8, 4.6.
inline constexpr int kOrderOfAnotherMchid = 268447843;
inline constexpr int kOrderOfAnotherSubMchid = 268447845;
/// Of transfers; the code is the documentation's, the words ours: spec V3 9.1.
inline constexpr Words kRecordNotExist{404, "NOT_FOUND", "记录不存在"};
inline constexpr Words kNotEnough{403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"};
inline constexpr Words kRateLimited{429, "FREQUENCY_LIMITED", "频率超限", 268447840};
inline constexpr Words kSystemError{500, "SYSTEM_ERROR", "系统繁忙，请稍后重试"};
inline constexpr Words kUnavailable{503, "SERVICE_UNAVAILABLE", "服务不可用"};

/// The words of a code, or of a message, that the documentation has: what a fault or a
/// Wechatpay-Negative-Test header asks for. Null when it has none such.
const Words* find_words(std::string_view code_or_message);

/// What a service that is overloaded, broken or down says: the words of 429, 500, 502 and 503.
std::optional<Words> words_of_status(int http);

/// {"code","detail","message"}, members in alphabetical order as live answers have them.
std::string body_of(const Refusal& refusal);

}  // namespace wxpay::sandbox::api_v3
