#include "core/v3/signature_headers.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/codec/base64.hpp"
#include "core/v3/sign.hpp"

namespace wxpay::v3 {
namespace {

constexpr const char* kTimestamp = "Wechatpay-Timestamp";
constexpr const char* kNonce = "Wechatpay-Nonce";
constexpr const char* kSerial = "Wechatpay-Serial";
constexpr const char* kSignature = "Wechatpay-Signature";
constexpr const char* kSignatureType = "Wechatpay-Signature-Type";

/// How old a message may be, and how far ahead: [A] spec V3 2.1. The SDKs differ at the very bound
/// (Go and Java refuse 300 s, PHP accepts it); we accept it.
constexpr std::int64_t kAgeMaxSeconds = 300;

std::int64_t seconds(Instant at) {
    return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

bool is_timely(std::string_view timestamp, Instant now) {
    std::int64_t sent = 0;
    const auto [end, problem] =
        std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), sent);
    return problem == std::errc{} && end == timestamp.data() + timestamp.size() &&
           sent >= seconds(now) - kAgeMaxSeconds && sent <= seconds(now) + kAgeMaxSeconds;
}

Failure<Error> failed(Errc code, std::string detail, const char* field) {
    return Failure{Error{code, std::move(detail), field}};
}

}  // namespace

void add_signature(http::Headers& headers, const RsaPrivateKey& key, std::string_view serial,
                   Instant now, std::string_view nonce, std::string_view body) {
    const std::string timestamp = std::to_string(seconds(now));
    headers.add(kTimestamp, timestamp);
    headers.add(kNonce, nonce);
    headers.add(kSerial, serial);
    headers.add(kSignature, key.sign_sha256(response_string(timestamp, nonce, body)));
    headers.add(kSignatureType, kScheme);
}

Result<SignatureHeaders> read_signature(const http::Headers& headers) {
    if (const auto type = headers.find(kSignatureType); type && *type != kScheme) {
        return failed(Errc::invalid_value,
                      std::string(kSignatureType) + " is not " + std::string(kScheme),
                      kSignatureType);
    }
    SignatureHeaders out;
    for (const auto& [name, value] :
         {std::pair(kTimestamp, &out.timestamp), std::pair(kNonce, &out.nonce),
          std::pair(kSerial, &out.serial), std::pair(kSignature, &out.signature)}) {
        *value = headers.get(name);
        if (value->empty()) return failed(Errc::missing_field, std::string("no ") + name, name);
    }
    return out;
}

Result<SignatureHeaders> read_timely_signature(const http::Headers& headers, Instant now) {
    WXPAY_TRY(SignatureHeaders said, read_signature(headers));
    if (!is_timely(said.timestamp, now)) {
        return failed(Errc::mismatch,
                      "Wechatpay-Timestamp is " + said.timestamp +
                          ", more than five minutes from " + std::to_string(seconds(now)),
                      kTimestamp);
    }
    return said;
}

void PlatformKeys::add(std::string serial, RsaPublicKey key) {
    for (auto& [known, its_key] : keys_) {
        if (!http::equals_ignoring_case(known, serial)) continue;
        its_key = std::move(key);
        return;
    }
    keys_.emplace_back(std::move(serial), std::move(key));
}

const RsaPublicKey* PlatformKeys::find(std::string_view serial) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const auto& entry) {
        return http::equals_ignoring_case(entry.first, serial);
    });
    return found == keys_.end() ? nullptr : &found->second;
}

std::vector<std::string> PlatformKeys::serials() const {
    std::vector<std::string> out;
    out.reserve(keys_.size());
    for (const auto& [serial, key] : keys_) out.push_back(serial);
    return out;
}

Result<void> verify_signature(const http::Headers& headers, std::string_view body,
                              const PlatformKeys& keys, Instant now) {
    WXPAY_TRY(const SignatureHeaders said, read_timely_signature(headers, now));
    const RsaPublicKey* const key = keys.find(said.serial);
    if (key == nullptr)
        return failed(Errc::mismatch, "no platform key has the serial " + said.serial, kSerial);
    const auto signature = base64_decode(said.signature);
    if (!signature ||
        !key->verify_sha256(response_string(said.timestamp, said.nonce, body), *signature)) {
        return failed(
            Errc::signature_mismatch,
            "Wechatpay-Signature is not that of this message under the key " + said.serial,
            kSignature);
    }
    return {};
}

}  // namespace wxpay::v3
