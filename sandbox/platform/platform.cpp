#include "sandbox/platform/platform.hpp"

#include <utility>

#include "core/codec/beijing_time.hpp"
#include "core/http/message.hpp"

#include "embedded/kPlatformCertificate1.hpp"
#include "embedded/kPlatformCertificate2.hpp"
#include "embedded/kPlatformKey1.hpp"
#include "embedded/kPlatformKey2.hpp"
#include "embedded/kWechatpayKey.hpp"
#include "sandbox/certificates/merchants.hpp"

namespace wxpay::sandbox {
namespace {

constexpr int kAll = 100;
/// source  spec V3 2.3: "PUB_KEY_ID_" and 28 to 32 digits, [B]; these are our own.
constexpr const char* kPublicKeyId = "PUB_KEY_ID_011900000109202401010000000001";

Platform::Key certified(std::string_view certificate, std::string_view key) {
    std::string pem = bare_pem(certificate);
    const CertificateFacts facts = read_certificate(pem).value();
    return {facts.serial_no, std::move(pem), RsaPrivateKey::from_pem(Secret(bare_pem(key))).value(),
            facts.not_before, facts.not_after};
}

bool happens(int percent, Random& dice) {
    return percent > 0 && static_cast<int>(dice.next() % kAll) < percent;
}

}  // namespace

Platform::Platform()
    : first_(certified(kPlatformCertificate1, kPlatformKey1)),
      second_(certified(kPlatformCertificate2, kPlatformKey2)),
      public_key_{kPublicKeyId,
                  {},
                  RsaPrivateKey::from_pem(Secret(bare_pem(kWechatpayKey))).value(),
                  {},
                  {}} {}

Platform::Rotation Platform::rotation() const {
    const std::lock_guard lock(mutex_);
    return rotation_;
}

Result<void> Platform::rotate(const Rotation& rotation) {
    const auto refuse = [](const char* field, const char* detail) {
        return Failure{Error{Errc::invalid_value, detail, field}};
    };
    const std::pair<const char*, int> shares[] = {{"second_share", rotation.second_share},
                                                  {"probe_share", rotation.probe_share},
                                                  {"public_key_share", rotation.public_key_share}};
    for (const auto& [name, share] : shares) {
        if (share < 0 || share > kAll) return refuse(name, "a share is 0 to 100 percent");
    }
    if (rotation.second_share > 0 && !rotation.second_published)
        return refuse("second_share", "the second certificate is not published");
    if (rotation.first_dropped && rotation.second_share != kAll)
        return refuse("first_dropped",
                      "the first certificate still signs: second_share is not 100");
    const std::lock_guard lock(mutex_);
    rotation_ = rotation;
    return {};
}

const Platform::Key& Platform::certificate(const Rotation& rotation, Random& dice) const {
    return happens(rotation.second_share, dice) ? second_ : first_;
}

const Platform::Key& Platform::signer(const Merchant& merchant, std::string_view asked,
                                      Random& dice) const {
    switch (merchant.verification) {
        case Verification::public_key:
            return public_key_;
        case Verification::switching:
            if (http::equals_ignoring_case(asked, public_key_.serial)) return public_key_;
            break;
        case Verification::certificate:
            break;
    }
    return certificate(rotation(), dice);
}

const Platform::Key& Platform::callback_signer(const Merchant& merchant, std::string_view asked,
                                               Random& dice) const {
    const Rotation now = rotation();
    if (merchant.verification == Verification::switching && now.public_key_share > 0)
        return happens(now.public_key_share, dice) ? public_key_ : certificate(now, dice);
    return signer(merchant, asked, dice);
}

bool Platform::draws_probe(Random& dice) const { return happens(rotation().probe_share, dice); }

const Platform::Key* Platform::find(const Merchant& merchant, std::string_view serial) const {
    if (merchant.verification != Verification::certificate &&
        http::equals_ignoring_case(serial, public_key_.serial))
        return &public_key_;
    if (merchant.verification == Verification::public_key) return nullptr;
    for (const Key* const key : published()) {
        if (http::equals_ignoring_case(serial, key->serial)) return key;
    }
    return nullptr;
}

std::vector<const Platform::Key*> Platform::published() const {
    const Rotation now = rotation();
    std::vector<const Key*> out;
    if (now.second_published) out.push_back(&second_);
    if (!now.first_dropped) out.push_back(&first_);
    return out;
}

}  // namespace wxpay::sandbox
