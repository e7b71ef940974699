#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/codec/beijing_time.hpp"
#include "core/codec/xml.hpp"
#include "core/v2/notification.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

const Secret kKey("192006250b4c09247ec02edce69f6a2d");

std::string known(const std::string& name) {
    return test::read_vector_file("messages/" + name + ".xml");
}

PaymentNotification paid() {
    PaymentNotification n;
    n.appid = "wx8888888888888888";
    n.mch_id = "1900000109";
    n.nonce_str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
    n.openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";
    n.trade_type = "JSAPI";
    n.bank_type = "OTHERS";
    n.out_trade_no = "20240601120000001";
    n.transaction_id = "4200002288202406010123456789";
    n.attach = "支付测试";
    n.total_fee = Fen{888};
    n.cash_fee = Fen{888};
    n.time_end = *parse_compact_time("20240601120105");
    return n;
}

PaymentNotification paid_with_coupon() {
    PaymentNotification n = paid();
    n.nonce_str = "6ec5e8d30c00467bbe80680bd1bf5dae";
    n.bank_type = "CMB_DEBIT";
    n.out_trade_no = "20240601120500004";
    n.transaction_id = "4200002288202406012345678901";
    n.attach = "";
    n.total_fee = Fen{1200};
    n.cash_fee = Fen{1188};
    n.coupons = {{"2000000044096177209", "CASH", Fen{12}}};
    n.time_end = *parse_compact_time("20240601120600");
    return n;
}

PaymentNotification paid_to_a_sub_merchant() {
    PaymentNotification n = paid();
    n.nonce_str = "SPnonce0000000000000000000000001";
    n.openid = "oSpOpenidSample0000000000001";
    n.sub_appid = "wx1111111111111111";
    n.sub_mch_id = "1900000200";
    n.sub_openid = "oSubOpenidSample000000000001";
    n.out_trade_no = "SP20240601120000001";
    n.transaction_id = "4200002288202406014567890123";
    n.attach = "";
    n.total_fee = Fen{100};
    n.cash_fee = Fen{100};
    n.time_end = *parse_compact_time("20240601120310");
    return n;
}

void expect_equal(const PaymentNotification& read, const PaymentNotification& expected) {
    EXPECT_EQ(read.appid, expected.appid);
    EXPECT_EQ(read.mch_id, expected.mch_id);
    EXPECT_EQ(read.sub_appid, expected.sub_appid);
    EXPECT_EQ(read.sub_mch_id, expected.sub_mch_id);
    EXPECT_EQ(read.sub_openid, expected.sub_openid);
    EXPECT_EQ(read.device_info, expected.device_info);
    EXPECT_EQ(read.nonce_str, expected.nonce_str);
    EXPECT_EQ(read.openid, expected.openid);
    EXPECT_EQ(read.trade_type, expected.trade_type);
    EXPECT_EQ(read.bank_type, expected.bank_type);
    EXPECT_EQ(read.fee_type, expected.fee_type);
    EXPECT_EQ(read.out_trade_no, expected.out_trade_no);
    EXPECT_EQ(read.transaction_id, expected.transaction_id);
    EXPECT_EQ(read.attach, expected.attach);
    EXPECT_EQ(read.total_fee, expected.total_fee);
    EXPECT_EQ(read.cash_fee, expected.cash_fee);
    EXPECT_EQ(read.settlement_total_fee, expected.settlement_total_fee);
    EXPECT_EQ(read.coupons, expected.coupons);
    EXPECT_EQ(read.time_end, expected.time_end);
}

TEST(PaymentNotification, IsWrittenAsWeChatDoes) {
    EXPECT_EQ(render_payment_notification(paid(), kKey, SignType::md5, true),
              known("notification_md5"));
    EXPECT_EQ(render_payment_notification(paid_with_coupon(), kKey, SignType::hmac_sha256, false),
              known("notification_hmac_coupon"));
    EXPECT_EQ(
        render_payment_notification(paid_to_a_sub_merchant(), kKey, SignType::hmac_sha256, false),
        known("notification_hmac_provider"));
}

TEST(PaymentNotification, IsReadFromWhatWeChatWrites) {
    const auto md5 = parse_payment_notification(known("notification_md5"), kKey, SignType::md5);
    ASSERT_TRUE(md5) << md5.error().detail;
    expect_equal(*md5, paid());
    const auto sub = parse_payment_notification(known("notification_hmac_provider"), kKey,
                                                SignType::hmac_sha256);
    ASSERT_TRUE(sub) << sub.error().detail;
    expect_equal(*sub, paid_to_a_sub_merchant());
    const auto coupon =
        parse_payment_notification(known("notification_hmac_coupon"), kKey, SignType::hmac_sha256);
    ASSERT_TRUE(coupon) << coupon.error().detail;
    PaymentNotification expected = paid_with_coupon();
    expected.coupons[0].type = "";  // a message names types only when a NO_CASH coupon took part
    expect_equal(*coupon, expected);
}

TEST(PaymentNotification, NamesTheSignTypeOnlyForHmacAndOnlyWhenAsked) {
    const auto has_sign_type = [](SignType type, bool announce) {
        const auto message =
            XmlMessage::parse(render_payment_notification(paid(), kKey, type, announce));
        return message && message->find("sign_type").has_value();
    };
    EXPECT_TRUE(has_sign_type(SignType::hmac_sha256, true));
    EXPECT_FALSE(has_sign_type(SignType::hmac_sha256, false));
    EXPECT_FALSE(has_sign_type(SignType::md5, true));
}

TEST(PaymentNotification, SurvivesWritingAndReadingWithEverythingInIt) {
    PaymentNotification n = paid_to_a_sub_merchant();
    n.device_info = "WEB";
    n.attach = "a<b&c]]>\r\n\"";
    n.fee_type = "USD";
    n.coupons = {{"2000000044096177209", "CASH", Fen{12}},
                 {"2000000044096177210", "NO_CASH", Fen{8}}};
    n.cash_fee = Fen{80};
    n.settlement_total_fee = Fen{92};
    for (const SignType type : {SignType::md5, SignType::hmac_sha256}) {
        for (const bool announce : {true, false}) {
            const auto read = parse_payment_notification(
                render_payment_notification(n, kKey, type, announce), kKey, type);
            ASSERT_TRUE(read) << read.error().detail;
            expect_equal(*read, n);
        }
    }
}

TEST(PaymentNotification, CanBePaidByCouponsAlone) {
    PaymentNotification n = paid();
    n.cash_fee = Fen{0};
    n.coupons = {{"1", "NO_CASH", Fen{888}}};
    n.settlement_total_fee = Fen{0};
    const auto read = parse_payment_notification(
        render_payment_notification(n, kKey, SignType::md5, true), kKey, SignType::md5);
    ASSERT_TRUE(read) << read.error().detail;
    expect_equal(*read, n);
}

Error refusal(std::string_view body, SignType type = SignType::md5, const Secret& key = kKey) {
    const auto read = parse_payment_notification(body, key, type);
    EXPECT_FALSE(read);
    return read ? Error{Errc::timed_out, "accepted"} : read.error();
}

/// The known message with one element's text replaced; signed again, or left with the old sign.
std::string altered(const std::string& name, const std::string& text, bool sign_again = true) {
    const auto message = XmlMessage::parse(known("notification_md5"));
    Message out;
    for (const FieldView& field : message->fields()) {
        if (field.name == "sign" && sign_again) continue;
        if (field.name == name && text.empty()) continue;
        out.text(field.name, field.name == name ? std::string_view(text) : field.value);
    }
    if (!message->find(name)) out.text(name, text);
    if (sign_again) out.sign(kKey, SignType::md5);
    return out.render();
}

TEST(PaymentNotification, RefusesWhatWasNotSignedSo) {
    const std::string body = known("notification_md5");
    EXPECT_EQ(refusal(body, SignType::hmac_sha256).code, Errc::signature_mismatch);
    EXPECT_EQ(refusal(body, SignType::md5, Secret("192006250b4c09247ec02edce69f6a2e")).code,
              Errc::signature_mismatch);
    EXPECT_EQ(refusal(known("notification_hmac_coupon"), SignType::md5).code,
              Errc::signature_mismatch);
    for (const char* name :
         {"total_fee", "out_trade_no", "mch_id", "attach", "result_code", "extra"}) {
        EXPECT_EQ(refusal(altered(name, "1", false)).code, Errc::signature_mismatch) << name;
    }
    EXPECT_EQ(refusal(altered("sign", "5a277bc4f4f195958434f8155223d919", false)).code,
              Errc::signature_mismatch);
    EXPECT_EQ(refusal(altered("sign", "", false)).field, "sign");
    EXPECT_EQ(refusal(altered("sign", "", false)).code, Errc::missing_field);
}

TEST(PaymentNotification, RefusesAFailureEvenIfItIsSigned) {
    EXPECT_EQ(refusal(altered("return_code", "FAIL")).field, "return_code");
    EXPECT_EQ(refusal(altered("return_code", "")).code, Errc::refused);
    EXPECT_EQ(refusal(altered("result_code", "FAIL")).field, "result_code");
    EXPECT_EQ(refusal(altered("result_code", "FAIL")).code, Errc::refused);
    EXPECT_EQ(refusal(altered("result_code", "")).code, Errc::refused);
    EXPECT_EQ(refusal(altered("return_code", "success")).code, Errc::refused);
}

TEST(PaymentNotification, RefusesASignedMessageThatLacksAField) {
    for (const char* name :
         {"appid", "mch_id", "out_trade_no", "transaction_id", "time_end", "total_fee"}) {
        const Error error = refusal(altered(name, ""));
        EXPECT_EQ(error.code, Errc::missing_field) << name;
        EXPECT_EQ(error.field, name);
    }
}

TEST(PaymentNotification, RefusesAmountsAndTimesThatAreNone) {
    for (const char* fee :
         {"0", "-1", "8.88", "1e3", " 888", "888 ", "1000000001", "99999999999999999999", "abc"}) {
        EXPECT_EQ(refusal(altered("total_fee", fee)).field, "total_fee") << fee;
        EXPECT_EQ(refusal(altered("total_fee", fee)).code, Errc::invalid_value) << fee;
    }
    EXPECT_EQ(refusal(altered("cash_fee", "-1")).field, "cash_fee");
    EXPECT_EQ(refusal(altered("settlement_total_fee", "x")).field, "settlement_total_fee");
    EXPECT_EQ(refusal(altered("coupon_id_0", "1")).field, "coupon_fee_0");
    for (const char* time : {"20240601", "2024-06-01 12:01:05", "20240631120105", "20240601246105",
                             "2024060112010x"}) {
        EXPECT_EQ(refusal(altered("time_end", time)).field, "time_end") << time;
    }
}

TEST(PaymentNotification, ToleratesElementsItDoesNotKnow) {
    const auto read =
        parse_payment_notification(altered("promotion_detail", "{}"), kKey, SignType::md5);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->out_trade_no, "20240601120000001");
}

TEST(PaymentNotification, TakesCnyAndTheWholeAmountWhenTheMessageIsSilent) {
    const auto silent = parse_payment_notification(altered("fee_type", ""), kKey, SignType::md5);
    ASSERT_TRUE(silent);
    EXPECT_EQ(silent->fee_type, "CNY");
    const auto whole = parse_payment_notification(altered("cash_fee", ""), kKey, SignType::md5);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->cash_fee, Fen{888});
}

TEST(PaymentNotification, RefusesWhatIsNoMessage) {
    EXPECT_EQ(refusal("").code, Errc::malformed);
    EXPECT_EQ(refusal("{}").code, Errc::malformed);
    EXPECT_EQ(
        refusal("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml><a>&e;</a></xml>").code,
        Errc::malformed);
    EXPECT_EQ(refusal("<xml><a>\xFF</a></xml>").code, Errc::not_utf8);
    EXPECT_EQ(refusal(std::string(1024 * 1024 + 1, ' ')).code, Errc::too_large);
    std::string doubled = known("notification_md5");
    doubled.insert(doubled.size() - 6, "<total_fee>1</total_fee>");
    EXPECT_EQ(refusal(doubled).code, Errc::malformed);
}

TEST(NotificationAnswer, IsTheDocumentedOne) {
    EXPECT_EQ(notification_accepted(),
              "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></"
              "return_msg></xml>");
    EXPECT_EQ(notification_refused("签名错误]]>"),
              "<xml><return_code><![CDATA[FAIL]]></return_code>"
              "<return_msg><![CDATA[签名错误]]]]><![CDATA[>]]></return_msg></xml>");
}

TEST(Coupons, AreTypedOnlyWhenAMerchantFundedOneTookPart) {
    EXPECT_FALSE(names_coupon_types({}));
    EXPECT_FALSE(names_coupon_types({{"1", "CASH", Fen{1}}}));
    EXPECT_TRUE(names_coupon_types({{"1", "CASH", Fen{1}}, {"2", "NO_CASH", Fen{1}}}));
}

}  // namespace
}  // namespace wxpay::v2
