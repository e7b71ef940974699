// POST /tools/authcodetoopenid: who shows this payment code.
#include <array>

#include "sandbox/api_v2/pipeline.hpp"
#include "sandbox/ledger/code_payment.hpp"
#include "sandbox/ledger/identifiers.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint auth_code_to_openid();

namespace {

/// What a wrong signature and a missing permission both get.
/// source  [B] developers.weixin.qq.com/community/develop/doc/0006e0d2f8080044f9d10c3cd61000
constexpr Words kUnhelpful{"", "system error"};
constexpr Words kCodeMalformed{"AUTH_CODE_ERROR", "授权码错误"};
constexpr Words kCodeExpired{"AUTHCODEEXPIRE", "授权码过期"};
constexpr Words kCodeUnknown{"AUTH_CODE_INVALID", "授权码检验错误"};

constexpr std::array kFields{
    FieldRule{"auth_code", Need::required, 128, "18 digits that begin with 10 to 15", is_auth_code,
              kCodeMalformed},
};

constexpr std::array kRephrased{Rephrased{kSignWrong, kUnhelpful}};
constexpr std::array kOnDemand{kSystemError};

Result<Reply, Refusal> handle(const Call& call, Work& /*work*/) {
    if (!call.merchant.products.contains(TradeType::micropay)) {
        return Failure{
            Refusal{kUnhelpful, {}, "code payment is not switched on for this merchant"}};
    }
    const std::string_view auth_code = call.get("auth_code");
    const Scan scan = scan_of(auth_code);
    if (scan == Scan::expired)
        return Failure{Refusal{kCodeExpired, "auth_code", "a code that ends in 9004 is expired"}};
    if (scan == Scan::unknown)
        return Failure{
            Refusal{kCodeUnknown, "auth_code", "this code is nobody's, by its last digits"}};
    const std::string openid = payer_of(auth_code);
    Reply reply;
    reply.business.text("openid", openid);
    if (const std::string_view sub_appid = call.get("sub_appid"); !sub_appid.empty())
        reply.business.text("sub_openid", openid_from(sub_appid, openid));
    return reply;
}

}  // namespace

Endpoint auth_code_to_openid() {
    return {.path = "/tools/authcodetoopenid",
            .fields = kFields,
            .handle = handle,
            .only_sign_type = v2::SignType::md5,
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
