#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/result.hpp"
#include "core/crypto/rsa.hpp"

#include "sandbox/directory.hpp"

namespace wxpay::sandbox {

/// The keys by which this WeChat signs what API V3 says, and which of them it uses. Safe to use
/// from all threads.
/// source  spec V3 2.3 to 2.5: [A] pay.weixin.qq.com/docs/merchant/products/platform-certificate
class Platform {
  public:
    Platform();
    Platform(const Platform&) = delete;
    Platform& operator=(const Platform&) = delete;

    struct Key {
        std::string serial;       ///< of the certificate, or "PUB_KEY_ID_…"
        std::string certificate;  ///< PEM; empty: a bare public key
        RsaPrivateKey key;
        Instant from;
        Instant until;  ///< certificates only
    };

    /// The rotation of platform certificates, and signature probes; all off at the start.
    struct Rotation {
        bool second_published = false;  ///< the second certificate is in the list
        bool first_dropped = false;     ///< the first one is out of use
        int second_share = 0;           ///< percent of what is signed by the second one
        int probe_share = 0;            ///< percent whose signature is a probe
        int public_key_share =
            0;  ///< percent of callbacks signed by the public key while switching
    };
    Rotation rotation() const;
    /// invalid_value, with the member as field: a share outside 0 to 100, or one of a certificate
    /// that is not published, or the first dropped without a second.
    Result<void> rotate(const Rotation& rotation);

    /// By which key the merchant's answer is signed. `asked`: the request's Wechatpay-Serial.
    const Key& signer(const Merchant& merchant, std::string_view asked, Random& dice) const;
    /// The same of a callback; `asked` is what the call named that caused it.
    const Key& callback_signer(const Merchant& merchant, std::string_view asked,
                               Random& dice) const;
    bool draws_probe(Random& dice) const;

    /// The key that is in use for that merchant under this serial: to decrypt what was encrypted
    /// for us. Null when there is none.
    const Key* find(const Merchant& merchant, std::string_view serial) const;
    /// Certificates that are published now, newest first.
    std::vector<const Key*> published() const;
    const Key& public_key() const { return public_key_; }
    /// All three, for who keeps files of them.
    const Key& first() const { return first_; }
    const Key& second() const { return second_; }

  private:
    const Key& certificate(const Rotation& rotation, Random& dice) const;

    const Key first_;
    const Key second_;
    const Key public_key_;
    mutable std::mutex mutex_;
    Rotation rotation_;
};

/// How a signature probe begins. source  [A] pay.weixin.qq.com/doc/v3/merchant/4016241880
inline constexpr std::string_view kProbeMark = "WECHATPAY/SIGNTEST/";

}  // namespace wxpay::sandbox
