#include "sandbox/api_v3/refusals.hpp"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace wxpay::sandbox::api_v3 {
namespace {

/// All that the pages' tables list for some call, first those that a call can earn.
/// source  [A] codes and statuses: spec V3 1.7; messages: FIDELITY.md "API V3: calls and answers"
constexpr std::array kDocumented{
    kSignWrong,
    kParamError,
    Words{400, "INVALID_REQUEST", "无效请求"},
    kReentryDiffers,
    kAppidNotBound,
    Words{400, "MCH_NOT_EXISTS", "商户号不存在", 268443715},
    kOrderPaid,
    Words{400, "ORDER_PAID", "该订单已支付", 268498689},  // the newer tables' spelling
    kOrderClosed,
    Words{400, "ORDER_REVERSED", "订单已撤销"},
    Words{400, "ALREADY_EXISTS", "商户单号已存在"},
    Words{400, "NO_STATEMENT_EXIST", "账单文件不存在"},
    Words{400, "STATEMENT_CREATING", "账单生成中"},
    Words{400, "AUTH_CODE_INVALID", "付款码无效"},
    kNoPermission,
    Words{403, "ACCOUNT_ERROR", "账号异常"},
    kNotEnough,
    kNumberUsed,
    Words{403, "RULE_LIMIT", "业务规则限制", 268448010},
    Words{403, "TRADE_ERROR", "交易错误"},
    Words{403, "USER_ACCOUNT_ABNORMAL", "退款请求失败，用户账户异常"},
    Words{403, "REQUEST_BLOCKED", "请求被拦截"},
    Words{403, "AUTH_CODE_EXPIRE", "付款码已过期，请用户刷新后重试"},
    kOrderNotExist,
    Words{404, "RESOURCE_NOT_EXISTS", "资源不存在"},
    kNotFound,
    kRateLimited,
    Words{429, "RATELIMIT_EXCEEDED", "频率超限", 268447840},
    kSystemError,
    Words{500, "BANK_ERROR", "银行系统异常"},
    Words{500, "OPENID_MISMATCH", "openid和appid不匹配"},
    Words{500, "INVALID_TRANSACTIONID", "订单号非法"},
    Words{500, "BIZ_ERR_NEED_RETRY", "退款业务流程错误，需要商户触发重试来解决"},
    kUnavailable,
    kUserPaying,
    Words{202, "USER_PAYING", "需要用户输入支付密码"},
    kNoCertificate,
    kNoApiV3Key,
    kSerialUnknown,
    kCertificateExpired,
    kCertificateRevoked,
    kCertificateReplaced,
};

}  // namespace

const Words* find_words(std::string_view code_or_message) {
    for (const Words& words : kDocumented) {
        if (words.code == code_or_message || words.message == code_or_message) return &words;
    }
    return nullptr;
}

std::optional<Words> words_of_status(int http) {
    switch (http) {
        case 429:
            return kRateLimited;
        case 500:
            return kSystemError;
        case 502:
        case 503: {
            Words words = kUnavailable;
            words.http = http;
            return words;
        }
        default:
            return std::nullopt;
    }
}

std::string body_of(const Refusal& refusal) {
    const std::string message = nlohmann::json(refusal.text()).dump();
    if (refusal.detail.empty())
        return fmt::format(R"({{"code":"{}","message":{}}})", refusal.words.code, message);
    return fmt::format(R"({{"code":"{}","detail":{},"message":{}}})", refusal.words.code,
                       refusal.detail, message);
}

}  // namespace wxpay::sandbox::api_v3
