#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/xml.hpp"
#include "core/v2/message.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay::v2 {
namespace {

using testing::ElementsAre;

const Secret kKey("192006250b4c09247ec02edce69f6a2d");

std::string known(const std::string& name) {
    return test::read_vector_file("messages/" + name + ".xml");
}

/// The head of every reply: return_code to nonce_str.
Message reply(std::string_view nonce_str, std::string_view device_info = {}) {
    Message message;
    message.text("return_code", "SUCCESS")
        .text("return_msg", "OK")
        .text("appid", "wx8888888888888888")
        .text("mch_id", "1900000109")
        .text_if("device_info", device_info)
        .text("nonce_str", nonce_str);
    return message;
}

TEST(V2Message, WritesAnOrdersReplyAsWeChatDoes) {
    Message message = reply("Fc8ZqWm2LpTn7RxB");
    message.text("result_code", "SUCCESS")
        .text("prepay_id", "wx01120000123456a1b2c3d4e5f607180000")
        .text("trade_type", "JSAPI")
        .sign(kKey, SignType::md5);
    EXPECT_EQ(message.render(), known("unifiedorder_jsapi.reply"));
}

TEST(V2Message, WritesAnHmacReplyAsWeChatDoes) {
    Message message = reply("q3VbN8tYk1XeW5Zu", "WEB");
    message.text("result_code", "SUCCESS")
        .text("prepay_id", "wx01120100654321b2c3d4e5f60718290000")
        .text("trade_type", "NATIVE")
        .text("code_url", "weixin://wxpay/bizpayurl?pr=7PNWOWq")
        .sign(kKey, SignType::hmac_sha256);
    EXPECT_EQ(message.render(), known("unifiedorder_native.reply"));
}

TEST(V2Message, WritesARefusalAsWeChatDoes) {
    Message message = reply("Hn4ZpQe8RsVt2LwY");
    message.text("result_code", "FAIL")
        .text("err_code", "INVALID_REQUEST")
        .text("err_code_des", "201 商户订单号重复")
        .sign(kKey, SignType::md5);
    EXPECT_EQ(message.render(), known("unifiedorder_number_taken.reply"));
}

TEST(V2Message, WritesEmptyTextsAndBareNumbersAsWeChatDoes) {
    Message message;
    message.text("return_code", "SUCCESS")
        .text("return_msg", "OK")
        .text("appid", "wx8888888888888888")
        .text("mch_id", "1900000109")
        .text("device_info", "")
        .text("nonce_str", "Xp4NsKb8QfJ2vTzC")
        .text("result_code", "SUCCESS")
        .number("total_fee", 888)
        .text("out_trade_no", "20240601120000001")
        .text("trade_state", "NOTPAY")
        .text("trade_state_desc", "订单未支付")
        .sign(kKey, SignType::md5);
    EXPECT_EQ(message.render(), known("orderquery_unpaid.reply"));
}

/// Writes a known message again: each element as text or number, as it stands there.
std::string written_again(const std::string& xml, SignType type) {
    const auto read = XmlMessage::parse(xml);
    EXPECT_TRUE(read);
    Message message;
    for (const FieldView& field : read->fields()) {
        if (field.name == "sign") continue;
        const std::string in_cdata = "<" + std::string(field.name) + "><![CDATA[";
        if (xml.find(in_cdata) != std::string::npos) {
            message.text(field.name, field.value);
        } else {
            message.number(field.name, std::stoll(std::string(field.value)));
        }
    }
    return message.sign(kKey, type).render();
}

TEST(V2Message, WritesEveryKnownReplyByteForByte) {
    for (const char* name : {"unifiedorder_jsapi", "unifiedorder_mweb", "unifiedorder_number_taken",
                             "unifiedorder_paid", "orderquery_paid", "orderquery_refunded",
                             "orderquery_unpaid", "orderquery_closed", "orderquery_coupon",
                             "orderquery_unknown", "closeorder", "closeorder_paid"}) {
        const std::string xml = known(std::string(name) + ".reply");
        EXPECT_EQ(written_again(xml, SignType::md5), xml);
    }
    const std::string hmac = known("unifiedorder_native.reply");
    EXPECT_EQ(written_again(hmac, SignType::hmac_sha256), hmac);
}

TEST(V2Message, KnownRequestsVerify) {
    for (const auto& [name, type] : std::vector<std::pair<std::string, SignType>>{
             {"unifiedorder_jsapi", SignType::md5},
             {"unifiedorder_native", SignType::hmac_sha256},
             {"unifiedorder_mweb", SignType::md5},
             {"orderquery", SignType::md5},
             {"closeorder", SignType::md5}}) {
        const auto request = XmlMessage::parse(known(name + ".request"));
        ASSERT_TRUE(request) << name;
        EXPECT_TRUE(verify(request->fields(), request->get("sign"), kKey, type)) << name;
    }
}

TEST(V2Message, OfNothingIsTheFrame) { EXPECT_EQ(Message{}.render(), "<xml></xml>"); }

TEST(V2Message, EscapesWhatCdataCannotHold) {
    Message message;
    message.text("a", "x]]>y").text("b", "1\r\n2").text("c", "<&>");
    EXPECT_EQ(message.render(),
              "<xml><a><![CDATA[x]]]]><![CDATA[>y]]></a>\n"
              "<b><![CDATA[1]]>&#13;<![CDATA[\n2]]></b>\n"
              "<c><![CDATA[<&>]]></c>\n</xml>");
}

TEST(V2Message, WritesNumbersBare) {
    Message message;
    message.number("a", 0).number("b", -1).number("c", INT64_MAX).number("d", INT64_MIN);
    EXPECT_EQ(message.render(),
              "<xml><a>0</a>\n<b>-1</b>\n<c>9223372036854775807</c>\n<d>-9223372036854775808</"
              "d>\n</xml>");
}

TEST(V2Message, LeavesOutEmptyTextsOnlyWhenAsked) {
    Message message;
    message.text("a", "").text_if("b", "").text_if("c", "0");
    EXPECT_THAT(message.fields(), ElementsAre(FieldView{"a", ""}, FieldView{"c", "0"}));
}

TEST(V2Message, PutsTheSignBehindTheNamedElement) {
    const auto names = [](std::string_view after) {
        Message message;
        message.text("a", "1")
            .text("nonce_str", "2")
            .text("b", "3")
            .sign(kKey, SignType::md5, after);
        std::string out;
        for (const FieldView& field : message.fields()) out += std::string(field.name) + " ";
        return out;
    };
    EXPECT_EQ(names("nonce_str"), "a nonce_str sign b ");
    EXPECT_EQ(names("a"), "a sign nonce_str b ");
    EXPECT_EQ(names("b"), "a nonce_str b sign ");
    EXPECT_EQ(names("missing"), "a nonce_str b sign ");
    EXPECT_EQ(names(""), "a nonce_str b sign ");
}

TEST(V2Message, CanBeSignedWithoutAnyElement) {
    Message message;
    message.sign(kKey, SignType::md5);
    EXPECT_EQ(message.render(),
              "<xml><sign><![CDATA[1526FD440C2A8E68F74374B33E8BDF73]]></sign>\n</xml>");
}

TEST(V2Message, AppendsAnotherOne) {
    Message head;
    head.text("a", "1").number("b", 2);
    Message tail;
    tail.number("c", 3).text("d", "四");
    head.append(tail);
    head.text("e", "5");
    EXPECT_EQ(head.render(),
              "<xml><a><![CDATA[1]]></a>\n<b>2</b>\n<c>3</c>\n<d><![CDATA[四]]></d>\n"
              "<e><![CDATA[5]]></e>\n</xml>");
    EXPECT_THAT(tail.fields(), ElementsAre(FieldView{"c", "3"}, FieldView{"d", "四"}));
}

TEST(V2Message, TakesOnWhatIsItsOwn) {
    Message message;
    message.text("a", std::string(1000, 'v'));
    for (int n = 0; n < 4; ++n) {
        const FieldView own = message.fields().front();
        message.text(own.name, own.value);
    }
    for (const FieldView& field : message.fields()) EXPECT_EQ(field.value, std::string(1000, 'v'));
}

TEST(V2Message, SortsByTheBytesOfTheNames) {
    Message message;
    message.text("b_2", "1").text("a", "2").text("b_10", "3").text("B", "4").text("b", "5");
    std::string order;
    for (const FieldView& field : message.sort().fields()) order += std::string(field.name) + " ";
    EXPECT_EQ(order, "B a b b_10 b_2 ");
}

TEST(V2Message, ReadsBackAsItWasWritten) {
    Message message;
    message.text("a", " x ").text("b", "]]>\r").text("空", "支付😀").number("n", 42).text("e", "");
    const auto read = XmlMessage::parse(message.render());
    ASSERT_TRUE(read);
    EXPECT_THAT(read->fields(), testing::ElementsAreArray(message.fields()));
}

}  // namespace
}  // namespace wxpay::v2
