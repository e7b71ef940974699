// V2 signing and verifying beside the bare digest of the same bytes: the ratio is the figure, not
// the nanoseconds.
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/codec/xml.hpp"
#include "core/v2/sign.hpp"

#include "bench/messages.hpp"

namespace wxpay::bench {
namespace {

using v2::SignType;

void must(int done) {
    if (done != 1) throw std::runtime_error("OpenSSL failed");
}

/// MD5 as fast as OpenSSL's public interface gives it: fetched once, one context for all.
class BareDigest {
  public:
    BareDigest() { must(EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr)); }

    std::array<unsigned char, 16> operator()(std::string_view bytes) {
        std::array<unsigned char, 16> out{};
        must(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr));
        must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
        must(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr));
        return out;
    }

  private:
    std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest_{EVP_MD_fetch(nullptr, "MD5", nullptr),
                                                            EVP_MD_free};
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
};

/// HMAC-SHA256 likewise: keyed once, then started again with a null key.
class BareMac {
  public:
    explicit BareMac(std::string_view key) {
        std::string digest = "SHA256";
        const std::array<OSSL_PARAM, 2> params{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
            OSSL_PARAM_construct_end()};
        must(EVP_MAC_init(context_.get(), reinterpret_cast<const unsigned char*>(key.data()),
                          key.size(), params.data()));
    }

    std::array<unsigned char, 32> operator()(std::string_view bytes) {
        std::array<unsigned char, 32> out{};
        std::size_t size = 0;
        must(EVP_MAC_init(context_.get(), nullptr, 0, nullptr));
        must(EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size()));
        must(EVP_MAC_final(context_.get(), out.data(), &size, out.size()));
        return out;
    }

  private:
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac_{EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                           EVP_MAC_free};
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_{EVP_MAC_CTX_new(mac_.get()),
                                                                       EVP_MAC_CTX_free};
};

std::string signed_bytes(std::span<const FieldView> fields) {
    return v2::string_to_sign(fields) + std::string(demo_key().reveal());
}

std::string order_bytes() { return signed_bytes(order_fields("20240601120000001")); }

std::string notification_bytes(SignType type) {
    const std::string xml = notification_xml(type);
    return signed_bytes(XmlMessage::parse(xml)->fields());
}

void bare_md5(benchmark::State& state, const std::string& bytes) {
    BareDigest digest;
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(digest(bytes));
}

void bare_hmac(benchmark::State& state, const std::string& bytes) {
    BareMac mac(demo_key().reveal());
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(mac(bytes));
}

void sign(benchmark::State& state, SignType type) {
    const Secret key = demo_key();
    const auto fields = order_fields("20240601120000001");
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(v2::sign(fields, key, type));
}

void verify(benchmark::State& state, SignType type) {
    const Secret key = demo_key();
    const auto fields = order_fields("20240601120000001");
    const std::string signature = v2::sign(fields, key, type);
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(v2::verify(fields, signature, key, type));
}

/// From the bytes of a callback to the verdict, as a merchant's handler does it.
void verify_xml(benchmark::State& state, SignType type) {
    const Secret key = demo_key();
    const std::string xml = notification_xml(type);
    for ([[maybe_unused]] auto _ : state) {
        const auto message = XmlMessage::parse(xml);
        if (!message || !v2::verify(message->fields(), message->get("sign"), key, type)) {
            state.SkipWithError("the notification does not verify");
            break;
        }
    }
}

BENCHMARK_CAPTURE(bare_md5, order, order_bytes());
BENCHMARK_CAPTURE(bare_md5, notification, notification_bytes(SignType::md5));
BENCHMARK_CAPTURE(bare_hmac, order, order_bytes());
BENCHMARK_CAPTURE(bare_hmac, notification, notification_bytes(SignType::hmac_sha256));
BENCHMARK_CAPTURE(sign, md5, SignType::md5);
BENCHMARK_CAPTURE(sign, hmac_sha256, SignType::hmac_sha256);
BENCHMARK_CAPTURE(verify, md5, SignType::md5);
BENCHMARK_CAPTURE(verify, hmac_sha256, SignType::hmac_sha256);
BENCHMARK_CAPTURE(verify_xml, md5, SignType::md5);
BENCHMARK_CAPTURE(verify_xml, hmac_sha256, SignType::hmac_sha256);

}  // namespace
}  // namespace wxpay::bench
