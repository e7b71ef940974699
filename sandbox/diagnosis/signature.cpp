#include "sandbox/diagnosis/signature.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/utf8.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/diagnosis/slips.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

constexpr std::size_t kMd5Bytes = 16;
constexpr std::size_t kSha256Bytes = 32;

std::span<const unsigned char> bytes_of(const std::string& digest) {
    return {reinterpret_cast<const unsigned char*>(digest.data()), digest.size()};
}

std::string upper_hex(const std::string& digest) {
    std::string out;
    append_hex(out, bytes_of(digest), HexCase::upper);
    return out;
}

/// A sign as it came: what kind of digest it is, and how it is written.
struct Given {
    enum class Letters { upper, lower, base64 };

    std::string text;
    std::size_t digest_bytes;
    Letters letters;

    /// Nothing for what is neither hex nor base64 of an MD5 or a SHA-256.
    static std::optional<Given> parse(std::string_view sign) {
        const auto all = [sign](auto accepts) {
            return std::all_of(sign.begin(), sign.end(), [accepts](char c) {
                return accepts(static_cast<unsigned char>(c)) != 0;
            });
        };
        if (sign.size() == 2 * kMd5Bytes || sign.size() == 2 * kSha256Bytes) {
            if (!all([](int c) { return std::isxdigit(c); })) return std::nullopt;
            std::string upper(sign);
            std::transform(upper.begin(), upper.end(), upper.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
            const bool is_upper = upper == sign;
            return Given{std::move(upper), sign.size() / 2,
                         is_upper ? Letters::upper : Letters::lower};
        }
        const auto base64_size = [](std::size_t bytes) { return (bytes + 2) / 3 * 4; };
        for (const std::size_t bytes : {kMd5Bytes, kSha256Bytes}) {
            if (sign.size() == base64_size(bytes) && sign.ends_with('='))
                return Given{std::string(sign), bytes, Letters::base64};
        }
        return std::nullopt;
    }

    bool is(const std::string& digest) const {
        return equal_in_constant_time(
            letters == Letters::base64 ? base64_encode(bytes_of(digest)) : upper_hex(digest), text);
    }
};

/// What goes into the hash; two signers with the same input give the same sign.
struct Input {
    std::string text;
    Signer::Hash hash;
    std::string mac_key;

    friend bool operator==(const Input&, const Input&) = default;
};

std::optional<Input> input_of(const Signer& signer, const Signed& message) {
    auto text = text_of(signer, message, signer.key.reveal());
    if (!text) return std::nullopt;
    const bool is_keyed = signer.hash == Signer::Hash::hmac_sha256;
    return Input{*std::move(text), signer.hash,
                 is_keyed ? std::string(signer.key.reveal()) : std::string()};
}

/// A signer that gives the sign, and what it does wrong.
struct Match {
    Signer signer;
    std::vector<Finding> findings;
};

class Search {
  public:
    Search(const Signed& message, const Given& given) : message_(message), given_(given) {}

    std::optional<Match> run(const Signer& right, const std::vector<Slip>& slips) {
        std::vector<Input> seen;
        std::vector<const Slip*> telling;  // those that change what is hashed
        if (fits(right, seen)) return Match{right, {}};
        for (const Slip& slip : slips) {
            Signer signer = right;
            slip.apply(signer);
            const std::size_t before = seen.size();
            if (fits(signer, seen)) return Match{signer, {slip.finding}};
            if (seen.size() > before) telling.push_back(&slip);
        }
        for (std::size_t i = 0; i < telling.size(); ++i) {
            for (std::size_t j = i + 1; j < telling.size(); ++j) {
                const Slip& a = *telling[i];
                const Slip& b = *telling[j];
                if (a.about == b.about || !a.combines || !b.combines) continue;
                Signer signer = right;
                a.apply(signer);
                b.apply(signer);
                if (fits(signer)) return Match{signer, {a.finding, b.finding}};
            }
        }
        return std::nullopt;
    }

  private:
    bool is_exhausted() const { return tries_ >= kTriesMax || bytes_ >= kHashedBytesMax; }

    bool fits(const Signer& signer) {
        if (is_exhausted()) return false;
        const auto input = input_of(signer, message_);
        return input && fits(signer, *input);
    }

    /// The same for an input that was not seen before, which is kept.
    bool fits(const Signer& signer, std::vector<Input>& seen) {
        if (is_exhausted()) return false;
        auto input = input_of(signer, message_);
        if (!input || std::find(seen.begin(), seen.end(), *input) != seen.end()) return false;
        seen.push_back(*std::move(input));
        return fits(signer, seen.back());
    }

    bool fits(const Signer& signer, const Input& input) {
        ++tries_;
        bytes_ += input.text.size();
        return given_.is(digest_of(signer, input.text));
    }

    const Signed& message_;
    const Given& given_;
    std::size_t tries_ = 0;
    std::size_t bytes_ = 0;
};

std::string_view word(Signer::Hash hash) {
    return hash == Signer::Hash::md5 ? "MD5" : "HMAC-SHA256";
}

/// What the sign's length and letters say by themselves.
std::vector<Finding> outward(const Given& given, v2::SignType asked) {
    std::vector<Finding> out;
    if (given.digest_bytes == kMd5Bytes && asked == v2::SignType::hmac_sha256)
        out.push_back({Mistake::md5_despite_sign_type});
    if (given.digest_bytes == kSha256Bytes && asked == v2::SignType::md5)
        out.push_back({Mistake::hmac_not_announced});
    if (given.letters == Given::Letters::lower) out.push_back({Mistake::lower_case_hex});
    if (given.letters == Given::Letters::base64) out.push_back({Mistake::base64});
    return out;
}

bool has(const std::vector<Finding>& findings, Mistake mistake) {
    return std::any_of(findings.begin(), findings.end(),
                       [mistake](const Finding& each) { return each.mistake == mistake; });
}

/// The string to sign for people: the key masked, and in UTF-8 whatever was hashed.
std::string readable(Signer signer, const Signed& message) {
    constexpr std::size_t kReadableMax = 4 * 1024;
    signer.bytes = Signer::Bytes::utf8;
    const std::string text = text_of(signer, message, kMask).value();
    if (!is_utf8(text)) return "(not UTF-8)";
    const std::string_view start = utf8_prefix(text, kReadableMax);
    return shown_text(start) + (start.size() < text.size() ? "…" : "");
}

std::string why_unreadable(std::string_view sign) {
    constexpr std::size_t kSha1Digits = 40;
    constexpr std::size_t kRsaLeast = 300;
    if (sign.empty()) return "the sign is empty";
    std::string out = "the sign has neither 32 nor 64 hex digits";
    if (sign.size() == kSha1Digits) out += "; 40 look like a SHA-1";
    if (sign.size() >= kRsaLeast) out += "; an RSA signature is for V3 only";
    return out;
}

std::string compare_with_yours(std::string_view own) {
    return fmt::format(
        "The string to sign as the sandbox computes it (key masked):\n  {}\n"
        "Print yours just before it is hashed and compare the two; `wxpay-sandbox explain last "
        "--mine FILE` finds the first difference. When they are equal, the keys differ.\n",
        own);
}

}  // namespace

std::string shown_text(std::string_view text) {
    constexpr std::size_t kShownMax = 16 * 1024;
    if (!is_utf8(text)) return "(not UTF-8)";
    const std::string_view start = utf8_prefix(text, kShownMax);
    std::string out;
    for (std::size_t i = 0; i < start.size(); ++i) {
        const auto byte = static_cast<unsigned char>(start[i]);
        const auto next = static_cast<unsigned char>(i + 1 < start.size() ? start[i + 1] : '\0');
        if (byte == 0xc2 && next < 0xa0) {  // U+0080 to U+009F control terminals too
            out += fmt::format("\\x{:02x}", next);
            ++i;
        } else if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += start[i];
        }
    }
    return out + (start.size() < text.size() ? "…" : "");
}

SignatureDiagnosis diagnose_signature(const Signed& message, std::string_view sign,
                                      const Merchant& merchant, const Directory& directory,
                                      v2::SignType asked) {
    SignatureDiagnosis out;
    Signer right;
    right.key = merchant.api_key;
    right.hash = asked == v2::SignType::md5 ? Signer::Hash::md5 : Signer::Hash::hmac_sha256;
    const std::string own = readable(right, message);

    const auto given = Given::parse(sign);
    if (!given) {
        out.hint = why_unreadable(sign);
        out.explanation = out.hint + ".\n" + compare_with_yours(own);
        return out;
    }
    // The length betrays the hash: no need to try the other one.
    right.hash = given->digest_bytes == kMd5Bytes ? Signer::Hash::md5 : Signer::Hash::hmac_sha256;

    const std::vector<Finding> seen = outward(*given, asked);
    const std::string text = text_of(right, message, right.key.reveal()).value();
    const std::string right_sign = upper_hex(digest_of(right, text));
    const bool is_long = std::max(text.size(), message.raw_body.size() / 2) > kTextBytesMax;
    const std::vector<Slip> slips =
        is_long ? std::vector<Slip>{} : slips_for(message, merchant, directory, right_sign);
    const auto match = Search(message, *given).run(right, slips);
    if (!match) {
        const std::string mch_id = merchant.mch_id.str();
        if (!seen.empty()) out.hint = hints(seen) + "; besides, it is ";
        out.hint += fmt::format(
            "not the {} of these fields under the API key of {}, {}; compare the strings to "
            "sign",
            word(right.hash), mch_id.empty() ? "the merchant" : mch_id,
            is_long ? "and too long a message to search for mistakes"
                    : "nor does a known mistake explain it");
        out.explanation = out.hint.substr(0, out.hint.rfind("; compare")) +
                          ".\nMost often the key is another one, or a value changed between "
                          "signing and sending (a nonce_str made twice, a field added later).\n" +
                          compare_with_yours(own);
        return out;
    }
    out.findings = match->findings;
    for (const Finding& finding : seen) {
        const bool told =
            has(out.findings, finding.mistake) || (finding.mistake == Mistake::hmac_not_announced &&
                                                   has(out.findings, Mistake::plain_sha256));
        if (!told) out.findings.push_back(finding);
    }
    if (out.findings.empty()) {
        out.right = true;
        out.hint = "the sign is right";
        out.explanation = "The sign is right.\n";
        return out;
    }
    out.hint = hints(out.findings);
    out.explanation = out.hint + ".\n";
    for (const Finding& finding : out.findings)
        out.explanation.append(advice(finding.mistake)).append("\n");
    out.explanation += fmt::format("Wanted (key masked):\n  {}\n", own);
    if (const std::string theirs = readable(match->signer, message); theirs != own)
        out.explanation += fmt::format("Signed was:\n  {}\n", theirs);
    return out;
}

SignatureDiagnosis diagnose_signature(const XmlMessage& message, std::string_view raw_body,
                                      const Merchant& merchant, const Directory& directory,
                                      v2::SignType asked) {
    return diagnose_signature(Signed{message.fields(), raw_body}, message.get("sign"), merchant,
                              directory, asked);
}

}  // namespace wxpay::sandbox::diagnosis
