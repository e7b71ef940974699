#include "sandbox/certificates/merchants.hpp"

#include "embedded/kCertificate1900000109.hpp"
#include "embedded/kCertificate1900000110.hpp"
#include "embedded/kCertificate1900000111.hpp"
#include "embedded/kKey1900000109.hpp"
#include "embedded/kKey1900000110.hpp"
#include "embedded/kKey1900000111.hpp"
#include "embedded/kMerchantsAuthority.hpp"

namespace wxpay::sandbox {
namespace {

struct Shipped {
    std::string_view mch_id;
    std::string_view certificate;
    std::string_view key;
};
constexpr Shipped kShipped[] = {
    {"1900000109", kCertificate1900000109, kKey1900000109},
    {"1900000110", kCertificate1900000110, kKey1900000110},
    {"1900000111", kCertificate1900000111, kKey1900000111},
};

}  // namespace

std::string bare_pem(std::string_view labelled) {
    return std::string(labelled.substr(labelled.find("-----BEGIN")));
}

std::string merchants_authority() { return bare_pem(kMerchantsAuthority); }

std::optional<Identity> shipped_certificate(std::string_view mch_id) {
    for (const Shipped& each : kShipped) {
        if (each.mch_id == mch_id)
            return Identity{bare_pem(each.certificate), Secret(bare_pem(each.key))};
    }
    return std::nullopt;
}

}  // namespace wxpay::sandbox
