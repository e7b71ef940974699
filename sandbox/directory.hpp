#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/crypto/rsa.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"
#include "core/domain/trade.hpp"

#include "sandbox/certificates/identity.hpp"

namespace wxpay::sandbox {

/// A mini program, public account or app.
struct WechatApp {
    AppId appid;
    Secret secret;  ///< for jscode2session
};

/// Where a merchant comes from: shipped, the configuration, the control API, or its first use.
enum class MerchantOrigin { demo, config, api, range };

/// By what a merchant verifies WeChat's V3 signatures; how that is chosen: spec V3 2.3.
enum class Verification { certificate, switching, public_key };

/// "certificate", "switching", "public_key".
std::string_view wire_name(Verification verification);
std::optional<Verification> parse_verification(std::string_view word);

/// What became of a merchant's certificate; V3 refuses all but the first.
enum class CertificateState { valid, expired, revoked, replaced };

/// "valid", "expired", "revoked", "replaced".
std::string_view wire_name(CertificateState state);
std::optional<CertificateState> parse_certificate_state(std::string_view word);

/// A merchant number and what belongs to it.
struct Merchant {
    MchId mch_id;
    Secret api_key;                            ///< V2
    Secret api_v3_key = {};                    ///< V3; no V2 message is signed with it
    std::optional<Identity> certificate = {};  ///< for calls that demand one
    std::vector<AppId> appids;                 ///< the apps that are bound to it
    /// Products that are switched on; a call for another one is refused.
    std::set<TradeType> products = {TradeType::jsapi, TradeType::native, TradeType::app,
                                    TradeType::mweb, TradeType::micropay};
    bool pays_out = true;     ///< transfers and red packets are switched on
    Fen top_up{100'000'000};  ///< what its account holds before the first payment
    bool provider = false;    ///< a service provider: every call must name a sub_mch_id
    std::vector<std::string> sub_mch_ids;  ///< whom it may act for
    /// As it stands on the wire.
    std::string wire_id() const;
    bool in_acceptance() const { return mch_id.str().starts_with('s'); }

    /// Whether callbacks of HMAC-SHA256 orders carry a sign_type element; see FIDELITY.md
    /// "Callbacks".
    bool announces_sign_type = true;
    std::string bizpay_url = {};  ///< who is asked when a user scans its product code; may be empty
    /// Where refunds are told that name no notify_url themselves: the console's setting; may be
    /// empty.
    std::string refund_notify_url = {};
    MerchantOrigin origin = MerchantOrigin::demo;

    Verification verification = Verification::switching;
    CertificateState certificate_state = CertificateState::valid;
    /// What V3 needs of the certificate, read when the merchant enters the directory.
    std::string serial_no = {};
    std::optional<RsaPublicKey> public_key = {};
};

/// Numbers whose merchants come into being when they are first looked for, so that each test can
/// have one of its own. Their keys follow from seed and mch_id; see derived_secret().
struct MerchantRange {
    MchId from;
    MchId to;  ///< included; has as many digits as `from`
    AppId appid;
    std::uint64_t seed = 0;
};

/// Who exists in this WeChat. Safe to use from all threads. What it hands out stays where it is and
/// as it is for the directory's life: a merchant that is replaced is kept beside the new one, since
/// a call may still be working with it.
class Directory {
  public:
    Directory(std::vector<WechatApp> apps, std::vector<Merchant> merchants,
              std::optional<MerchantRange> range = std::nullopt);
    ~Directory();
    Directory(const Directory& other);
    Directory(Directory&& other) noexcept;
    Directory& operator=(Directory other) noexcept;

    const WechatApp* find_app(std::string_view appid) const;
    const Merchant* find_merchant(std::string_view mch_id) const;
    /// The merchant's twin in Tencent's acceptance sandbox: a ledger and a key of its own.
    const Merchant* find_in_acceptance(std::string_view mch_id) const;
    /// Each as it is now, in the order in which they came; a replaced one keeps its place.
    std::vector<const Merchant*> merchants() const;
    const std::vector<WechatApp>& apps() const;
    /// The text with `mask` for every key and secret in it, also for those of merchants that were
    /// replaced.
    std::string without_secrets(std::string text, std::string_view mask) const;
    /// Whether a merchant has this certificate, as ClientCertificate::fingerprint has it.
    bool has_certificate(std::string_view fingerprint) const;

    /// Held by who stores a merchant and then adds it: two must not be stored in one order and
    /// added in the other.
    std::unique_lock<std::mutex> one_at_a_time();
    /// Adds a merchant, or replaces the one with its number.
    const Merchant& add(Merchant merchant);
    /// Whether there have been fewer than kMerchantVersionsMax.
    bool has_room() const;

    /// From which the keys of the range follow. Before its first merchant.
    void set_seed(std::uint64_t seed);

  private:
    struct Book;
    std::unique_ptr<Book> book_;
};

/// What a key or an app's secret is here: 32 letters, digits, '-' and '_', as WeChat makes them. So
/// it stands in no answer in another form, and is found when it is to be masked.
bool is_secret_text(std::string_view text);

/// A key of a merchant in the range: the first 32 digits of SHA-256, in lower-case hex, of
/// "wxpay-sandbox:SEED:MCH_ID:NAME"; `name` is "api_key" or "api_v3_key".
Secret derived_secret(std::uint64_t seed, std::string_view mch_id, std::string_view name);

bool is_bound(const Merchant& merchant, std::string_view appid);
bool acts_for(const Merchant& merchant, std::string_view sub_mch_id);

/// The key of the acceptance sandbox: lower-case hex MD5 of "sandbox:", mch_id, ":" and the API
/// key. source  v2.md 10.1: our choice, so that it is reproducible
Secret sandbox_key(const Merchant& merchant);

/// The demo merchant and a few more that make every refusal reachable; see the README's table.
Directory demo_directory();

}  // namespace wxpay::sandbox
