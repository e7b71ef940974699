// POST …/getsignkey: the key of Tencent's acceptance sandbox, for a call signed by the real one.
#include <array>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint get_sign_key();
Endpoint get_sign_key_xdc();

namespace {

constexpr std::array kRephrased{
    Rephrased{kSignWrong, Words{"", "获取沙箱密钥失败，确认交易密钥是否正确"}}};  // [B]

constexpr std::array<FieldRule, 0> kFields{};

Result<Reply, Refusal> handle(const Call& call, Work&) {
    Reply reply;
    reply.body =
        "<xml>\n  <return_code><![CDATA[SUCCESS]]></return_code>\n"
        "  <return_msg><![CDATA[ok]]></return_msg>\n"
        "  <sandbox_signkey><![CDATA[" +
        std::string(acceptance_key(call.merchant).reveal()) + "]]></sandbox_signkey>\n</xml>";
    return reply;
}

}  // namespace

Endpoint get_sign_key() {
    return {.path = "/sandboxnew/pay/getsignkey",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .appid_name = "",
            .rephrased = kRephrased};
}

Endpoint get_sign_key_xdc() {
    Endpoint twin = get_sign_key();
    twin.path = "/xdc/apiv2getsignkey/sign/getsignkey";
    return twin;
}

}  // namespace wxpay::sandbox::api_v2
