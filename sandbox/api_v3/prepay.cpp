// POST /v3/pay/transactions/{jsapi,app,h5,native} and their partner forms: the merchant orders, the
// user gets something to pay with.
#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint jsapi();
Endpoint app();
Endpoint h5();
Endpoint native();
Endpoint partner_jsapi();
Endpoint partner_app();
Endpoint partner_h5();
Endpoint partner_native();

namespace {

using Json = nlohmann::json;

constexpr Words kOpenidOfAnotherApp{500, "OPENID_MISMATCH", "openid和appid不匹配"};

constexpr std::array kWhat{in_characters(required("description", 127)),
                           kOutTradeNo,
                           time_at(optional("time_expire", 64)),
                           optional("attach", 128),
                           kNotifyUrl,
                           optional("goods_tag", 32),
                           list("limit_pay"),
                           flag("support_fapiao"),
                           object("amount", Need::required),
                           order_total("amount.total"),
                           one_of(optional("amount.currency", 16, Limit::recalled), kCny)};

/// The number that support has for an order without its user.
constexpr int kNoOpenid = 268501013;
constexpr FieldRule of_the_user(FieldRule rule) {
    rule.number_when_missing = kNoOpenid;
    return rule;
}
constexpr std::array kUser{of_the_user(object("payer", Need::required)),
                           of_the_user(required("payer.openid", 128, Limit::recalled))};
constexpr std::array kPartnersUser{of_the_user(object("payer", Need::required)),
                                   optional("payer.sp_openid", 128, Limit::recalled),
                                   optional("payer.sub_openid", 128, Limit::recalled)};
constexpr std::array kNobody{object("payer")};

constexpr std::array<std::string_view, 7> kPapers{
    "IDCARD",          "HONGKONG_MACAO",   "HONGKONG_MACAO_RESIDENT",
    "TAIWAN_RESIDENT", "FOREIGN_RESIDENT", "OVERSEA_PASSPORT",
    "PHONE_NUMBER"};
constexpr std::array kIdentity{
    object("payer.identity"), one_of(required("payer.identity.type", 32, Limit::recalled), kPapers),
    encrypted(required("payer.identity.number", 0)), encrypted(required("payer.identity.name", 0))};

constexpr std::array kScene{object("scene_info"),
                            ip_address(required("scene_info.payer_client_ip", 45)),
                            optional("scene_info.device_id", 32)};
constexpr std::array kH5Scene{object("scene_info", Need::required),
                              ip_address(required("scene_info.payer_client_ip", 45)),
                              optional("scene_info.device_id", 32)};
constexpr std::array kSettle{object("settle_info"), flag("settle_info.profit_sharing")};
constexpr std::array kPartnersSettle{object("settle_info"), flag("settle_info.profit_sharing"),
                                     integer("settle_info.subsidy_amount")};
constexpr std::array kSubsidy{object("subsidy_info")};

constexpr auto kRest = kIdentity + kGoods;
constexpr auto kJsapi =
    kDirectParties + kWhat + kUser + kRest + kScene + kStore + kSettle + kSubsidy;
constexpr auto kApp =
    kDirectParties + kWhat + kNobody + kRest + kScene + kStore + kSettle + kSubsidy;
constexpr auto kNative = kDirectParties + kWhat + kNobody + kRest + kScene + kStore + kSettle;
constexpr auto kH5 =
    kDirectParties + kWhat + kNobody + kRest + kH5Scene + kStore + kH5Info + kSettle;
constexpr auto kPartnerJsapi =
    kPartnerParties + kWhat + kPartnersUser + kRest + kScene + kStore + kPartnersSettle + kSubsidy;
constexpr auto kPartnerApp =
    kPartnerParties + kWhat + kNobody + kRest + kScene + kStore + kPartnersSettle + kSubsidy;
constexpr auto kPartnerNative =
    kPartnerParties + kWhat + kNobody + kRest + kScene + kStore + kPartnersSettle;
constexpr auto kPartnerH5 =
    kPartnerParties + kWhat + kNobody + kRest + kH5Scene + kStore + kH5Info + kPartnersSettle;

/// What the same call again must say again, without what it need not say.
std::string creation_of(const Call& call) {
    Json body = call.fields.body;
    if (const auto amount = body.find("amount"); amount->value("currency", "") == "CNY")
        amount->erase("currency");
    if (const auto settle = body.find("settle_info"); settle != body.end()) {
        if (!settle->value("profit_sharing", false)) settle->erase("profit_sharing");
        if (settle->empty()) body.erase(settle);
    }
    // Encrypted anew each time, so they differ though they say the same.
    if (const auto payer = body.find("payer"); payer != body.end()) {
        if (const auto identity = payer->find("identity"); identity != payer->end())
            *identity = call.decrypted;
    }
    return dump_json(body);
}

/// What the user gets to pay with.
void add_prepay_id(Order& order, Random& random) {
    order.prepay_id = next_prepay_id(random, order.created_at);
    order.prepaid_at = order.created_at;
    if (order.trade_type == TradeType::native) order.code_url = next_code_url(random);
    if (order.trade_type == TradeType::mweb)
        order.mweb_url = next_mweb_url(random, order.prepay_id.str());
}

/// The number is taken: the same call again, or another one that wants the same number. source
/// spec V3 4.2
Result<Order, Refusal> again(Work& work, const Order& sent) {
    const auto refuse = [](const Words& words, std::string hint) {
        return Failure{Refusal{words, std::move(hint)}};
    };
    auto stored = work.store().find_order(sent.mch_id, sent.out_trade_no);
    if (!stored)
        return refuse(kReentryDiffers, "this number was closed before it was ordered: it is burnt");
    if (stored->is_paid())
        return refuse(kOrderPaid, "the order is paid; a new payment needs a new out_trade_no");
    const Instant now = work.context().clock.now();
    const auto problem = why_not_payable(*stored, now);
    if (problem && *problem != PayProblem::failed) {
        if (*problem == PayProblem::expired)
            return refuse(kOrderExpired, "its time_expire has passed; use a new out_trade_no");
        return refuse(kOrderClosed, "the order is closed; use a new out_trade_no");
    }
    if (stored->api != ApiVersion::v3)
        return refuse(kReentryDiffers, "this number was ordered through API V2");
    if (!stored->combine_out_trade_no.empty())
        return refuse(kNumberUsed, "this number is a part of a combined order");
    if (stored->trade_type != sent.trade_type || stored->sub_mch_id != sent.sub_mch_id) {
        return refuse(kNumberUsed,
                      fmt::format("ordered before as {}; keep its prepay_id, or use a new number",
                                  wxpay::wire_name(stored->trade_type)));
    }
    if (stored->creation != sent.creation) {
        return refuse(kReentryDiffers,
                      fmt::format("ordered before with another {}", differences(*stored, sent)));
    }
    const auto life = stored->trade_type == TradeType::mweb ? Millis(kH5Life) : Millis(kPrepayLife);
    if (now - stored->prepaid_at >= life) {
        stored->prepay_id = sent.prepay_id;
        stored->prepaid_at = now;
        stored->code_url = sent.code_url;
        stored->mweb_url = sent.mweb_url;
        work.store().update_order(*stored);
    }
    return *stored;
}

std::optional<Refusal> check_user(const Call& call, const Order& order, Work& work) {
    if (order.trade_type != TradeType::jsapi) return std::nullopt;
    if (order.openid.empty() && order.sub_openid.empty()) {
        FieldRule rule = of_the_user(required("payer.sp_openid", 128));
        return missing(rule, "/body/payer/sp_openid");
    }
    if (!order.sub_openid.empty() && order.sub_appid.empty())
        return missing(required("sub_appid", 32), "/body/sub_appid");
    if (auto refusal = check_owner(order.sub_appid, order.sub_openid, work)) return refusal;
    return check_openid(call, order.appid, order.openid, work);
}

Result<Reply, Refusal> prepay(const Call& call, TradeType type, Work& work) {
    if (!call.merchant.products.contains(type)) {
        return Failure{Refusal{kNoPermission, fmt::format("{} is not switched on for this merchant",
                                                          wxpay::wire_name(type))}};
    }
    Order order = order_from(call, type, work);
    add_prepay_id(order, work.context().random);
    if (auto refusal = check_user(call, order, work)) return Failure{std::move(*refusal)};
    if (type == TradeType::mweb && order.expires_at &&
        *order.expires_at > order.created_at + kH5Life)
        call.notes.emplace_back("h5_url lives five minutes whatever time_expire says");
    if (!add_order(work, order)) {
        WXPAY_TRY(order, again(work, order));
    }
    work.changed(order);
    switch (type) {
        case TradeType::native:
            return Reply{.body = dump_json(Json{{"code_url", order.code_url}})};
        case TradeType::mweb:
            return Reply{.body = dump_json(Json{{"h5_url", order.mweb_url}})};
        case TradeType::jsapi:
        case TradeType::app:
        case TradeType::micropay:
            break;
    }
    return Reply{.body = dump_json(Json{{"prepay_id", order.prepay_id.str()}})};
}

template <TradeType type>
Result<Reply, Refusal> handle(const Call& call, Work& work) {
    return prepay(call, type, work);
}

template <TradeType type>
Endpoint direct(std::string_view path, std::span<const FieldRule> fields) {
    return {.method = "POST",
            .path = path,
            .fields = fields,
            .handle = handle<type>,
            .caller = "mchid",
            .appid = "appid"};
}

template <TradeType type>
Endpoint partner(std::string_view path, std::span<const FieldRule> fields) {
    return {.method = "POST",
            .path = path,
            .fields = fields,
            .handle = handle<type>,
            .caller = "sp_mchid",
            .appid = "sp_appid"};
}

}  // namespace

Order order_from(const Call& call, TradeType type, Work& work) {
    const Instant now = work.context().clock.now();
    const bool is_partner = call.has("sp_mchid");
    Order order;
    order.api = ApiVersion::v3;
    order.mch_id = call.merchant.mch_id;
    order.out_trade_no = OutTradeNo::parse(call.text("out_trade_no")).value();
    const auto appid = AppId::parse(call.text(is_partner ? "sp_appid" : "appid"));
    order.appid = appid ? *appid : call.merchant.appids.front();
    order.sub_mch_id = call.text("sub_mchid");
    order.sub_appid = call.text("sub_appid");
    order.trade_type = type;
    order.total = Fen{call.number("amount.total")};
    order.body = call.text("description");
    order.attach = call.text("attach");
    order.device_info = call.text("scene_info.device_id");
    order.openid = call.text(is_partner ? "payer.sp_openid" : "payer.openid");
    order.sub_openid = call.text("payer.sub_openid");
    order.notify_url = call.text("notify_url");
    order.limit_pay = limit_pay_of(call);
    order.creation = creation_of(call);
    order.created_at = now;
    order.expires_at = expiry_of(call, now);
    order.platform_serial = call.platform_serial;
    return order;
}

std::string differences(const Order& stored, const Order& sent) {
    const auto before = parse_json(stored.creation);
    const auto now = parse_json(sent.creation);
    if (!before || !now) return "call";
    std::vector<std::string> out;
    for (const auto& [name, value] : now->items()) {
        if (!before->contains(name) || (*before)[name] != value) out.push_back(name);
    }
    for (const auto& [name, value] : before->items()) {
        if (!now->contains(name)) out.push_back(name);
    }
    return fmt::format("{}", fmt::join(out, ", "));
}

// source  [A] pay.weixin.qq.com/doc/v3/merchant/4012791897
std::optional<Instant> expiry_of(const Call& call, Instant now) {
    constexpr std::chrono::minutes kLeast{1};
    constexpr std::chrono::hours kMost{24 * 90};
    const auto wanted = parse_rfc3339(call.text("time_expire"));
    if (!wanted) return std::nullopt;
    if (*wanted < now + kLeast) {
        call.notes.emplace_back("time_expire is less than a minute ahead: moved to one minute");
        return now + kLeast;
    }
    if (*wanted > now + kMost) {
        call.notes.emplace_back("time_expire is more than 90 days ahead: moved to 90 days");
        return now + kMost;
    }
    return wanted;
}

std::string limit_pay_of(const Call& call) {
    const Json* const list = call.fields.find("limit_pay");
    if (list == nullptr) return {};
    // source  [A] v3-endpoints.json; what comes of another word is not known
    constexpr std::array<std::string_view, 3> kWithoutEffect{"no_debit", "no_balance",
                                                             "balance_only"};
    std::string out;
    for (const Json& item : *list) {
        const std::string word = item.is_string() ? item.get<std::string>() : dump_json(item);
        if (word == "no_credit") {
            out = word;
        } else if (std::find(kWithoutEffect.begin(), kWithoutEffect.end(), word) !=
                   kWithoutEffect.end()) {
            call.notes.push_back(fmt::format("limit_pay {} has no effect here", word));
        } else {
            call.notes.push_back(fmt::format("limit_pay {} is not documented; WeChat may refuse it",
                                             diagnosis::printable(word)));
        }
    }
    return out;
}

std::optional<Refusal> check_owner(std::string_view appid, const std::string& openid, Work& work) {
    const auto app = AppId::parse(appid);
    if (!app || !work.store().is_openid_of_another_app(*app, openid)) return std::nullopt;
    return Refusal{kOpenidOfAnotherApp, "this openid was issued to another appid"};
}

std::optional<Refusal> check_openid(const Call& call, const AppId& appid, const std::string& openid,
                                    Work& work) {
    if (openid.empty()) return std::nullopt;
    if (auto refusal = check_owner(appid.str(), openid, work)) return refusal;
    if (!OpenId::parse(openid))
        call.notes.emplace_back("an openid begins with 'o'; real ones have 28 characters");
    return std::nullopt;
}

Endpoint jsapi() { return direct<TradeType::jsapi>("/v3/pay/transactions/jsapi", kJsapi); }
Endpoint app() { return direct<TradeType::app>("/v3/pay/transactions/app", kApp); }
Endpoint h5() { return direct<TradeType::mweb>("/v3/pay/transactions/h5", kH5); }
Endpoint native() { return direct<TradeType::native>("/v3/pay/transactions/native", kNative); }
Endpoint partner_jsapi() {
    return partner<TradeType::jsapi>("/v3/pay/partner/transactions/jsapi", kPartnerJsapi);
}
Endpoint partner_app() {
    return partner<TradeType::app>("/v3/pay/partner/transactions/app", kPartnerApp);
}
Endpoint partner_h5() {
    return partner<TradeType::mweb>("/v3/pay/partner/transactions/h5", kPartnerH5);
}
Endpoint partner_native() {
    return partner<TradeType::native>("/v3/pay/partner/transactions/native", kPartnerNative);
}

}  // namespace wxpay::sandbox::api_v3
