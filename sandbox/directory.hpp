#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
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
};

/// Who exists in this WeChat. Fixed while the server runs, so that it needs no lock.
class Directory {
  public:
    Directory(std::vector<WechatApp> apps, std::vector<Merchant> merchants);

    const WechatApp* find_app(std::string_view appid) const;
    const Merchant* find_merchant(std::string_view mch_id) const;
    /// The merchant's twin in Tencent's acceptance sandbox: a ledger and a key of its own.
    const Merchant* find_in_acceptance(std::string_view mch_id) const;
    const std::vector<Merchant>& merchants() const { return merchants_; }
    /// Every key and secret: what no answer of the control API may show.
    std::vector<std::string_view> secrets() const;

  private:
    std::vector<WechatApp> apps_;
    std::vector<Merchant> merchants_;
    std::vector<Merchant> twins_;
};

bool is_bound(const Merchant& merchant, std::string_view appid);
bool acts_for(const Merchant& merchant, std::string_view sub_mch_id);

/// The key of the acceptance sandbox: lower-case hex MD5 of "sandbox:", mch_id, ":" and the API
/// key. source  v2.md 10.1: our choice, so that it is reproducible
Secret sandbox_key(const Merchant& merchant);

/// The demo merchant and a few more that make every refusal reachable; see the README's table.
Directory demo_directory();

}  // namespace wxpay::sandbox
