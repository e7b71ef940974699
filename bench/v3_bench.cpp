// V3 signing, verifying and sealing beside the bare OpenSSL operation on the same bytes: the ratio
// is the figure, not the nanoseconds.
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/codec/base64.hpp"
#include "core/crypto/gcm.hpp"
#include "core/crypto/rsa.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/callback.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/resource.hpp"
#include "core/v3/sign.hpp"
#include "core/v3/signature_headers.hpp"

namespace wxpay::bench {
namespace {

constexpr std::string_view kTarget = "/v3/pay/transactions/jsapi";
constexpr std::string_view kTimestamp = "1710000004";
constexpr std::string_view kNonce = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
constexpr std::string_view kSealNonce = "fdasflkja484";
constexpr std::string_view kSerial = "5157F09EFDC096DE15EBE81A47057A7200000001";
const Instant kNow{std::chrono::seconds(1710000006)};

constexpr std::string_view kOrder =
    R"({"appid":"wxd678efh567hg6787","mchid":"1900009191",)"
    R"("description":"Image形象店-深圳腾大-QQ公仔","out_trade_no":"1217752501201407033233368018",)"
    R"("notify_url":"https://merchant.example.com/notify",)"
    R"("amount":{"total":100,"currency":"CNY"},)"
    R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}})";
constexpr std::string_view kPayment =
    R"({"mchid":"1900009191","appid":"wxd678efh567hg6787",)"
    R"("out_trade_no":"1217752501201407033233368018",)"
    R"("transaction_id":"4200002077202403091234567890","trade_type":"JSAPI",)"
    R"("trade_state":"SUCCESS","trade_state_desc":"支付成功","bank_type":"OTHERS",)"
    R"("attach":"自定义数据","success_time":"2024-03-10T00:00:05+08:00",)"
    R"("payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},"amount":{"total":100,)"
    R"("payer_total":100,"currency":"CNY","payer_currency":"CNY"}})";

void must(int done) {
    if (done != 1) throw std::runtime_error("OpenSSL failed");
}

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

EVP_PKEY* openssl_key() {
    static const Owned<EVP_PKEY> key(EVP_RSA_gen(2048), EVP_PKEY_free);
    return key.get();
}

const RsaPrivateKey& our_key() {
    static const RsaPrivateKey key = [] {
        const Owned<BIO> out(BIO_new(BIO_s_mem()), BIO_free_all);
        must(PEM_write_bio_PrivateKey(out.get(), openssl_key(), nullptr, nullptr, 0, nullptr,
                                      nullptr));
        char* data = nullptr;
        const long size = BIO_get_mem_data(out.get(), &data);
        return RsaPrivateKey::from_pem(Secret(std::string(data, static_cast<std::size_t>(size))))
            .value();
    }();
    return key;
}

const Secret& seal_key() {
    static const Secret key("TestOnlyApiV3Key0123456789ABCDEF");
    return key;
}

/// SHA-256 and RSA as fast as OpenSSL's public interface gives them: one context for all.
class BareRsa {
  public:
    explicit BareRsa(int (*init)(EVP_PKEY_CTX*)) {
        must(init(context_.get()));
        must(EVP_PKEY_CTX_set_rsa_padding(context_.get(), RSA_PKCS1_PADDING));
        must(EVP_PKEY_CTX_set_signature_md(context_.get(), EVP_sha256()));
        must(EVP_DigestInit_ex2(hashing_.get(), digest_.get(), nullptr));
    }
    std::size_t sign(std::string_view message) {
        hash(message);
        std::size_t size = out_.size();
        must(EVP_PKEY_sign(context_.get(), out_.data(), &size, hash_.data(), hash_.size()));
        return size;
    }
    void verify(std::string_view message, std::string_view signature) {
        hash(message);
        must(EVP_PKEY_verify(context_.get(), bytes(signature), signature.size(), hash_.data(),
                             hash_.size()));
    }

  private:
    void hash(std::string_view message) {
        must(EVP_DigestInit_ex2(hashing_.get(), nullptr, nullptr));
        must(EVP_DigestUpdate(hashing_.get(), message.data(), message.size()));
        must(EVP_DigestFinal_ex(hashing_.get(), hash_.data(), nullptr));
    }

    Owned<EVP_PKEY_CTX> context_{EVP_PKEY_CTX_new_from_pkey(nullptr, openssl_key(), nullptr),
                                 EVP_PKEY_CTX_free};
    Owned<EVP_MD> digest_{EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free};
    Owned<EVP_MD_CTX> hashing_{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    std::array<unsigned char, 32> hash_{};
    std::array<unsigned char, 256> out_{};
};

/// AES-256-GCM likewise: keyed once, then started again with only a nonce.
class BareGcm {
  public:
    explicit BareGcm(bool encrypting) {
        const Owned<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
                                       EVP_CIPHER_free);
        must(EVP_CipherInit_ex(context_.get(), cipher.get(), nullptr, bytes(seal_key().reveal()),
                               nullptr, encrypting ? 1 : 0));
    }
    void encrypt(std::string_view plain, unsigned char* out) {
        run(plain, out);
        must(EVP_CipherFinal_ex(context_.get(), out + plain.size(), &size_));
        must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, 16, out + plain.size()));
    }
    void decrypt(std::string_view cipher, unsigned char* out) {
        run(cipher.substr(0, cipher.size() - 16), out);
        std::array<unsigned char, 16> tag{};
        std::copy(cipher.end() - 16, cipher.end(), tag.begin());
        must(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag.data()));
        must(EVP_CipherFinal_ex(context_.get(), tag.data(), &size_));
    }

  private:
    void run(std::string_view in, unsigned char* out) {
        must(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, bytes(kSealNonce), -1));
        must(EVP_CipherUpdate(context_.get(), nullptr, &size_, bytes("transaction"), 11));
        must(EVP_CipherUpdate(context_.get(), out, &size_, bytes(in), static_cast<int>(in.size())));
    }

    Owned<EVP_CIPHER_CTX> context_{EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
    int size_ = 0;
};

std::string order_string() {
    return v3::request_string("POST", kTarget, kTimestamp, kNonce, kOrder);
}

/// A callback as WeChat sends it.
struct Sent {
    http::Headers headers;
    std::string body;
};
Sent callback() {
    Sent out;
    out.body = v3::render_notification(
        {"7f8fcdb2-573a-547a-901e-4c34f9761293", "2024-03-10T00:00:06+08:00", "TRANSACTION.SUCCESS",
         "支付成功", v3::seal(seal_key(), "transaction", "transaction", kSealNonce, kPayment)});
    v3::add_signature(out.headers, our_key(), kSerial, kNow, kNonce, out.body);
    return out;
}

v3::PlatformKeys platform_keys() {
    v3::PlatformKeys keys;
    keys.add(std::string(kSerial), our_key().public_key());
    return keys;
}

void bare_rsa_sign(benchmark::State& state) {
    BareRsa rsa(EVP_PKEY_sign_init);
    const std::string message = order_string();
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(rsa.sign(message));
}

/// As base64.
void rsa_sign(benchmark::State& state) {
    const std::string message = order_string();
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(our_key().sign_sha256(message));
}

/// All that a merchant does for its Authorization header.
void sign_request(benchmark::State& state) {
    for ([[maybe_unused]] auto _ : state) {
        v3::Authorization authorization{
            "1900009191", std::string(kNonce), std::string(kTimestamp), std::string(kSerial), {}};
        authorization.signature = our_key().sign_sha256(order_string());
        benchmark::DoNotOptimize(v3::render_authorization(authorization));
    }
}

void bare_rsa_verify(benchmark::State& state, const std::string& message) {
    BareRsa rsa(EVP_PKEY_verify_init);
    const std::string signature = *base64_decode(our_key().sign_sha256(message));
    for ([[maybe_unused]] auto _ : state) rsa.verify(message, signature);
}

void rsa_verify(benchmark::State& state) {
    const std::string message = order_string();
    const RsaPublicKey key = our_key().public_key();
    const std::string signature = *base64_decode(our_key().sign_sha256(message));
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(key.verify_sha256(message, signature));
}

/// From the Authorization header to the verdict, as a server does it.
void verify_request(benchmark::State& state) {
    const RsaPublicKey key = our_key().public_key();
    const std::string header =
        v3::render_authorization({"1900009191", std::string(kNonce), std::string(kTimestamp),
                                  std::string(kSerial), our_key().sign_sha256(order_string())});
    for ([[maybe_unused]] auto _ : state) {
        const auto said = v3::parse_authorization(header);
        const auto signature = said ? base64_decode(said->signature) : std::nullopt;
        if (!signature || !key.verify_sha256(v3::request_string("POST", kTarget, said->timestamp,
                                                                said->nonce_str, kOrder),
                                             *signature)) {
            state.SkipWithError("the request does not verify");
            break;
        }
    }
}

void bare_gcm_encrypt(benchmark::State& state) {
    BareGcm gcm(true);
    std::array<unsigned char, kPayment.size() + 16> out{};
    for ([[maybe_unused]] auto _ : state) {
        gcm.encrypt(kPayment, out.data());
        benchmark::DoNotOptimize(out);
    }
}

void gcm_encrypt(benchmark::State& state) {
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(
            aes256_gcm_encrypt(seal_key(), kSealNonce, "transaction", kPayment));
}

void bare_gcm_decrypt(benchmark::State& state) {
    BareGcm gcm(false);
    const std::string cipher = aes256_gcm_encrypt(seal_key(), kSealNonce, "transaction", kPayment);
    std::array<unsigned char, kPayment.size()> out{};
    for ([[maybe_unused]] auto _ : state) {
        gcm.decrypt(cipher, out.data());
        benchmark::DoNotOptimize(out);
    }
}

void gcm_decrypt(benchmark::State& state) {
    const std::string cipher = aes256_gcm_encrypt(seal_key(), kSealNonce, "transaction", kPayment);
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(aes256_gcm_decrypt(seal_key(), kSealNonce, "transaction", cipher));
}

/// From the headers and bytes of a callback to the payment in it, as a merchant's handler does it.
void read_callback(benchmark::State& state) {
    const auto [headers, body] = callback();
    const v3::PlatformKeys keys = platform_keys();
    for ([[maybe_unused]] auto _ : state) {
        const auto opened = v3::Callback::open(headers, body, keys, seal_key(), kNow);
        if (!opened || !v3::read_payment(*opened)) {
            state.SkipWithError("the callback cannot be read");
            break;
        }
    }
}

BENCHMARK(bare_rsa_sign);
BENCHMARK(rsa_sign);
BENCHMARK(sign_request);
BENCHMARK_CAPTURE(bare_rsa_verify, order, order_string());
BENCHMARK_CAPTURE(bare_rsa_verify, callback,
                  v3::response_string(kTimestamp, kNonce, callback().body));
BENCHMARK(rsa_verify);
BENCHMARK(verify_request);
BENCHMARK(bare_gcm_encrypt);
BENCHMARK(gcm_encrypt);
BENCHMARK(bare_gcm_decrypt);
BENCHMARK(gcm_decrypt);
BENCHMARK(read_callback);

}  // namespace
}  // namespace wxpay::bench
