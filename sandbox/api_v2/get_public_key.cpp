// POST /risk/getpublickey: the RSA key that bank card numbers are encrypted with.
#include <array>

#include "embedded/kBankPublicKey.hpp"
#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint get_public_key();

namespace {

constexpr Words kSignError{"SIGNERROR", "签名错误"};
constexpr Words kBusy{"SYSTEMERROR", "系统繁忙，请稍后重试"};
constexpr Words kMerchantWrong{"20002", "商户号信息有误，请检查修改后重试"};

constexpr std::array kFields{
    FieldRule{"sign_type", Need::required, 64, "MD5 or HMAC-SHA256"},
};

constexpr std::array kRephrased{
    Rephrased{kSignWrong, kSignError},
    Rephrased{kMerchantUnknown, kMerchantWrong},
    Rephrased{kParamFormat, kMerchantWrong, "mch_id"},
    Rephrased{kSystemError, kBusy},
};
constexpr std::array kOnDemand{kBusy};

Result<Reply, Refusal> handle(const Call& call, Work& /*work*/) {
    Reply reply;
    reply.body = v2::Message()
                     .text("return_code", "SUCCESS")
                     .text("result_code", "SUCCESS")
                     .text("mch_id", call.get("mch_id"))
                     .text("pub_key", kBankPublicKey)
                     .render();
    return reply;
}

}  // namespace

Endpoint get_public_key() {
    return {.path = "/risk/getpublickey",
            .fields = kFields,
            .handle = handle,
            .style = Style::own,
            .needs_certificate = true,
            .appid_name = "",
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
