#include "sandbox/diagnosis/call.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/codec/xml.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

struct Advice {
    std::string_view error;  ///< how Exchange::error begins
    std::string_view text;
};

// source  v2.md 13: mistakes from issues and the community
constexpr std::array kAdvice{
    Advice{
        "商户号mch_id与appid不匹配",
        "Bind the appid to the merchant first (商户平台 > 产品中心 > AppID账号管理), or send the "
        "appid that is bound: an app, a mini program and an official account each have their "
        "own."},
    Advice{
        "invalid total_fee",
        "Amounts are whole numbers of fen (分). Count in fen from the start, or round: 88.8 * 100 "
        "is 8879.999… in floating point."},
    Advice{"INVALID_REQUEST 201 商户订单号重复",
           "A repeated unifiedorder must be the same call. Keep what was sent the first time "
           "(time_start and time_expire too) or take a new out_trade_no."},
    Advice{"JSAPI支付必须传openid",
           "Fetch the openid on the server: wx.login's code, then jscode2session (or OAuth in the "
           "WeChat browser), of the same appid as the order."},
    Advice{"appid and openid not match",
           "An openid is valid under the appid that issued it, and only there."},
    Advice{"XML格式错误",
           "An unescaped & or < in a value breaks the document: let an XML writer escape, or use "
           "CDATA."},
    Advice{"body不是UTF8编码",
           "Send and sign the bytes of the UTF-8 text; an encoding=\"GBK\" declaration does not "
           "help."},
    Advice{"ORDERNOTEXIST",
           "Is it the out_trade_no (the merchant's number), and the mch_id that ordered it? A "
           "WeChat transaction_id goes into its own field."},
    Advice{"ORDERPAID",
           "The money is there: answer the customer from orderquery, do not order "
           "again."},
    // source  spec V3 10, pitfalls 4 to 8, 10, 11, 25, 31 to 34
    Advice{
        "PARAM_ERROR 无法将 JSON",
        "Send the JSON type that the page names. Amounts are whole numbers of fen without quotes: "
        "count in fen from the start."},
    Advice{"PARAM_ERROR 输入源“/body/time_expire”",
           "V3 wants RFC 3339 with its offset, 2024-06-01T12:00:00+08:00; V2's yyyyMMddHHmmss is "
           "refused."},
    Advice{"PARAM_ERROR http header中的mchid",
           "Who signs and who is named must be one: mchid, or sp_mchid in partner mode (服务商), "
           "never sub_mchid. A provider signs with its own key."},
    Advice{"PARAM_ERROR 平台证书序列号Wechatpay-Serial",
           "Name the key that encrypted the field: the serial of WeChat's platform certificate as "
           "upper-case hex, or PUB_KEY_ID_…. It is never the merchant's own certificate."},
    Advice{"PARAM_ERROR HTTP header缺少微信支付平台证书序列号",
           "A call with an encrypted field names the key in the header Wechatpay-Serial."},
    Advice{"INVALID_REQUEST 请求重入时",
           "The same out_trade_no must come with the same parameters, time_expire too. Keep the "
           "prepay_id of the first answer (two hours) instead of ordering again."},
    Advice{"OUT_TRADE_NO_USED",
           "A number belongs to one product. Keep the prepay_id of the first answer, or take a new "
           "out_trade_no for the other product."},
    Advice{"ORDER_NOT_EXIST",
           "Is it the out_trade_no (the merchant's number), and the mchid that ordered it? Letters "
           "count as they are: some clients turn path variables into lower case."},
    Advice{"SIGN_ERROR Http头Authorization值格式错误",
           "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"…\",nonce_str=\"…\",timestamp=\"…\","
           "serial_no=\"…\",signature=\"…\" in one line, the scheme once: many libraries put a "
           "scheme in front by themselves."},
    Advice{"SIGN_ERROR Http头Authorization中的timestamp",
           "Seconds since 1970, 10 digits, of a clock that NTP keeps; Date.now() and "
           "currentTimeMillis() are milliseconds. With a virtual clock look at `wxpay-sandbox "
           "clock`."},
    Advice{
        "SIGN_ERROR 商户证书序列号有误",
        "serial_no is the merchant's API certificate's (apiclient_cert.pem), not the platform's: "
        "openssl x509 -noout -serial -in apiclient_cert.pem, leading zeros and all."},
    Advice{"ORDERCLOSED", "A closed number stays closed; order with a new out_trade_no."},
};

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What a total_fee with decimals seems to mean.
std::optional<std::string> explain_fee(std::string_view value) {
    constexpr std::size_t kDigitsMax = 10;
    const std::size_t dot = value.find('.');
    if (dot == std::string_view::npos || dot > kDigitsMax) return std::nullopt;
    const std::string_view whole = value.substr(0, dot);
    const std::string_view rest = value.substr(dot + 1);
    if (!is_digits(whole) || !is_digits(rest)) return std::nullopt;
    std::int64_t count = 0;
    std::from_chars(whole.data(), whole.data() + whole.size(), count);
    if (rest.find_first_not_of('0') == std::string_view::npos)
        return fmt::format("total_fee has decimals; fen are whole numbers, wanted: {}", count);
    if (rest.size() <= 2) {
        const int tens = rest[0] - '0';
        const int ones = rest.size() == 2 ? rest[1] - '0' : 0;
        return fmt::format("total_fee is in yuan with decimals; wanted is fen: {}",
                           count * 100 + tens * 10 + ones);
    }
    return fmt::format("total_fee is a rounding error of floating point; wanted is fen: {}",
                       count + (rest[0] >= '5' ? 1 : 0));
}

void sharpen(Exchange& exchange) {
    if (exchange.error != "invalid total_fee") return;
    const auto message = XmlMessage::parse(exchange.request.body);
    if (!message) return;
    if (auto better = explain_fee(message->get("total_fee"))) exchange.hint = *std::move(better);
}

void note_query(Exchange& exchange, const http::Response& response) {
    const auto holds = [&](std::string_view part) {
        return response.body.find(part) != std::string::npos;
    };
    if (holds("<trade_state><![CDATA[NOTPAY]]>") || holds("<trade_state><![CDATA[USERPAYING]]>")) {
        exchange.notes.emplace_back(
            "not paid yet: right after wx.requestPayment this may be read too early; query again");
    }
    if (holds("<attach><![CDATA[]]></attach>")) {
        exchange.notes.emplace_back(
            "attach comes as an empty element: read it as an empty text; some XML parsers make an "
            "object of it");
    }
}

}  // namespace

void explain_call(Exchange& exchange, const http::Response& response) {
    if (exchange.verdict == "ok") {
        if (exchange.endpoint == "/pay/orderquery") note_query(exchange, response);
        return;
    }
    sharpen(exchange);
    if (!exchange.explanation.empty()) return;
    if (exchange.hint == "'nonce_str' is missing") {
        exchange.explanation =
            "'nonce_str' is missing. Some clients make one, sign it and do not send it "
            "(node-easywechat): give them a nonce_str of your own.\n";
        return;
    }
    const auto* const found = std::find_if(kAdvice.begin(), kAdvice.end(), [&](const Advice& each) {
        return exchange.error.starts_with(each.error);
    });
    if (found != kAdvice.end())
        exchange.explanation = fmt::format("{}{}\n{}\n", exchange.hint,
                                           exchange.hint.ends_with('?') ? "" : ".", found->text);
}

}  // namespace wxpay::sandbox::diagnosis
