#include "sandbox/notify/product_scan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/codec/xml.hpp"
#include "core/http/message.hpp"
#include "core/v2/message.hpp"

#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox {
namespace {

constexpr std::size_t kLinkBytesMax = 512;
constexpr std::size_t kProductIdBytesMax = 32;

/// What is signed in the link, with `sign` behind it.
constexpr std::array kParameters{"appid",      "mch_id",    "product_id",
                                 "time_stamp", "nonce_str", "sign"};

Failure<std::string> wrong(std::string hint) { return Failure{std::move(hint)}; }

bool is_product_id(std::string_view text) {
    return text.size() <= kProductIdBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

Result<PrepayId, ProductAnswerProblem> useless(std::string reason) {
    return Failure{ProductAnswerProblem{false, std::move(reason)}};
}

}  // namespace

Result<ProductLink, std::string> read_product_link(std::string_view url,
                                                   const Directory& directory) {
    if (!url.starts_with(kLongUrlStart) || url.size() > kLinkBytesMax)
        return wrong("the link begins with weixin://wxpay/bizpayurl? and has at most 512 bytes");
    // As they are written: values are signed so, and a '+' is a plus.
    const auto parameters = http::query_parameters(url.substr(kLongUrlStart.size()));
    const std::map<std::string_view, std::string_view> written(parameters.begin(),
                                                               parameters.end());
    if (written.contains("pr")) {
        return wrong("this is the code_url of an order: its user pays by /orders/{id}/pay");
    }
    std::array<std::string, kParameters.size()> values;
    std::vector<FieldView> fields;
    for (std::size_t i = 0; i < kParameters.size(); ++i) {
        const auto found = written.find(kParameters[i]);
        if (found != written.end()) values[i] = found->second;
        if (values[i].empty()) return wrong(fmt::format("'{}' is missing", kParameters[i]));
        fields.push_back({kParameters[i], values[i]});
    }
    const auto& [appid, mch_id, product_id, time_stamp, nonce, sign] = values;
    const Merchant* const merchant = directory.find_merchant(mch_id);
    if (merchant == nullptr) return wrong("mch_id: there is no such merchant");
    const auto app = AppId::parse(appid);
    if (!app || !is_bound(*merchant, appid)) return wrong("appid is not bound to this mch_id");
    if (!is_product_id(product_id))
        return wrong("product_id has 1 to 32 printable ASCII characters");
    fields.pop_back();
    const auto diagnosis = diagnosis::diagnose_signature(diagnosis::Signed{fields, {}}, sign,
                                                         *merchant, directory, v2::SignType::md5);
    if (!diagnosis.right) return wrong("sign is wrong: " + diagnosis.hint);
    return ProductLink{*app, merchant, product_id};
}

std::string render_product_question(const ProductLink& link, const std::string& openid,
                                    std::string_view nonce) {
    v2::Message question;
    question.text("appid", link.appid.str())
        .text("is_subscribe", "N")
        .text("mch_id", link.merchant->wire_id())
        .text("nonce_str", nonce)
        .text("openid", openid)
        .text("product_id", link.product_id);
    return question.sign(link.merchant->api_key, v2::SignType::md5, "product_id").render();
}

Result<PrepayId, ProductAnswerProblem> read_product_answer(std::string_view body,
                                                           const ProductLink& link,
                                                           const Directory& directory) {
    const auto message = XmlMessage::parse(body);
    if (!message) return useless("the answer is not WeChat's XML");
    const std::string_view sign = message->get("sign");
    if (sign.empty()) return useless("the answer has no sign");
    const Secret& key = link.merchant->api_key;
    if (!v2::verify(message->fields(), sign, key, v2::SignType::md5) &&
        !v2::verify(message->fields(), sign, key, v2::SignType::hmac_sha256)) {
        const auto diagnosis = diagnosis::diagnose_signature(*message, body, *link.merchant,
                                                             directory, v2::SignType::md5);
        return useless("the answer's sign is wrong: " + diagnosis.hint);
    }
    if (message->get("appid") != link.appid.str() ||
        message->get("mch_id") != link.merchant->wire_id()) {
        return useless("the answer names another appid or mch_id than the question");
    }
    if (message->get("result_code") != "SUCCESS") {
        const std::string_view words = message->get("err_code_des");
        return Failure{ProductAnswerProblem{
            true, std::string(words.empty() ? "result_code is not SUCCESS" : words)}};
    }
    const auto prepay_id = PrepayId::parse(message->get("prepay_id"));
    if (!prepay_id) return useless("the answer has no prepay_id");
    return *prepay_id;
}

}  // namespace wxpay::sandbox
