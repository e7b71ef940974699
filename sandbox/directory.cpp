#include "sandbox/directory.hpp"

#include <algorithm>
#include <utility>

#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/certificates/merchants.hpp"

namespace wxpay::sandbox {
namespace {

AppId appid(std::string_view text) { return AppId::parse(text).value(); }
MchId mch_id(std::string_view text) { return MchId::parse(text).value(); }

}  // namespace

Directory::Directory(std::vector<WechatApp> apps, std::vector<Merchant> merchants)
    : apps_(std::move(apps)), merchants_(std::move(merchants)) {
    for (const Merchant& merchant : merchants_) {
        Merchant twin = merchant;
        twin.mch_id = MchId::parse("s" + merchant.mch_id.str()).value();
        twin.api_key = sandbox_key(merchant);
        twin.products = Merchant().products;
        twins_.push_back(std::move(twin));
    }
}

const WechatApp* Directory::find_app(std::string_view appid) const {
    const auto found = std::find_if(apps_.begin(), apps_.end(),
                                    [&](const WechatApp& app) { return app.appid.str() == appid; });
    return found == apps_.end() ? nullptr : &*found;
}

const Merchant* Directory::find_merchant(std::string_view mch_id) const {
    const auto& among = mch_id.starts_with('s') ? twins_ : merchants_;
    const auto found = std::find_if(among.begin(), among.end(), [&](const Merchant& merchant) {
        return merchant.mch_id.str() == mch_id;
    });
    return found == among.end() ? nullptr : &*found;
}

const Merchant* Directory::find_in_acceptance(std::string_view mch_id) const {
    return find_merchant("s" + std::string(mch_id));
}

std::vector<std::string_view> Directory::secrets() const {
    std::vector<std::string_view> out;
    for (const WechatApp& app : apps_) out.push_back(app.secret.reveal());
    for (const auto* const merchants : {&merchants_, &twins_}) {
        for (const Merchant& merchant : *merchants) {
            out.push_back(merchant.api_key.reveal());
            if (!merchant.api_v3_key.reveal().empty()) out.push_back(merchant.api_v3_key.reveal());
        }
    }
    return out;
}

std::string Merchant::wire_id() const {
    return in_acceptance() ? mch_id.str().substr(1) : mch_id.str();
}

Secret sandbox_key(const Merchant& merchant) {
    std::string key;
    append_hex(key,
               md5("sandbox:" + merchant.wire_id() + ":" + std::string(merchant.api_key.reveal())),
               HexCase::lower);
    return Secret(std::move(key));
}

bool is_bound(const Merchant& merchant, std::string_view appid) {
    return std::any_of(merchant.appids.begin(), merchant.appids.end(),
                       [&](const AppId& bound) { return bound.str() == appid; });
}

bool acts_for(const Merchant& merchant, std::string_view sub_mch_id) {
    return std::find(merchant.sub_mch_ids.begin(), merchant.sub_mch_ids.end(), sub_mch_id) !=
           merchant.sub_mch_ids.end();
}

Directory demo_directory() {
    const AppId shop = appid("wx8888888888888888");
    std::vector<WechatApp> apps{
        {shop, Secret("5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d")},
        {appid("wx1111111111111111"), Secret("0b1c2d3e4f5061728394a5b6c7d8e9f0")}};

    Merchant demo;
    demo.mch_id = mch_id("1900000109");
    demo.api_key = Secret("192006250b4c09247ec02edce69f6a2d");
    demo.api_v3_key = Secret("sandbox-api-v3-key-32-bytes-long");
    demo.appids = {shop};

    Merchant without_products;
    without_products.mch_id = mch_id("1900000110");
    without_products.api_key = Secret("7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c");
    without_products.appids = {shop};
    without_products.products = {};
    without_products.pays_out = false;

    Merchant provider;
    provider.mch_id = mch_id("1900000111");
    provider.api_key = Secret("3e8b6a1d5c9f4072b1e0d3c2a5f48697");
    provider.appids = {shop};
    provider.provider = true;
    provider.sub_mch_ids = {"1900000200"};

    std::vector<Merchant> merchants{std::move(demo), std::move(without_products),
                                    std::move(provider)};
    for (Merchant& merchant : merchants)
        merchant.certificate = shipped_certificate(merchant.mch_id.str());
    return Directory(std::move(apps), std::move(merchants));
}

}  // namespace wxpay::sandbox
