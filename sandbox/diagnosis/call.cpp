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
        exchange.explanation = fmt::format("{}.\n{}\n", exchange.hint, found->text);
}

}  // namespace wxpay::sandbox::diagnosis
