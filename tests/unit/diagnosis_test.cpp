#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/codec/base64.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/utf8.hpp"
#include "core/crypto/digest.hpp"

#include "sandbox/diagnosis/charset.hpp"
#include "sandbox/diagnosis/difference.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

const std::string kKey = "192006250b4c09247ec02edce69f6a2d";

std::string hex(std::span<const unsigned char> bytes, HexCase letters = HexCase::upper) {
    std::string out;
    append_hex(out, bytes, letters);
    return out;
}

const Directory kDirectory = demo_directory();

const Merchant& demo() { return *kDirectory.find_merchant("1900000109"); }

/// An order with every trap in it.
std::string body(const std::string& sign, const std::string& more = {}) {
    return "<xml><nonce_str>n1</nonce_str><appid>wx8888888888888888</appid>"
           "<mch_id>1900000109</mch_id><body><![CDATA[ 茶&饼\n]]></body><attach></attach>"
           "<coupon_fee_10>0</coupon_fee_10><coupon_fee_2>5</coupon_fee_2>"
           "<notify_url>http://a.test/n</notify_url><Zone>z</Zone>" +
           more + "<sign>" + sign + "</sign></xml>";
}

SignatureDiagnosis diagnose(const std::string& sign, const std::string& more = {},
                            v2::SignType asked = v2::SignType::md5) {
    const std::string bytes = body(sign, more);
    return diagnose_signature(XmlMessage::parse(bytes).value(), bytes, demo(), kDirectory, asked);
}

std::vector<std::string> names(const SignatureDiagnosis& diagnosis) {
    std::vector<std::string> out;
    for (const Finding& finding : diagnosis.findings) out.emplace_back(name(finding.mistake));
    std::sort(out.begin(), out.end());
    return out;
}

using Names = std::vector<std::string>;

const std::string kBefore = "Zone=z&appid=wx8888888888888888&body=";
const std::string kBehind =
    "&coupon_fee_10=0&coupon_fee_2=5&mch_id=1900000109&nonce_str=n1&notify_url=";
const std::string kUrl = "http://a.test/n";
const std::string kFields = kBefore + " 茶&饼\n" + kBehind + kUrl;

TEST(DiagnoseSignature, NeverExplainsARightSignatureAway) {
    const auto right = diagnose(hex(md5(kFields + "&key=" + kKey)));
    EXPECT_TRUE(right.right) << right.hint;
    EXPECT_TRUE(right.findings.empty());
    const auto hmac =
        diagnose(hex(hmac_sha256(Secret(kKey), kFields + "&sign_type=HMAC-SHA256&key=" + kKey)),
                 "<sign_type>HMAC-SHA256</sign_type>", v2::SignType::hmac_sha256);
    EXPECT_TRUE(hmac.right) << hmac.hint;
}

struct Slipped {
    std::string hashed;  ///< what the merchant's code hashes by MD5
    Names names;
};

TEST(DiagnoseSignature, NamesTheMistake) {
    const std::string end = "&key=" + kKey;
    const Slipped cases[] = {
        {kFields + "&key=7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c", {"other_merchants_key"}},
        {kFields + "&key=e25d5f74278fcdadeaa529884523b39f", {"sandbox_key_in_production"}},
        {kFields + "&key=sandbox-api-v3-key-32-bytes-long", {"api_v3_key"}},
        {kFields + "&key=5a6c3f1b9d2e47a08c1d2e3f4a5b6c7d", {"app_secret"}},
        {kFields + end + "\n", {"key_with_white_space"}},
        {kFields + end + " ", {"key_with_white_space"}},
        {kFields + "&key=192006250B4C09247EC02EDCE69F6A2D", {"key_in_other_case"}},
        {kFields + "&key=", {"key_missing"}},
        {kFields + "&key=undefined", {"key_missing"}},
        {kFields, {"key_missing"}},
        {kFields + kKey, {"key_without_its_name"}},
        {kFields + "&" + kKey, {"key_without_its_name"}},
        {kFields + "key=" + kKey, {"key_without_its_name"}},
        {kBefore + " 茶&饼\n&coupon_fee_10=0&coupon_fee_2=5&key=" + kKey +
             "&mch_id=1900000109&nonce_str=n1&notify_url=" + kUrl,
         {"key_among_the_fields"}},
        {"Zone=z&appid=wx8888888888888888&attach=&body= 茶&饼\n" + kBehind + kUrl + end,
         {"empty_values_signed"}},
        {"Zone=z&appid=wx8888888888888888&attach=null&body= 茶&饼\n" + kBehind + kUrl + end,
         {"empty_values_signed"}},
        {kBefore + " 茶&饼\n&coupon_fee_2=5&mch_id=1900000109&nonce_str=n1&notify_url=" + kUrl +
             end,
         {"zero_left_out"}},
        {"appid=wx8888888888888888&body= 茶&饼\n" + kBehind + kUrl + "&Zone=z" + end,
         {"sorted_without_case"}},
        {kBefore + " 茶&饼\n&coupon_fee_2=5&coupon_fee_10=0&mch_id=1900000109&nonce_str=n1" +
             "&notify_url=" + kUrl + end,
         {"sorted_by_number"}},
        {"nonce_str=n1&appid=wx8888888888888888&mch_id=1900000109&body= 茶&饼\n&coupon_fee_10=0"
         "&coupon_fee_2=5&notify_url=" +
             kUrl + "&Zone=z" + end,
         {"not_sorted"}},
        {kBefore + "%20%E8%8C%B6%26%E9%A5%BC%0A" + kBehind + "http%3A%2F%2Fa.test%2Fn" + end,
         {"url_encoded"}},
        {kBefore + "%20%e8%8c%b6%26%e9%a5%bc%0a" + kBehind + "http%3a%2f%2fa.test%2fn" + end,
         {"url_encoded_lower"}},
        {kBefore + "+%E8%8C%B6%26%E9%A5%BC%0A" + kBehind + "http%3A%2F%2Fa.test%2Fn" + end,
         {"form_encoded"}},
        {kBefore + "茶&饼" + kBehind + kUrl + end, {"trimmed"}},
        {kBefore + " 茶&amp;饼\n" + kBehind + kUrl + end, {"xml_escaped"}},
        {kBefore + "<![CDATA[ 茶&饼\n]]>" + kBehind + kUrl + end, {"xml_as_written"}},
        {kBefore + " 茶&饼\r\n" + kBehind + kUrl + end, {"line_ends"}},
        {kBefore + " \xB2\xE8&\xB1\xFD\n" + kBehind + kUrl + end, {"gbk"}},
        {kBefore + " ?&?\n" + kBehind + kUrl + end, {"question_marks"}},
        {kFields + "&sign=" + end, {"sign_included"}},
        {kFields + "&sign=" + hex(md5(kFields + end)) + end, {"sign_included"}},
        {kFields + "&sign_type=MD5" + end, {"field_not_sent"}},
        {kBefore + " 茶&饼\n&coupon_fee_10=0&coupon_fee_2=5&mch_id=1900000109&nonce_str=n1" + end,
         {"field_not_signed"}},
        // Two at once.
        {kBefore + "茶&饼" + kBehind + kUrl + "&key=e25d5f74278fcdadeaa529884523b39f",
         {"sandbox_key_in_production", "trimmed"}},
        {kBefore + "%20%E8%8C%B6%26%E9%A5%BC%0A" + kBehind + "http%3A%2F%2Fa.test%2Fn" + kKey,
         {"key_without_its_name", "url_encoded"}},
        {"nonce_str=n1&appid=wx8888888888888888&mch_id=1900000109&body= 茶&饼\n&attach="
         "&coupon_fee_10=0&coupon_fee_2=5&notify_url=" +
             kUrl + "&Zone=z" + end,
         {"empty_values_signed", "not_sorted"}},
    };
    for (const Slipped& each : cases) {
        const auto upper = diagnose(hex(md5(each.hashed)));
        EXPECT_EQ(names(upper), each.names) << each.hashed << "\n" << upper.hint;
        EXPECT_FALSE(upper.right);
        Names and_lower = each.names;
        and_lower.emplace_back("lower_case_hex");
        std::sort(and_lower.begin(), and_lower.end());
        EXPECT_EQ(names(diagnose(hex(md5(each.hashed), HexCase::lower))), and_lower) << each.hashed;
    }
}

TEST(DiagnoseSignature, KnowsTheHashByTheLength) {
    const std::string end = "&key=" + kKey;
    const Secret key(kKey);
    const std::string with_type = kFields.substr(0) + "&sign_type=HMAC-SHA256" + end;
    const std::string element = "<sign_type>HMAC-SHA256</sign_type>";
    const auto hmac = v2::SignType::hmac_sha256;
    EXPECT_EQ(names(diagnose(hex(hmac_sha256(key, kFields + end)))), Names{"hmac_not_announced"});
    EXPECT_EQ(names(diagnose(hex(hmac_sha256(key, with_type)))), Names{"hmac_not_announced"});
    EXPECT_EQ(names(diagnose(hex(md5(with_type)), element, hmac)), Names{"md5_despite_sign_type"});
    EXPECT_EQ(names(diagnose(hex(hmac_sha256(key, kFields + end)), element, hmac)),
              Names{"field_not_signed"});
    EXPECT_EQ(
        names(diagnose(hex(hmac_sha256(key, kFields + "&sign_type=HMAC-SHA256")), element, hmac)),
        Names{"key_missing"});
    EXPECT_EQ(names(diagnose(hex(sha256(with_type)), element, hmac)), Names{"plain_sha256"});
    EXPECT_EQ(names(diagnose(hex(sha256(kFields + end)))), Names{"plain_sha256"});
    const auto digest = md5(kFields + end);
    EXPECT_EQ(names(diagnose(base64_encode(digest))), Names{"base64"});
}

TEST(DiagnoseSignature, KnowsWhatWasSentOtherThanSigned) {
    const std::string end = "&key=" + kKey;
    const std::string before = "appid=wx8888888888888888&attach=";
    const auto of = [&](const std::string& signed_value, const std::string& sent) {
        const std::string text = before + signed_value + "&mch_id=1900000109" + end;
        const std::string bytes = "<xml><appid>wx8888888888888888</appid><attach>" + sent +
                                  "</attach><mch_id>1900000109</mch_id><sign>" + hex(md5(text)) +
                                  "</sign></xml>";
        return names(diagnose_signature(XmlMessage::parse(bytes).value(), bytes, demo(), kDirectory,
                                        v2::SignType::md5));
    };
    EXPECT_EQ(of("a b", "a%20b"), Names{"sent_url_encoded"});
    EXPECT_EQ(of("a&b", "a&amp;amp;b"), Names{"sent_escaped_twice"});
    EXPECT_EQ(of("茶", "\xC3\xA8\xC2\x8C\xC2\xB6"), Names{"sent_as_latin1"});
    EXPECT_EQ(of("a", "a"), Names{});
    EXPECT_EQ(of("a", "b"), Names{}) << "nobody can know what was signed";
}

TEST(DiagnoseSignature, KnowsTheProductionKeyInTheAcceptanceSandbox) {
    Merchant merchant = demo();
    merchant.api_key = sandbox_key(demo());
    EXPECT_EQ(merchant.api_key.reveal(), "e25d5f74278fcdadeaa529884523b39f");
    const std::string bytes = body(hex(md5(kFields + "&key=" + kKey)));
    EXPECT_EQ(names(diagnose_signature(XmlMessage::parse(bytes).value(), bytes, merchant,
                                       kDirectory, v2::SignType::md5)),
              Names{"production_key_in_sandbox"});
}

TEST(DiagnoseSignature, KnowsTheDemoKeyWhereAnotherWasGiven) {
    Merchant merchant = demo();
    merchant.api_key = Secret("0123456789abcdef0123456789abcdef");
    const std::string bytes = body(hex(md5(kFields + "&key=" + kKey)));
    const auto found = diagnose_signature(XmlMessage::parse(bytes).value(), bytes, merchant,
                                          kDirectory, v2::SignType::md5);
    EXPECT_EQ(names(found), Names{"known_key_not_given"});
    EXPECT_EQ(found.hint, "signed with the demo key of 1900000109, not with the key given");
}

TEST(DiagnoseSignature, ShowsTheStringToSignWhereNothingFits) {
    const auto unknown = diagnose(std::string(32, 'A'));
    EXPECT_FALSE(unknown.right);
    EXPECT_TRUE(unknown.findings.empty());
    EXPECT_NE(unknown.hint.find("API key of 1900000109"), std::string::npos) << unknown.hint;
    EXPECT_NE(unknown.explanation.find("\n  " + kFields + "&key=***\n"), std::string::npos)
        << unknown.explanation;
    EXPECT_EQ(diagnose("").hint, "the sign is empty");
    for (const std::string& odd : {std::string("0"), std::string(32, 'g'), std::string(40, 'a'),
                                   std::string(344, 'Q'), std::string("茶")}) {
        EXPECT_NE(diagnose(odd).hint.find("neither 32 nor 64"), std::string::npos) << odd;
    }
}

TEST(DiagnoseSignature, WritesOneAsciiLineAndNoKeyAnywhere) {
    for (const std::string& hashed :
         {kFields + kKey, kFields + "&key=" + kKey + " ", kBefore, kFields + "&key=undefined",
          kFields + "&key=7d1f0a9c3b5e4f6a8d2c1b0e9f8a7d6c",
          kBefore + " \xB2\xE8&\xB1\xFD\n" + kBehind + kUrl + "&key=" + kKey}) {
        const auto diagnosis = diagnose(hex(md5(hashed)));
        EXPECT_TRUE(std::all_of(diagnosis.hint.begin(), diagnosis.hint.end(), [](char c) {
            return c >= ' ' && c <= '~';
        })) << diagnosis.hint;
        EXPECT_LT(diagnosis.hint.size(), 400U);
        EXPECT_TRUE(is_utf8(diagnosis.explanation));
        for (const Merchant* const each : kDirectory.merchants()) {
            const Merchant& merchant = *each;
            EXPECT_EQ(diagnosis.explanation.find(merchant.api_key.reveal()), std::string::npos)
                << diagnosis.explanation;
        }
    }
}

TEST(DiagnoseSignature, DoesNotSearchAHugeMessage) {
    const std::string huge(100'000, 'x');
    const std::string element = "<detail>" + huge + "</detail>";
    EXPECT_TRUE(diagnose(std::string(32, 'A'), element).findings.empty());
    EXPECT_LT(diagnose(std::string(32, 'A'), element).explanation.size(), 10'000U);
}

TEST(Mistakes, HaveNamesOfTheirOwn) {
    std::set<std::string_view> seen;
    for (int i = 0; i <= static_cast<int>(Mistake::field_not_sent); ++i) {
        const auto mistake = static_cast<Mistake>(i);
        EXPECT_TRUE(seen.insert(name(mistake)).second) << name(mistake);
        EXPECT_FALSE(hint({mistake, "x"}).empty());
        EXPECT_FALSE(advice(mistake).empty());
    }
}

TEST(Charset, WritesGbkOrSaysThatItCannot) {
    EXPECT_EQ(to_gbk("茶a"),
              "\xB2\xE8"
              "a");
    EXPECT_EQ(to_gbk("😀"), std::nullopt);
    EXPECT_EQ(to_question_marks("茶a饼"), "?a?");
    EXPECT_EQ(to_latin1("\xC3\xA8\xC2\x8C\xC2\xB6"), "茶");
    EXPECT_EQ(to_latin1("茶"), std::nullopt);
}

TEST(CompareTexts, FindsTheFirstDifference) {
    const Secret key(kKey);
    const std::string wanted = "attach=茶&body=a b&key=";
    EXPECT_TRUE(compare_texts(wanted + kKey, wanted, key).equal);
    EXPECT_TRUE(compare_texts(wanted + kKey + "\n", wanted, key).equal);
    EXPECT_TRUE(compare_texts(wanted + "whatever", wanted, Secret()).equal);
    const std::pair<std::string, const char*> cases[] = {
        {"attach=茶&body=a%20b&key=" + kKey, "at byte 18, at 'body'"},
        {"attach=苦&body=a b&key=" + kKey, "at byte 8, at 'attach'"},
        {"attach=茶&body=a b&z=1&key=" + kKey, "at byte 20"},
        {"attach=茶&key=" + kKey, "at byte 11, at 'body'"},
        {wanted + "1234", "yours has 4 bytes, the right one has 32"},
        {"attach=茶&body=a b" + kKey, "at byte 20, at 'body'"},
        {"attach=茶&body=a b", "does not end in '&key='"},
        {"attach=\xB2\xE8", "not UTF-8"},
        {"", "at byte 1"},
    };
    for (const auto& [mine, says] : cases) {
        const auto comparison = compare_texts(mine, wanted, key);
        EXPECT_FALSE(comparison.equal) << mine;
        EXPECT_NE(comparison.text.find(says), std::string::npos) << comparison.text;
        EXPECT_EQ(comparison.text.find(kKey), std::string::npos) << comparison.text;
        EXPECT_TRUE(is_utf8(comparison.text)) << comparison.text;
    }
}

}  // namespace
}  // namespace wxpay::sandbox::diagnosis
