#include "core/codec/xml.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/codec/utf8.hpp"
#include "core/codec/xml_characters.hpp"

#include "tests/support/vectors.hpp"

namespace wxpay {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// The one value of <xml><a>…</a></xml>, or the error's words.
std::string value_of(const std::string& content) {
    const auto message = XmlMessage::parse("<xml><a>" + content + "</a></xml>");
    if (!message) return "refused: " + message.error().detail;
    EXPECT_EQ(message->fields().size(), 1U);
    return std::string(message->get("a"));
}

/// Refused as malformed; the words, without where.
std::string refusal(const std::string& xml) {
    const auto message = XmlMessage::parse(xml);
    if (message) return "accepted";
    EXPECT_EQ(message.error().code, Errc::malformed) << message.error().detail;
    return message.error().detail.substr(0, message.error().detail.find(" (near"));
}

Errc refusal_code(const std::string& bytes, const XmlLimits& limits = {}) {
    const auto message = XmlMessage::parse(bytes, limits);
    EXPECT_FALSE(message);
    return message ? Errc::refused : message.error().code;
}

TEST(Xml, ReadsElementsInTheirOrder) {
    const auto message = XmlMessage::parse("<xml><b>2</b><a>1</a><c>3</c></xml>");
    ASSERT_TRUE(message);
    EXPECT_THAT(message->fields(),
                ElementsAre(FieldView{"b", "2"}, FieldView{"a", "1"}, FieldView{"c", "3"}));
    EXPECT_EQ(message->find("a"), "1");
    EXPECT_EQ(message->find("A"), std::nullopt);
    EXPECT_EQ(message->get("d"), "");
}

TEST(Xml, TakesAnyRootAndAnyNames) {
    const auto message = XmlMessage::parse("<_r.o-o:t9><支付>1</支付><x:y>2</x:y></_r.o-o:t9>");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->get("支付"), "1");
    EXPECT_EQ(message->get("x:y"), "2");
}

TEST(Xml, ReadsAMessageWithoutElements) {
    for (const char* xml : {"<xml/>", "<xml></xml>", "<xml />", "<xml> \n </xml >"}) {
        const auto message = XmlMessage::parse(xml);
        ASSERT_TRUE(message) << xml;
        EXPECT_TRUE(message->fields().empty());
    }
}

TEST(Xml, SkipsWhatIsNotContent) {
    const auto message = XmlMessage::parse(
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='no'?>\r\n"
        "<!-- <a>0</a> -->\n<?app data?>\n"
        "<xml>\r\n\t<!---->\n<a>1</a> <?b?> <b>2</b>\r\n</xml>\r\n<!-- - -> --> <?c x?>\n");
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_THAT(message->fields(), ElementsAre(FieldView{"a", "1"}, FieldView{"b", "2"}));
}

TEST(Xml, IgnoresTheEncodingThatADeclarationClaims) {
    const auto message =
        XmlMessage::parse("<?xml version=\"1.0\" encoding=\"GBK\"?><xml><a>支付</a></xml>");
    ASSERT_TRUE(message);
    EXPECT_EQ(message->get("a"), "支付");
}

TEST(Xml, IgnoresAttributes) {
    const auto message = XmlMessage::parse(
        "<xml xmlns='u' v = \"1>/\"><a b=\"'&lt;&#65;\"\n c=''>1</a><d e=\"f\"/></xml>");
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_THAT(message->fields(), ElementsAre(FieldView{"a", "1"}, FieldView{"d", ""}));
}

TEST(Xml, DecodesTheFiveEntitiesAndNumbers) {
    EXPECT_EQ(value_of("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
    EXPECT_EQ(value_of("&#65;&#x42;&#x6D4B;&#35797;&#x1f600;&#0067;"), "AB测试😀C");
    EXPECT_EQ(value_of("&#9;&#10;&#13;&#x7F;&#x80;&#x7FF;&#x800;&#xFFFD;&#x10000;&#x10FFFF;"),
              "\t\n\r\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBD\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
    EXPECT_EQ(value_of("&amp;amp;&amp;#65;"), "&amp;&#65;");  // once, not twice
    EXPECT_EQ(value_of("a&lt;b&amp;c"), "a<b&c");
}

TEST(Xml, RefusesEveryOtherReference) {
    for (const char* content : {"&nbsp;",
                                "&AMP;",
                                "&",
                                "a & b",
                                "&;",
                                "&#;",
                                "&#x;",
                                "&amp",
                                "&lt",
                                "& amp;",
                                "&amp ;",
                                "&#0;",
                                "&#x0;",
                                "&#1;",
                                "&#x1F;",
                                "&#xD800;",
                                "&#xDFFF;",
                                "&#xFFFE;",
                                "&#xFFFF;",
                                "&#x110000;",
                                "&#99999999;",
                                "&#4294967361;",
                                "&#18446744073709551681;",
                                "&#-65;",
                                "&#+65;",
                                "&#X41;",
                                "&#x4G;",
                                "&#6 5;",
                                "&#65",
                                "&#xx41;",
                                "&#x-1;",
                                "&a;",
                                "&#0000000000000065;"}) {
        EXPECT_THAT(value_of(content), HasSubstr("refused: a '&'")) << content;
    }
    EXPECT_THAT(refusal("<xml><a b='&nbsp;'>1</a></xml>"), HasSubstr("a '&'"));
    EXPECT_THAT(refusal("<xml b='a&b'/>"), HasSubstr("a '&'"));
}

TEST(Xml, ReadsCdataAsItStands) {
    EXPECT_EQ(value_of("<![CDATA[a<b&amp;c]]>"), "a<b&amp;c");
    EXPECT_EQ(value_of("<![CDATA[]]>"), "");
    EXPECT_EQ(value_of("<![CDATA[]]]]>"), "]]");
    EXPECT_EQ(value_of("<![CDATA[<![CDATA[]]>"), "<![CDATA[");
    EXPECT_EQ(value_of("<![CDATA[x]]]]><![CDATA[>y]]>"), "x]]>y");
    EXPECT_EQ(value_of("<![CDATA[<!DOCTYPE a [<!ENTITY b 'c'>]>&b;]]>"),
              "<!DOCTYPE a [<!ENTITY b 'c'>]>&b;");
}

TEST(Xml, JoinsMixedPieces) {
    EXPECT_EQ(value_of("a<![CDATA[<b]]>&amp;c"), "a<b&c");
    EXPECT_EQ(value_of("<!-- - -->1<!-- - -->2<?x?>3<![CDATA[4]]><!-- - -->"), "1234");
    EXPECT_EQ(value_of("&lt;<![CDATA[]]>&gt;<![CDATA[x]]>]"), "<>x]");
    EXPECT_EQ(value_of("a]b]]c] ]>"), "a]b]]c] ]>");
}

TEST(Xml, KeepsWhiteSpaceInValues) {
    EXPECT_EQ(value_of(" "), " ");
    EXPECT_EQ(value_of("\n\t"), "\n\t");
    EXPECT_EQ(value_of("  a b  "), "  a b  ");
    EXPECT_EQ(value_of(" <![CDATA[x]]> "), " x ");
    EXPECT_EQ(value_of("\n  <![CDATA[ ]]>\n"), "\n   \n");
    EXPECT_EQ(value_of("&#32;"), " ");
    EXPECT_EQ(value_of("　"), "　");
}

TEST(Xml, ReadsEachSpellingOfAnEmptyElement) {
    for (const char* element : {"<a></a>", "<a/>", "<a />", "<a><![CDATA[]]></a>",
                                "<a><!-- x --></a>", "<a b='c'/>", "<a></a >"}) {
        const auto message = XmlMessage::parse("<xml>" + std::string(element) + "</xml>");
        ASSERT_TRUE(message) << element;
        EXPECT_EQ(message->find("a"), "") << element;
    }
}

TEST(Xml, TurnsLineEndsIntoLineFeeds) {
    EXPECT_EQ(value_of("a\r\nb\rc\nd\r\r\n\n"), "a\nb\nc\nd\n\n\n");
    EXPECT_EQ(value_of("<![CDATA[a\r\nb\r]]>\r"), "a\nb\n\n");
    EXPECT_EQ(value_of("&#13;\r\n&#13;"),
              "\r\n\r");  // only bytes are line ends, references are not
}

TEST(Xml, RefusesADoctypeWhereverItStands) {
    constexpr const char* kRefusal = "a DOCTYPE is never accepted";
    EXPECT_EQ(refusal("<!DOCTYPE xml><xml/>"), kRefusal);
    EXPECT_EQ(
        refusal("<?xml version='1.0'?>\n<!DOCTYPE xml SYSTEM \"http://127.0.0.1/x.dtd\"><xml/>"),
        kRefusal);
    EXPECT_EQ(
        refusal("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><a>&e;</a></xml>"),
        kRefusal);
    EXPECT_EQ(
        refusal("<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;\"><!ENTITY c \"&b;&b;\">]>"
                "<l><x>&c;</x></l>"),
        kRefusal);
    EXPECT_NE(refusal("<!doctype xml><xml/>"), "accepted");
    EXPECT_NE(refusal("<xml><!DOCTYPE xml></xml>"), "accepted");
    EXPECT_NE(refusal("<xml><a><!DOCTYPE xml></a></xml>"), "accepted");
    EXPECT_NE(refusal("<xml/><!DOCTYPE xml>"), "accepted");
    EXPECT_NE(refusal("<!ENTITY a 'b'><xml/>"), "accepted");
}

TEST(Xml, RefusesNestedElements) {
    EXPECT_THAT(refusal("<xml><a><b>1</b></a></xml>"), HasSubstr("<a> holds markup"));
    EXPECT_THAT(refusal("<xml><a>1<b/></a></xml>"), HasSubstr("<a> holds markup"));
}

TEST(Xml, RefusesANameThatComesTwice) {
    EXPECT_EQ(refusal("<xml><a>1</a><b/><a>2</a></xml>"), "<a> comes twice");
    EXPECT_EQ(refusal("<xml><a>1</a><a>1</a></xml>"), "<a> comes twice");
    EXPECT_EQ(refusal("<xml><a/><A/></xml>"), "accepted");
}

TEST(Xml, RefusesTextBetweenTheElements) {
    for (const char* xml :
         {"<xml>x<a/></xml>", "<xml><a/>x</xml>", "<xml><a/>\\n<b/></xml>", "<xml>&#32;</xml>",
          "<xml><![CDATA[ ]]></xml>", "<xml>1</xml>", "<xml><a/>;</xml>"}) {
        EXPECT_EQ(refusal(xml), "text between the elements") << xml;
    }
}

TEST(Xml, RefusesMoreThanOneRoot) {
    EXPECT_EQ(refusal("<xml/><xml/>"), "something follows the root element");
    EXPECT_EQ(refusal("<xml></xml><a>1</a>"), "something follows the root element");
    EXPECT_EQ(refusal("<xml/>x"), "something follows the root element");
    EXPECT_EQ(refusal("<xml/></xml>"), "something follows the root element");
    EXPECT_EQ(refusal("<xml/><![CDATA[]]>"), "something follows the root element");
    EXPECT_EQ(refusal("<xml/>&#32;"), "something follows the root element");
}

TEST(Xml, RefusesWhatIsNoDocument) {
    for (const char* xml : {"", " ", "\n", "<!-- -->", "<?xml version='1.0'?>", "\xEF\xBB\xBF"}) {
        EXPECT_EQ(refusal(xml), "no root element") << xml;
    }
    for (const char* text :
         {"x", "{\"a\":1}", "a=1&b=2", "&lt;xml/&gt;", "\xEF\xBB\xBF\xEF\xBB\xBF<xml/>"}) {
        EXPECT_EQ(refusal(text), "text outside the root element") << text;
    }
    EXPECT_NE(refusal(" <?xml version='1.0'?><xml/>"), "accepted");
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
    for (const char* xml : {"<",
                            "<xml",
                            "<xml>",
                            "<xml/",
                            "<xml><a",
                            "<xml><a>",
                            "<xml><a>1",
                            "<xml><a>1</",
                            "<xml><a>1</a",
                            "<xml><a>1</a>",
                            "<xml><a>1</a></",
                            "<xml><a>1</a></xml",
                            "<xml><a>1</xml></a>",
                            "<xml><a>1</b></xml>",
                            "<xml><a>1</ab></xml>",
                            "<xml><ab>1</a></xml>",
                            "<xml><a>1</A></xml>",
                            "<xml><a>1</ a></xml>",
                            "<xml></lmx>",
                            "<1/>",
                            "< xml/>",
                            "<xml><1>2</1></xml>",
                            "<xml><>1</></xml>",
                            "<xml><-a/></xml>",
                            "<xml><a!/></xml>",
                            "<xml><a b>1</a></xml>",
                            "<xml><a b=>1</a></xml>",
                            "<xml><a b=c>1</a></xml>",
                            "<xml><a b='c>1</a></xml>",
                            "<xml><a b='c\">1</a></xml>",
                            "<xml><a b='<'>1</a></xml>",
                            "<xml><a b='c'd='e'>1</a></xml>",
                            "<xml><a ='c'>1</a></xml>",
                            "<xml><a / >1</a></xml>",
                            "<xml><a>1</a b='c'></xml>",
                            "<xml><a>x]]>y</a></xml>",
                            "<xml><a>]]></a></xml>",
                            "<xml><a>]]]></a></xml>",
                            "<xml><a><![CDATA[x</a></xml>",
                            "<xml><a><![CDATA[x]]</a></xml>",
                            "<xml><a><![CDATA[x]] ></a></xml>",
                            "<xml><a><![cdata[x]]></a></xml>",
                            "<xml><a><! [CDATA[x]]></a></xml>",
                            "<xml><a><!CDATA[x]]></a></xml>",
                            "<xml><!-- </xml>",
                            "<xml><!-- -- --></xml>",
                            "<xml><!-- ---></xml>",
                            "<xml><!-></xml>",
                            "<xml><!></xml>",
                            "<!-->",
                            "<!--->",
                            "<xml><? ?></xml>",
                            "<xml><?></xml>",
                            "<xml><?a></xml>",
                            "<?xml?><xml/>",
                            "<?xml version='1.0'><xml/>",
                            "<xml><?xml version='1.0'?></xml>",
                            "<xml/><?xml version='1.0'?>",
                            "<xml><a>1 < 2</a></xml>",
                            "<xml><a>1<2</a></xml>",
                            "<a:xml><a></a:xml>"}) {
        EXPECT_NE(refusal(xml), "accepted") << xml;
    }
}

TEST(Xml, SaysWhatItMissedAndWhere) {
    const auto message = XmlMessage::parse("<xml><appid>1</appid><mch_id>2</xml>");
    ASSERT_FALSE(message);
    EXPECT_EQ(message.error().detail, "<mch_id> is not closed by its own end tag (near byte 32)");
}

TEST(Xml, BoundsTheWordsOfARefusal) {
    const std::string name = "n" + std::string(100'000, 'x');
    for (const std::string& xml :
         {"<xml><" + name + "/><" + name + "/></xml>", "<" + name + ">",
          "<xml><" + name + "><b/></" + name + "></xml>", "<xml>&" + name + ";</xml>"}) {
        const auto message = XmlMessage::parse(xml);
        ASSERT_FALSE(message);
        EXPECT_LT(message.error().detail.size(), 200U);
    }
    std::string characters = "<xml><";
    for (int i = 0; i < 40; ++i) characters += "支";
    const auto message = XmlMessage::parse(characters);
    ASSERT_FALSE(message);
    EXPECT_TRUE(is_utf8(message.error().detail));
}

TEST(Xml, RefusesControlCharacters) {
    for (char c = 0; c < ' '; ++c) {
        if (c == '\t' || c == '\n' || c == '\r') continue;
        for (const std::string& xml :
             {"<xml><a>x" + std::string(1, c) + "</a></xml>", "<xml/>" + std::string(1, c),
              "<xml><!--" + std::string(1, c) + "--></xml>",
              "<xml><a><![CDATA[long enough" + std::string(1, c) + "]]></a></xml>"}) {
            EXPECT_THAT(refusal(xml), HasSubstr("control character")) << static_cast<int>(c);
        }
    }
    EXPECT_THAT(refusal("<xml><a>1</a></xml>\0<b>2</b>"s), HasSubstr("control character"));
}

TEST(Xml, RefusesCharactersThatAreNone) {
    EXPECT_THAT(refusal("<xml><a>\xEF\xBF\xBE</a></xml>"), HasSubstr("XML forbids"));
    EXPECT_THAT(refusal("<xml><a>\xEF\xBF\xBF</a></xml>"), HasSubstr("XML forbids"));
    EXPECT_EQ(value_of("\xEF\xBF\xBD\xEF\xBC\x81\x7F\xC2\x80"),
              "\xEF\xBF\xBD\xEF\xBC\x81\x7F\xC2\x80");
}

TEST(Xml, RefusesWhatIsNotUtf8) {
    const std::vector<std::string> texts = {"\xD6\xA7\xB8\xB6",  // 支付 in GBK
                                            "\xC0\xAF",
                                            "\xE0\x80\xAF",
                                            "\xF0\x80\x80\xAF",  // '/' in too many bytes
                                            "\xED\xA0\x80",
                                            "\xED\xBF\xBF",  // surrogates
                                            "\xF4\x90\x80\x80",
                                            "\xF5\x80\x80\x80",
                                            "\xFF",
                                            "\xFE",
                                            "\x80",
                                            "\xBF",
                                            "\xE6\x94",
                                            "\xE6",
                                            "\xF0\x9F\x98",
                                            "\xC2",  // cut
                                            "\xE6\x94<",
                                            "\xE6\x41\x41"};
    for (const std::string& text : texts) {
        EXPECT_EQ(refusal_code("<xml><a>" + text + "</a></xml>"), Errc::not_utf8)
            << testing::PrintToString(text);
        EXPECT_EQ(refusal_code("<xml/>" + text), Errc::not_utf8) << testing::PrintToString(text);
    }
    EXPECT_EQ(
        refusal_code("<?xml version='1.0' encoding='GBK'?><xml><a>\xD6\xA7\xB8\xB6</a></xml>"),
        Errc::not_utf8);
    EXPECT_EQ(refusal_code("\xFF\xFE<\0x\0m\0l\0/\0>\0"s), Errc::not_utf8);
    EXPECT_EQ(refusal_code("\xFE\xFF\0<\0x\0m\0l\0/\0>"s), Errc::not_utf8);
    EXPECT_EQ(refusal_code("<\0x\0m\0l\0/\0>\0"s),
              Errc::malformed);  // without a mark only its NULs tell
}

std::string with_elements(int count) {
    std::string xml = "<xml>";
    for (int n = 0; n < count; ++n)
        xml += "<f" + std::to_string(n) + ">1</f" + std::to_string(n) + ">";
    return xml + "</xml>";
}

TEST(Xml, TakesTwoHundredElementsAndNoMore) {
    const auto most = XmlMessage::parse(with_elements(200));
    ASSERT_TRUE(most);
    EXPECT_EQ(most->fields().size(), 200U);
    EXPECT_EQ(most->get("f199"), "1");
    EXPECT_EQ(refusal_code(with_elements(201)), Errc::too_large);
    EXPECT_EQ(refusal_code("<xml><a/></xml>", {.elements_max = 0}), Errc::too_large);
}

TEST(Xml, TakesOneMebibyteAndNoMore) {
    const std::string frame = "<xml><a></a></xml>";
    std::string xml = frame;
    xml.insert(8, 1024 * 1024 - frame.size(), 'x');
    const auto most = XmlMessage::parse(xml);
    ASSERT_TRUE(most);
    EXPECT_EQ(most->get("a").size(), 1024 * 1024 - frame.size());
    xml.insert(8, 1, 'x');
    EXPECT_EQ(refusal_code(xml), Errc::too_large);
    EXPECT_EQ(refusal_code(frame, {.bytes_max = frame.size() - 1}), Errc::too_large);
}

TEST(Xml, IsNotMovedByDepthOrRepetition) {
    std::string deep;
    for (int i = 0; i < 300'000; ++i) deep += "<a>";
    EXPECT_EQ(refusal_code(deep), Errc::malformed);
    std::string comments = "<xml><a>";
    for (int i = 0; i < 100'000; ++i) comments += "<!---->";
    EXPECT_TRUE(XmlMessage::parse(comments + "</a></xml>"));
    std::string pieces = "<xml><a>";
    for (int i = 0; i < 60'000; ++i) pieces += "x<![CDATA[]]>";
    const auto joined = XmlMessage::parse(pieces + "</a></xml>");
    ASSERT_TRUE(joined);
    EXPECT_EQ(joined->get("a"), std::string(60'000, 'x'));
    EXPECT_EQ(value_of(std::string(500'000, ']')), std::string(500'000, ']'));
    std::string attributes = "<xml";
    for (int i = 0; i < 100'000; ++i) attributes += " a=''";
    EXPECT_TRUE(XmlMessage::parse(attributes + "/>"));
}

TEST(Xml, KeepsItsViewsWhenMoved) {
    auto parsed = XmlMessage::parse("<xml><a>value</a><b><![CDATA[w]]>&lt;</b></xml>");
    ASSERT_TRUE(parsed);
    const std::vector<FieldView> before(parsed->fields().begin(), parsed->fields().end());
    std::vector<XmlMessage> kept;
    kept.push_back(std::move(*parsed));
    kept.push_back(*XmlMessage::parse("<xml/>"));  // moves the first one again
    EXPECT_THAT(before, ElementsAre(FieldView{"a", "value"}, FieldView{"b", "w<"}));
    EXPECT_EQ(kept.front().fields().front().value.data(), before.front().value.data());
}

TEST(Xml, DoesNotKeepTheInput) {
    std::string xml = "<xml><a>value</a></xml>";
    const auto message = XmlMessage::parse(xml);
    ASSERT_TRUE(message);
    xml.assign(xml.size(), '!');
    EXPECT_EQ(message->get("a"), "value");
}

struct Sample {
    const char* file;
    std::size_t elements;
    const char* name;
    const char* value;
};

TEST(Xml, ReadsTheMessagesThatPublicLibrariesTestWith) {
    constexpr Sample kSamples[] = {
        {"notify_or_query_351c823cac", 20, "coupon_type", "CASH"},
        {"notify_or_query_3d87ddda0c", 24, "attach", "支付测试"},
        {"notify_or_query_64a0a97ea6", 26, "attach", "订单额外描述"},
        {"notify_or_query_d1f4f77eed", 24, "coupon_fee_0", "100"},
        {"notify_or_query_db169e443e", 19, "openid", "oUpF8uN95-Ptaags6E_roPHg7AG0"},
        {"request_54edbd968f", 11, "transaction_id", ""},
        {"request_b9f12b16be", 10, "body", "测试商品"},
        {"request_c45a5b6f2d", 7, "product_id", "88888"},
        {"request_fa6a05ae8b", 13, "total_fee", "1"},
        {"response_120ab86675", 18, "refund_channel", ""},
        {"response_3a32829c25", 14, "refund_status_0", "PROCESSING"},
        {"response_57a3f13627", 17, "cash_fee", "1"},
        {"response_8ea4f48bb0", 14, "coupon_refund_fee", "0"},
        {"response_9b76f54c20", 14, "sign", "1F2841558E233C33ABA71A961D27561C"},
        {"response_ac97226bf4", 10, "code_url", "weixin://wxpay/bizpayurl?pr=QXuSXeo"},
        {"response_f436bcb5ba", 9, "trade_type", "APP"},
    };
    for (const Sample& sample : kSamples) {
        const auto message = XmlMessage::parse(
            test::read_vector_file("samples/" + std::string(sample.file) + ".xml"));
        ASSERT_TRUE(message) << sample.file << ": " << message.error().detail;
        EXPECT_EQ(message->fields().size(), sample.elements) << sample.file;
        EXPECT_EQ(message->find(sample.name), sample.value) << sample.file;
    }
    // The letters "\t" between its elements are no white space.
    EXPECT_EQ(refusal(test::read_vector_file("samples/response_b584244be7.xml")),
              "text between the elements");
}

TEST(Cdata, WrapsText) {
    const auto cdata = [](std::string_view text) {
        std::string out = "before ";
        append_cdata(out, text);
        return out.substr(7);
    };
    EXPECT_EQ(cdata(""), "<![CDATA[]]>");
    EXPECT_EQ(cdata("a<b&c>\n\"'"), "<![CDATA[a<b&c>\n\"']]>");
    EXPECT_EQ(cdata("x]]>y"), "<![CDATA[x]]]]><![CDATA[>y]]>");
    EXPECT_EQ(cdata("]]>]]>"), "<![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]>");
    EXPECT_EQ(cdata("]]]>]"), "<![CDATA[]]]]]><![CDATA[>]]]>");
    EXPECT_EQ(cdata("a\r\nb"), "<![CDATA[a]]>&#13;<![CDATA[\nb]]>");
    EXPECT_EQ(cdata("\r"), "<![CDATA[]]>&#13;<![CDATA[]]>");
}

TEST(Cdata, ReadsBackAsItWas) {
    const std::vector<std::string> texts = {
        "",     "]",        "]]",    "]]>",       "]]]>",  "]]>]]>", ">",     "]]]]>", "\r",
        "\r\n", "]]>\r]]>", "]\r]>", "<![CDATA[", "&amp;", " a ",    "支付😀", "\t\n",  "]]&gt;"};
    for (const std::string& text : texts) {
        std::string content;
        append_cdata(content, text);
        EXPECT_EQ(value_of(content), text);
    }
    std::string hostile;
    for (int i = 0; i < 30'000; ++i) hostile += "]]>";
    std::string content;
    append_cdata(content, hostile + "\r");
    EXPECT_EQ(value_of(content), hostile + "\r");
}

TEST(XmlReference, KnowsXmlsFiveAndNumbersOfCharacters) {
    EXPECT_EQ(xml_reference("amp"), '&');
    EXPECT_EQ(xml_reference("apos"), '\'');
    EXPECT_EQ(xml_reference("#65"), 'A');
    EXPECT_EQ(xml_reference("#x10FFFF"), 0x10FFFFU);
    for (const char* name :
         {"", "#", "#x", "nbsp", "amp;", "#0", "#xD800", "#xFFFE", "#x110000", "65", "# 65"}) {
        EXPECT_EQ(xml_reference(name), std::nullopt) << name;
    }
}

}  // namespace
}  // namespace wxpay
