// POST /pay/unifiedorder: the merchant orders, the user gets something to pay with.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "sandbox/api_v2/new_order.hpp"
#include "sandbox/ledger/creation.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint unified_order();

namespace {

constexpr Words kOpenidRequired{"", "JSAPI支付必须传openid"};
constexpr Words kOpenidOfAnotherApp{"", "appid and openid not match"};
constexpr Words kOpenidInvalid{"PARAM_ERROR", "无效的openid"};
constexpr Words kOrderPaid{"ORDERPAID", "该订单已支付"};

constexpr std::array kOnDemand{
    kSystemError,
    Words{"NOAUTH", "商户无此接口权限"},
    Words{"NOTENOUGH", "余额不足"},
    Words{"OUT_TRADE_NO_USED", "商户订单号重复"},
};

bool is_trade_type(std::string_view value) {
    return value == "JSAPI" || value == "NATIVE" || value == "APP" || value == "MWEB";
}

constexpr std::array kFields{
    FieldRule{"device_info", Need::optional, 32, "any text", nullptr, kParamFormat,
              Length::advisory},
    FieldRule{"version", Need::optional, 32, "1.0",
              [](std::string_view value) { return value == "1.0"; }},
    FieldRule{"body", Need::required, 127, "any text", nullptr, kParamFormat, Length::characters},
    FieldRule{"detail", Need::optional, 6144},
    FieldRule{"attach", Need::optional, 127},
    FieldRule{"out_trade_no", Need::required, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"fee_type", Need::optional, 16, "CNY",
              [](std::string_view value) { return value == "CNY"; }},
    FieldRule{"total_fee", Need::required, 10,
              "a whole number of fen, 1 to 1000000000 (0.88 yuan is 88)", is_total_fee,
              kTotalFeeInvalid},
    FieldRule{"spbill_create_ip", Need::required, 64, "an IPv4 or IPv6 address", is_ip_address},
    FieldRule{"time_start", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"time_expire", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"goods_tag", Need::optional, 32},
    FieldRule{"notify_url", Need::required, 256, "http(s)://host[:port]/path", is_notify_url},
    FieldRule{"trade_type", Need::required, 16,
              "JSAPI, NATIVE, APP or MWEB (code payment has /pay/micropay)", is_trade_type},
    FieldRule{"product_id", Need::optional, 32},
    FieldRule{"limit_pay", Need::optional, 32, "no_credit",
              [](std::string_view value) { return value == "no_credit"; }},
    FieldRule{"openid", Need::optional, 128},
    FieldRule{"sub_openid", Need::optional, 128},
    FieldRule{"receipt", Need::optional, 8, "Y or N", is_yes_or_no},
    FieldRule{"profit_sharing", Need::optional, 16, "Y or N", is_yes_or_no},
    FieldRule{"scene_info", Need::optional, 256, "JSON", is_json},
    FieldRule{"identity", Need::optional, 128},
    FieldRule{"user_type", Need::optional, 32},
    FieldRule{"user_creid", Need::optional, 32},
    FieldRule{"user_truename", Need::optional, 64},
    FieldRule{"fingerprint", Need::optional, 128},
};

/// JSAPI orders name their user; an empty openid is none.
std::optional<Refusal> find_missing_user(const XmlMessage& message) {
    if (message.get("trade_type") != "JSAPI") return std::nullopt;
    if (!message.get("openid").empty()) return std::nullopt;
    // A sub_openid is one of the sub_appid's, in provider mode.
    if (!message.get("sub_openid").empty() && !message.get("sub_appid").empty() &&
        !message.get("sub_mch_id").empty())
        return std::nullopt;
    return Refusal{kOpenidRequired, "openid",
                   "'openid' is missing or empty; JSAPI orders name their user"};
}

/// Whether the user's openids were issued to the apps that they come with.
std::optional<Refusal> check_owner(const Order& order, Work& work) {
    if (order.trade_type != TradeType::jsapi) return std::nullopt;
    if (!order.openid.empty() && work.store().is_openid_of_another_app(order.appid, order.openid))
        return Refusal{kOpenidOfAnotherApp, "openid", "this openid was issued to another appid"};
    const auto sub_appid = AppId::parse(order.sub_appid);
    if (sub_appid && work.store().is_openid_of_another_app(*sub_appid, order.sub_openid)) {
        return Refusal{kOpenidOfAnotherApp, "sub_openid",
                       "this sub_openid was issued to another appid than sub_appid"};
    }
    return std::nullopt;
}

/// Whether the user can be one of the app's.
std::optional<Refusal> check_user(const Call& call, Work& work) {
    constexpr std::size_t kRealLength = 28;
    const std::string openid = call.text("openid");
    if (openid.empty() || call.get("trade_type") != "JSAPI") return std::nullopt;
    if (!OpenId::parse(openid) ||
        (work.context().settings.strict && openid.size() != kRealLength)) {
        return Refusal{kOpenidInvalid, "openid",
                       "an openid begins with 'o'; real ones have 28 characters"};
    }
    return std::nullopt;
}

void note_oddities(const Call& call) {
    constexpr std::size_t kShortest = 6;
    if (call.get("out_trade_no").size() < kShortest) {
        call.notes.emplace_back(
            "out_trade_no is shorter than 6: newer documentation wants 6 to 32");
    }
    if (call.get("notify_url").find('?') != std::string_view::npos) {
        call.notes.emplace_back(
            "notify_url has a query string: the documentation forbids it; it will be called "
            "unchanged");
    }
    if (call.get("trade_type") == "NATIVE" && call.get("product_id").empty()) {
        call.notes.emplace_back("NATIVE without product_id: older documentation wants one");
    }
    if (call.get("trade_type") == "MWEB" && call.get("scene_info").empty()) {
        call.notes.emplace_back("MWEB without scene_info: the documentation wants one");
    }
}

Order described(const Call& call, Work& work) {
    const Instant now = work.context().clock.now();
    Random& random = work.context().random;
    Order order = order_from(call, now);
    order.trade_type = *parse_trade_type(call.get("trade_type"));
    order.notify_url = call.text("notify_url");
    order.prepay_id = next_prepay_id(random, now);
    order.prepaid_at = now;
    if (order.trade_type == TradeType::native) order.code_url = next_code_url(random);
    if (order.trade_type == TradeType::mweb)
        order.mweb_url = next_mweb_url(random, order.prepay_id.str());
    return order;
}

Failure<Refusal> refuse_again(const Call& call, Work& work, const Words& words, std::string hint) {
    Refusal refusal{words, "out_trade_no", std::move(hint)};
    // Observed: a failing MWEB call still gets an address, one that names no prepay_id.
    if (call.get("trade_type") == "MWEB") {
        refusal.business.text("mweb_url", next_mweb_url(work.context().random, ""));
    }
    return Failure{std::move(refusal)};
}

/// The number is taken: the same call again, or another one that wants the same number.
Result<Order, Refusal> again(const Call& call, Work& work, const Order& sent) {
    auto stored = work.store().find_order(sent.mch_id, sent.out_trade_no);
    if (!stored)
        return refuse_again(call, work, kOrderClosed,
                            "this number was closed before it was ordered");
    const Instant now = work.context().clock.now();
    if (stored->is_paid()) {
        return refuse_again(call, work, kOrderPaid,
                            "the order is paid; a new payment needs a new out_trade_no");
    }
    if (why_not_payable(*stored, now)) {
        return refuse_again(
            call, work, kOrderClosed,
            "the order is closed or its time_expire has passed; use a new out_trade_no");
    }
    if (stored->api != ApiVersion::v2) {
        return refuse_again(call, work, kOrderNumberRepeated,
                            "this number was ordered through API V3");
    }
    if (const std::string changed = differences(*stored, sent); !changed.empty()) {
        std::string hint = "ordered before with another " + changed;
        if (created_with(*stored, "time_start") != created_with(sent, "time_start")) {
            hint += "; keep the first call's time_start when you repeat it";
        }
        return refuse_again(call, work, kOrderNumberRepeated, std::move(hint));
    }
    // source  [A] pay.weixin.qq.com/doc/v2/merchant/4011936869: five minutes
    const auto life = stored->trade_type == TradeType::mweb ? Millis(kH5Life) : Millis(kPrepayLife);
    if (now - stored->prepaid_at >= life) {
        stored->prepay_id = sent.prepay_id;
        stored->prepaid_at = now;
        stored->code_url = sent.code_url;
        stored->mweb_url = sent.mweb_url;
    }
    // The callback repeats the nonce of the call, and the page signs with its type: the latest
    // call's count.
    stored->nonce_str = sent.nonce_str;
    stored->sign_type = sent.sign_type;
    stored->device_info = sent.device_info;
    work.store().update_order(*stored);
    return *stored;
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    Order order = described(call, work);
    if (!call.merchant.products.contains(order.trade_type)) {
        return Failure{Refusal{
            kProductNotEnabled, "trade_type",
            fmt::format("{} is not switched on for this merchant", call.get("trade_type"))}};
    }
    if (auto refusal = check_times(call, order.created_at, work.context().settings.strict)) {
        // An order that was made in time may be asked for again later: then its own state decides.
        if (!work.store().find_order(order.mch_id, order.out_trade_no))
            return Failure{std::move(*refusal)};
    }
    if (auto refusal = check_owner(order, work)) return Failure{std::move(*refusal)};
    if (auto refusal = check_user(call, work)) return Failure{std::move(*refusal)};
    note_oddities(call);

    if (!add_order(work, order)) {
        WXPAY_TRY(order, again(call, work, order));
    }
    work.changed(order);

    Reply reply;
    reply.device_info = order.device_info;
    reply.shows_device_info = !order.device_info.empty();
    reply.business.text("prepay_id", order.prepay_id.str())
        .text("trade_type", wire_name(order.trade_type))
        .text_if("code_url", order.code_url)
        .text_if("mweb_url", order.mweb_url);
    return reply;
}

}  // namespace

Endpoint unified_order() {
    return {.path = "/pay/unifiedorder",
            .fields = kFields,
            .handle = handle,
            .refuses_unknown_fields = true,
            .find_missing = find_missing_user,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
