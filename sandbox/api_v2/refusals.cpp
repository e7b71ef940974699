#include "sandbox/api_v2/refusals.hpp"

#include <algorithm>
#include <array>

#include "core/base/assert.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

// source  return_msg texts [B] as quoted in public issues and forum answers; err_code texts [A]
// from the error tables
//         of pay.weixin.qq.com/doc/v2/merchant/4011936530 and the orderquery and closeorder pages,
//         or [B] from raw replies of 2018. Grade of each: FIDELITY.md "Refusals".
constexpr std::array kWords{
    Words{Code::method_not_post, "", "请使用post方法"},
    Words{Code::post_data_empty, "", "post数据为空"},
    Words{Code::not_utf8, "", "body不是UTF8编码"},
    Words{Code::xml_malformed, "", "XML格式错误"},
    Words{Code::param_format, "", "{}参数格式错误"},
    Words{Code::param_missing, "", "缺少参数"},
    Words{Code::merchant_unknown, "", "商户号mch_id或sub_mch_id不存在"},
    Words{Code::sub_mch_id_required, "", "受理机构必须传入sub_mch_id"},
    Words{Code::appid_unknown, "", "appid不存在"},
    Words{Code::appid_not_bound, "", "商户号mch_id与appid不匹配"},
    Words{Code::sign_wrong, "", "签名错误"},
    Words{Code::param_unknown, "", "不识别的参数{}"},
    Words{Code::openid_required, "", "JSAPI支付必须传openid"},
    Words{Code::total_fee_invalid, "", "invalid total_fee"},
    Words{Code::openid_of_another_app, "", "appid and openid not match"},
    Words{Code::time_expire_too_near, "", "time_expire时间过短，刷卡至少1分钟，其他5分钟"},
    Words{Code::product_not_enabled, "",
          "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试"},
    Words{Code::openid_invalid, "PARAM_ERROR", "无效的openid"},
    Words{Code::param_error, "PARAM_ERROR", "参数错误"},
    Words{Code::order_number_repeated, "INVALID_REQUEST", "201 商户订单号重复"},
    Words{Code::order_paid, "ORDERPAID", "该订单已支付"},
    Words{Code::order_closed, "ORDERCLOSED", "订单已关闭"},
    Words{Code::order_not_exist, "ORDERNOTEXIST", "order not exist"},
    Words{Code::close_order_paid, "ORDERPAID", "order paid"},
    Words{Code::close_not_allowed, "TRADE_STATE_ERROR", "订单状态错误"},
    Words{Code::system_error, "SYSTEMERROR", "系统错误"},
};

}  // namespace

const Words& words(Code code) {
    const auto found = std::find_if(kWords.begin(), kWords.end(),
                                    [code](const Words& row) { return row.code == code; });
    WXPAY_ASSERT(found != kWords.end());
    return *found;
}

std::string text_of(const Refusal& refusal) {
    std::string text(words(refusal.code).text);
    if (const std::size_t at = text.find("{}"); at != std::string::npos)
        text.replace(at, 2, refusal.field);
    return text;
}

}  // namespace wxpay::sandbox::api_v2
