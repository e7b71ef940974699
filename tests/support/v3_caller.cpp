#include "tests/support/v3_caller.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/codec/base64.hpp"
#include "core/crypto/openssl.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

namespace wxpay::test {
namespace {

const sandbox::Merchant& merchant(const AppHarness& harness, const std::string& mch_id) {
    const sandbox::Merchant* const found = harness.directory.find_merchant(mch_id);
    EXPECT_NE(found, nullptr) << mch_id;
    return *found;
}

v3::PlatformKeys trusted(const AppHarness& harness) {
    v3::PlatformKeys keys;
    for (const sandbox::Platform::Key* const key : harness.platform.published())
        keys.add(key->serial, key->key.public_key());
    const sandbox::Platform::Key& bare = harness.platform.public_key();
    keys.add(bare.serial, bare.key.public_key());
    return keys;
}

}  // namespace

std::string V3Answer::number() const {
    const std::string id(response.headers.get("Request-ID"));
    return id.substr(id.rfind('-') + 1);
}

V3Caller::V3Caller(AppHarness& harness, std::string caller)
    : mch_id(std::move(caller)),
      serial_no(merchant(harness, mch_id).serial_no),
      key(RsaPrivateKey::from_pem(merchant(harness, mch_id).certificate->key).value()),
      harness_(harness) {}

http::Request V3Caller::request(const std::string& method, const std::string& target,
                                const std::string& body) {
    http::Request out;
    out.method = method;
    http::set_target(out, target);
    out.headers.add("Host", "127.0.0.1:12180");
    out.headers.add("Accept", "application/json");
    out.headers.add("User-Agent", "test/1");
    if (!body.empty()) out.headers.add("Content-Type", "application/json");
    if (!platform_serial.empty()) out.headers.add("Wechatpay-Serial", platform_serial);
    out.body = body;
    out.remote_address = "127.0.0.1";
    sign(out);
    return out;
}

void V3Caller::sign(http::Request& request) const {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(harness_.context.wire_clock.now());
    v3::Authorization authorization{mch_id,
                                    "593BEC0C930BF1AFEB40B4A08C8FB242",
                                    std::to_string(seconds.time_since_epoch().count()),
                                    serial_no,
                                    {}};
    authorization.signature =
        key.sign_sha256(v3::request_string(request.method, request.target, authorization.timestamp,
                                           authorization.nonce_str, request.body));
    request.headers.set("Authorization", v3::render_authorization(authorization));
}

V3Answer V3Caller::send(const http::Request& request) {
    V3Answer answer;
    answer.response = harness_.call(request);
    answer.status = answer.response.status;
    answer.body = nlohmann::json::parse(answer.response.body, nullptr, false);
    if (answer.body.is_discarded()) answer.body = nullptr;
    answer.is_signed = v3::verify_signature(answer.response.headers, answer.response.body,
                                            trusted(harness_), harness_.context.wire_clock.now())
                           .has_value();
    return answer;
}

std::string V3Caller::sign_as(RsaPublicKey::Scheme scheme, const std::string& text) const {
    using Scheme = RsaPublicKey::Scheme;
    const auto& pem = merchant(harness_, mch_id).certificate->key;
    const openssl::BioPtr bio = openssl::reading(pem.reveal());
    const openssl::KeyPtr own(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* of_key = nullptr;
    EVP_DigestSignInit(context, &of_key, scheme == Scheme::pkcs1_sha1 ? EVP_sha1() : EVP_sha256(),
                       nullptr, own.get());
    EVP_PKEY_CTX_set_rsa_padding(
        of_key, scheme == Scheme::pss_sha256 ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
    std::vector<unsigned char> out(256);
    std::size_t size = out.size();
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    EXPECT_EQ(EVP_DigestSign(context, out.data(), &size, bytes, text.size()), 1);
    EVP_MD_CTX_free(context);
    return base64_encode(out);
}

nlohmann::json V3Caller::order(const std::string& out_trade_no, const nlohmann::json& changes) {
    nlohmann::json order{{"appid", AppHarness::kAppId},
                         {"mchid", AppHarness::kMchId},
                         {"description", "腾讯充值中心-QQ会员充值"},
                         {"out_trade_no", out_trade_no},
                         {"notify_url", "http://127.0.0.1:9190/wxpay/notify"},
                         {"amount", {{"total", 888}, {"currency", "CNY"}}},
                         {"payer", {{"openid", AppHarness::kOpenId}}}};
    order.merge_patch(changes);
    return order;
}

nlohmann::json open_callback(const http::Request& request, AppHarness& harness,
                             const std::string& mch_id) {
    if (!v3::verify_signature(request.headers, request.body, trusted(harness),
                              harness.context.wire_clock.now()))
        return nullptr;
    const auto envelope = v3::parse_notification(request.body);
    if (!envelope) return nullptr;
    const auto plain = v3::unseal(merchant(harness, mch_id).api_v3_key, envelope->resource);
    return plain ? nlohmann::json::parse(*plain) : nlohmann::json();
}

}  // namespace wxpay::test
