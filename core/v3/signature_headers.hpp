#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/crypto/rsa.hpp"
#include "core/http/message.hpp"

namespace wxpay::v3 {

/// The Wechatpay-* headers of an answer or a callback.
struct SignatureHeaders {
    std::string timestamp;
    std::string nonce;
    std::string serial;     ///< of the platform certificate, or "PUB_KEY_ID_…"
    std::string signature;  ///< base64
};

/// Signs `body` and adds the five headers, Wechatpay-Signature-Type included.
void add_signature(http::Headers& headers, const RsaPrivateKey& key, std::string_view serial,
                   Instant now, std::string_view nonce, std::string_view body);

/// Reads them. missing_field names the first that is absent; invalid_value: another
/// Wechatpay-Signature-Type than ours (none at all is ours).
Result<SignatureHeaders> read_signature(const http::Headers& headers);

/// The same, and mismatch (field Wechatpay-Timestamp): more than five minutes from `now`.
Result<SignatureHeaders> read_timely_signature(const http::Headers& headers, Instant now);

/// The keys that a merchant trusts, by what Wechatpay-Serial says. Copies share the keys.
class PlatformKeys {
  public:
    void add(std::string serial, RsaPublicKey key);
    /// Null for an unknown serial. Compares without case, as hex may come in both.
    const RsaPublicKey* find(std::string_view serial) const;
    bool empty() const { return keys_.empty(); }
    /// The serials, in the order in which they came.
    std::vector<std::string> serials() const;

  private:
    std::vector<std::pair<std::string, RsaPublicKey>> keys_;
};

/// Whether an answer or a callback is WeChat's. Errors: those of read_timely_signature(); mismatch
/// (field Wechatpay-Serial: not one of the keys); signature_mismatch. A signature probe
/// (WECHATPAY/SIGNTEST/…) is simply a mismatch.
/// now  of the real clock
Result<void> verify_signature(const http::Headers& headers, std::string_view body,
                              const PlatformKeys& keys, Instant now);

}  // namespace wxpay::v3
