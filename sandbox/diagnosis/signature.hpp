#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/codec/xml.hpp"
#include "core/v2/sign.hpp"

#include "sandbox/diagnosis/mistake.hpp"
#include "sandbox/diagnosis/signer.hpp"
#include "sandbox/directory.hpp"

namespace wxpay::sandbox::diagnosis {

/// Messages whose string to sign is longer are not searched; the longest V2 call has about 8 KiB.
inline constexpr std::size_t kTextBytesMax = 16 * 1024;
/// What one diagnosis may cost: about a millisecond for an ordinary order, ten at worst.
inline constexpr std::size_t kTriesMax = 500;
inline constexpr std::size_t kHashedBytesMax = 2 * 1024 * 1024;

struct SignatureDiagnosis {
    bool right = false;             ///< there is nothing to explain
    std::vector<Finding> findings;  ///< what was done wrong, all of it; empty: right, or unknown
    std::string hint;               ///< one ASCII line
    std::string explanation;        ///< a few lines of UTF-8, with the string to sign; no key in it
};

/// Says why `sign` is not the signature of these fields: signs as a merchant would who makes a
/// known mistake, or two at once, and sees which one gives this very sign. A guess is therefore
/// never wrong, and where none fits it says so.
/// message   the fields, and the bytes they came in (empty where there are none)
/// sign      as it came
/// merchant  who should have signed; its api_key is the right key, also when that is the
///           acceptance sandbox's
/// directory whose keys may have been taken by mistake
SignatureDiagnosis diagnose_signature(const Signed& message, std::string_view sign,
                                      const Merchant& merchant, const Directory& directory,
                                      v2::SignType asked);

/// The same for a V2 message.
SignatureDiagnosis diagnose_signature(const XmlMessage& message, std::string_view raw_body,
                                      const Merchant& merchant, const Directory& directory,
                                      v2::SignType asked);

/// Text as a terminal may show it: control characters but LF as \xNN, cut when it is very long.
std::string shown_text(std::string_view text);
inline constexpr std::string_view kMask = "***";

}  // namespace wxpay::sandbox::diagnosis
