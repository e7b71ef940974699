// GET /v3/certificates: the platform certificates by which a merchant verifies what we sign.
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"
#include "core/v3/resource.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/pipeline.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint certificates();

namespace {

using Json = nlohmann::json;  // members in alphabetical order, as live answers have them

/// source  [A] github.com/wechatpay-apiv3/wechatpay-php README
constexpr Words kNoPlatformCertificate{
    404, "RESOURCE_NOT_EXISTS",
    "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://"
    "pay.weixin.qq.com/docs/merchant/products/platform-certificate/wxp-pub-key-guide.html"};

constexpr std::array<std::string_view, 3> kAlgorithms{"RSA", "SM2", "ALL"};
constexpr std::array kFields{in_query(one_of(optional("algorithm_type", 0), kAlgorithms))};

Json to_json(const Platform::Key& key, const Merchant& merchant, Random& random) {
    constexpr std::size_t kNonce = 12;
    const v3::Resource sealed =
        v3::seal(merchant.api_v3_key, {}, "certificate", random.hex(kNonce), key.certificate);
    return {{"serial_no", key.serial},
            {"effective_time", format_rfc3339(key.from)},
            {"expire_time", format_rfc3339(key.until)},
            {"encrypt_certificate",
             {{"algorithm", v3::kResourceAlgorithm},
              {"nonce", sealed.nonce},
              {"associated_data", sealed.associated_data},
              {"ciphertext", sealed.ciphertext}}}};
}

/// source  spec V3 2.4: [A] the gitbook of wechatpay-api-v3, ping-tai-zheng-shu
Result<Reply, Refusal> handle(const Call& call, Work& work) {
    if (call.merchant.verification == Verification::public_key) {
        return Failure{Refusal{kNoPlatformCertificate,
                               "this merchant verifies by the WeChat Pay public key, which no API "
                               "hands out; see WXPAY_SANDBOX_PUBLIC_KEY"}};
    }
    Json data = Json::array();
    if (call.query("algorithm_type") == "SM2") {
        call.notes.emplace_back("the sandbox has no SM2 certificates: the list is empty");
    } else {
        Context& context = work.context();
        for (const Platform::Key* const key : context.platform.published())
            data.push_back(to_json(*key, call.merchant, context.random));
    }
    return Reply{.body = dump_json(Json{{"data", std::move(data)}})};
}

}  // namespace

Endpoint certificates() {
    return {.method = "GET", .path = "/v3/certificates", .fields = kFields, .handle = handle};
}

}  // namespace wxpay::sandbox::api_v3
