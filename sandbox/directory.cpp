#include "sandbox/directory.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/certificates/issue.hpp"
#include "sandbox/certificates/merchants.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

AppId appid(std::string_view text) { return AppId::parse(text).value(); }
MchId mch_id(std::string_view text) { return MchId::parse(text).value(); }

Merchant twin_of(const Merchant& merchant) {
    Merchant twin = merchant;
    twin.mch_id = mch_id("s" + merchant.mch_id.str());
    twin.api_key = sandbox_key(merchant);
    twin.products = Merchant().products;
    return twin;
}

/// Of all keys and app secrets; see is_secret_text().
constexpr std::size_t kSecretSize = 32;

bool is_secret_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

bool is_in(const MerchantRange& range, std::string_view number) {
    return number.size() == range.from.str().size() && number >= range.from.str() &&
           number <= range.to.str();
}

Merchant merchant_in(const MerchantRange& range, const MchId& number) {
    Merchant merchant;
    merchant.mch_id = number;
    merchant.api_key = derived_secret(range.seed, number.str(), "api_key");
    merchant.api_v3_key = derived_secret(range.seed, number.str(), "api_v3_key");
    merchant.appids = {range.appid};
    // Making a key takes too long for a first use: all of them share the shipped one.
    merchant.certificate = shipped_certificate("1900000109");
    merchant.origin = MerchantOrigin::range;
    return merchant;
}

}  // namespace

struct Directory::Book {
    const Merchant* find(std::string_view number) const {
        const std::shared_lock lock(mutex);
        const auto found = by_number.find(number);
        return found == by_number.end() ? nullptr : found->second;
    }

    /// Under the lock.
    const Merchant& enter(Merchant merchant) {
        if (merchant.certificate) {
            const std::string& pem = merchant.certificate->certificate;
            merchant.serial_no = serial_number(pem);
            if (auto key = RsaPublicKey::from_pem(pem)) merchant.public_key = *std::move(key);
        }
        Merchant twin = twin_of(merchant);
        const Merchant& entered = kept.emplace_back(std::move(merchant));
        const Merchant& its_twin = kept.emplace_back(std::move(twin));
        const auto [at, is_new] = by_number.try_emplace(entered.mch_id.str(), &entered);
        if (is_new) {
            in_order.push_back(&entered);
        } else {
            *std::find(in_order.begin(), in_order.end(), at->second) = &entered;
            at->second = &entered;
        }
        by_number.insert_or_assign(its_twin.mch_id.str(), &its_twin);
        for (const Secret* const secret :
             {&entered.api_key, &entered.api_v3_key, &its_twin.api_key})
            hide(*secret);
        if (entered.certificate)
            fingerprints.insert(fingerprint_of(entered.certificate->certificate));
        return entered;
    }

    void hide(const Secret& secret) {
        if (secret.empty()) return;
        WXPAY_ASSERT(secret.reveal().size() == kSecretSize);
        secrets.insert(secret.reveal());
    }

    const Merchant* bring_into_being(std::string_view number) {
        if (!range) return nullptr;
        const std::string_view wire_id = number.starts_with('s') ? number.substr(1) : number;
        const auto parsed = MchId::parse(wire_id);
        if (!parsed || !is_in(*range, wire_id)) return nullptr;
        Merchant merchant = merchant_in(*range, *parsed);
        const std::unique_lock lock(mutex);
        if (!by_number.contains(wire_id)) enter(std::move(merchant));  // another thread was first
        return by_number.find(number)->second;
    }

    std::vector<WechatApp> apps;
    std::optional<MerchantRange> range;
    std::mutex adding;
    mutable std::shared_mutex mutex;  // guards what follows
    std::deque<Merchant> kept;        // with their twins; nothing moves or leaves
    std::unordered_map<std::string_view, const Merchant*> by_number;  // the views are into `kept`
    std::vector<const Merchant*> in_order;
    std::unordered_set<std::string_view> secrets;  // the views are into `apps` and `kept`
    std::unordered_set<std::string> fingerprints;
};

Directory::Directory(std::vector<WechatApp> apps, std::vector<Merchant> merchants,
                     std::optional<MerchantRange> range)
    : book_(std::make_unique<Book>()) {
    book_->apps = std::move(apps);
    for (const WechatApp& app : book_->apps) book_->hide(app.secret);
    book_->range = std::move(range);
    for (Merchant& merchant : merchants) book_->enter(std::move(merchant));
}

Directory::Directory(const Directory& other)
    : Directory(other.book_->apps, {}, other.book_->range) {
    for (const Merchant* const merchant : other.merchants()) book_->enter(*merchant);
}

Directory::~Directory() = default;
Directory::Directory(Directory&&) noexcept = default;

Directory& Directory::operator=(Directory other) noexcept {
    std::swap(book_, other.book_);
    return *this;
}

const WechatApp* Directory::find_app(std::string_view appid) const {
    const auto& apps = book_->apps;
    const auto found = std::find_if(apps.begin(), apps.end(),
                                    [&](const WechatApp& app) { return app.appid.str() == appid; });
    return found == apps.end() ? nullptr : &*found;
}

const Merchant* Directory::find_merchant(std::string_view mch_id) const {
    const Merchant* const found = book_->find(mch_id);
    return found == nullptr ? book_->bring_into_being(mch_id) : found;
}

const Merchant* Directory::find_in_acceptance(std::string_view mch_id) const {
    return find_merchant("s" + std::string(mch_id));
}

std::vector<const Merchant*> Directory::merchants() const {
    const std::shared_lock lock(book_->mutex);
    return book_->in_order;
}

const std::vector<WechatApp>& Directory::apps() const { return book_->apps; }

std::string Directory::without_secrets(std::string text, std::string_view mask) const {
    const std::shared_lock lock(book_->mutex);
    std::size_t run = 0;  // so many characters before `at` could be a secret's
    for (std::size_t at = 0; at < text.size(); ++at) {
        run = is_secret_character(text[at]) ? run + 1 : 0;
        if (run < kSecretSize) continue;
        const std::size_t begin = at + 1 - kSecretSize;
        if (!book_->secrets.contains(std::string_view(text).substr(begin, kSecretSize))) continue;
        text.replace(begin, kSecretSize, mask);
        at = begin + mask.size() - 1;
        run = 0;
    }
    return text;
}

bool Directory::has_certificate(std::string_view fingerprint) const {
    const std::shared_lock lock(book_->mutex);
    return book_->fingerprints.contains(std::string(fingerprint));
}

std::unique_lock<std::mutex> Directory::one_at_a_time() { return std::unique_lock(book_->adding); }

const Merchant& Directory::add(Merchant merchant) {
    const std::unique_lock lock(book_->mutex);
    return book_->enter(std::move(merchant));
}

bool Directory::has_room() const {
    const std::shared_lock lock(book_->mutex);
    return book_->kept.size() < 2 * kMerchantVersionsMax;
}

void Directory::set_seed(std::uint64_t seed) {
    if (book_->range) book_->range->seed = seed;
}

bool is_secret_text(std::string_view text) {
    return text.size() == kSecretSize && std::all_of(text.begin(), text.end(), is_secret_character);
}

namespace {

constexpr std::array<std::pair<Verification, std::string_view>, 3> kVerifications{
    {{Verification::certificate, "certificate"},
     {Verification::switching, "switching"},
     {Verification::public_key, "public_key"}}};
constexpr std::array<std::pair<CertificateState, std::string_view>, 4> kCertificateStates{
    {{CertificateState::valid, "valid"},
     {CertificateState::expired, "expired"},
     {CertificateState::revoked, "revoked"},
     {CertificateState::replaced, "replaced"}}};

}  // namespace

std::string_view wire_name(Verification verification) {
    for (const auto& [each, word] : kVerifications) {
        if (each == verification) return word;
    }
    return {};
}

std::optional<Verification> parse_verification(std::string_view word) {
    for (const auto& [verification, each] : kVerifications) {
        if (each == word) return verification;
    }
    return std::nullopt;
}

std::string_view wire_name(CertificateState state) {
    for (const auto& [each, word] : kCertificateStates) {
        if (each == state) return word;
    }
    return {};
}

std::optional<CertificateState> parse_certificate_state(std::string_view word) {
    for (const auto& [state, each] : kCertificateStates) {
        if (each == word) return state;
    }
    return std::nullopt;
}

Secret derived_secret(std::uint64_t seed, std::string_view mch_id, std::string_view name) {
    std::string key;
    append_hex(key, sha256(fmt::format("wxpay-sandbox:{}:{}:{}", seed, mch_id, name)),
               HexCase::lower);
    key.resize(kSecretSize);
    return Secret(std::move(key));
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
    without_products.api_v3_key = Secret("sandbox-noproduct-v3-key-32bytes");
    without_products.appids = {shop};
    without_products.products = {};
    without_products.pays_out = false;

    Merchant provider;
    provider.mch_id = mch_id("1900000111");
    provider.api_key = Secret("3e8b6a1d5c9f4072b1e0d3c2a5f48697");
    provider.appids = {shop};
    provider.api_v3_key = Secret("sandbox-provider-v3-key-32-bytes");
    provider.provider = true;
    provider.sub_mch_ids = {"1900000200"};

    std::vector<Merchant> merchants{std::move(demo), std::move(without_products),
                                    std::move(provider)};
    for (Merchant& merchant : merchants)
        merchant.certificate = shipped_certificate(merchant.mch_id.str());
    return Directory(std::move(apps), std::move(merchants));
}

}  // namespace wxpay::sandbox
