// /v3/combine-transactions/…: orders of several merchants that a user pays in one go.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/api_v3/judged_refusals.hpp"
#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint combine_jsapi();
Endpoint combine_app();
Endpoint combine_h5();
Endpoint combine_native();
Endpoint combine_query();
Endpoint combine_close();

namespace {

using Json = nlohmann::json;

// source  [A] spec V3 4.7; of the second one only the text is known
constexpr Words kNoMerchant{400, "MCH_NOT_EXISTS", "商户号不存在", 268443715};

constexpr FieldRule of_combination(FieldRule rule) {
    rule.pattern = &kCombineNoPattern;
    return rule;
}
constexpr FieldRule of_part(std::string_view name) {
    FieldRule rule = matching(required(name, 32, Limit::recalled), kOutTradeNoPattern);
    rule.characters_min = 6;
    return rule;
}

constexpr std::array kWhat{
    required("combine_appid", 32, Limit::recalled),
    required("combine_mchid", 32, Limit::recalled),
    of_combination(required("combine_out_trade_no", 32, Limit::recalled)),
    list("sub_orders", Need::required),
    required("sub_orders[].mchid", 32, Limit::recalled),
    required("sub_orders[].attach", 128, Limit::recalled),
    object("sub_orders[].amount", Need::required),
    order_total("sub_orders[].amount.total_amount"),
    one_of(required("sub_orders[].amount.currency", 16, Limit::recalled), kCny),
    of_part("sub_orders[].out_trade_no"),
    optional("sub_orders[].sub_mchid", 32, Limit::recalled),
    optional("sub_orders[].sub_appid", 32, Limit::recalled),
    optional("sub_orders[].goods_tag", 32, Limit::recalled),
    required("sub_orders[].description", 127, Limit::recalled),
    optional("sub_orders[].detail", 6000, Limit::recalled),
    object("sub_orders[].settle_info"),
    flag("sub_orders[].settle_info.profit_sharing"),
    integer("sub_orders[].settle_info.subsidy_amount"),
    optional("time_start", 64, Limit::recalled),
    time_at(optional("time_expire", 64, Limit::recalled)),
    matching(optional("notify_url", 255, Limit::recalled), kNotifyUrlPattern),
    list("limit_pay"),
    optional("scene_info.device_id", 32, Limit::recalled),
    ip_address(required("scene_info.payer_client_ip", 45, Limit::recalled))};
constexpr std::array kScene{object("scene_info")};
constexpr std::array kKnownScene{object("scene_info", Need::required)};
constexpr std::array kUser{object("combine_payer_info", Need::required),
                           required("combine_payer_info.openid", 128, Limit::recalled),
                           optional("combine_payer_info.sub_openid", 128, Limit::recalled)};
constexpr std::array kAnybody{object("combine_payer_info"),
                              optional("combine_payer_info.openid", 128, Limit::recalled),
                              optional("combine_payer_info.sub_openid", 128, Limit::recalled)};

constexpr auto kJsapi = kWhat + kScene + kUser;
constexpr auto kApp = kWhat + kScene + kAnybody;
constexpr auto kH5 = kWhat + kKnownScene + kAnybody + kH5Info;
constexpr auto kNative = kWhat + kKnownScene + kAnybody;

constexpr std::array kQuery{in_path(required("combine_out_trade_no", 32, Limit::recalled))};
constexpr std::array kClose{in_path(required("combine_out_trade_no", 32, Limit::recalled)),
                            required("combine_appid", 32, Limit::recalled),
                            list("sub_orders", Need::required),
                            required("sub_orders[].mchid", 32, Limit::recalled),
                            required("sub_orders[].out_trade_no", 32, Limit::recalled),
                            optional("sub_orders[].sub_mchid", 32, Limit::recalled),
                            optional("sub_orders[].sub_appid", 32, Limit::recalled)};

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, std::move(hint)}};
}

/// What the same call again must say again, without what it need not say.
std::string creation_of(const Call& call) {
    Json body = call.fields.body;
    for (Json& part : body["sub_orders"]) {
        const auto settle = part.find("settle_info");
        if (settle == part.end()) continue;
        if (!settle->value("profit_sharing", false)) settle->erase("profit_sharing");
        if (settle->empty()) part.erase(settle);
    }
    return dump_json(body);
}

std::string without_settlement(const std::string& creation) {
    Json body = parse_json(creation).value();
    for (Json& part : body["sub_orders"]) part.erase("settle_info");
    return dump_json(body);
}

Result<void, Refusal> check_parts(const Call& call, const Directory& directory) {
    constexpr std::size_t kLeast = 2;
    constexpr std::size_t kMost = 10;
    constexpr std::size_t kMostOfProvider = 50;
    const Json& parts = *call.fields.find("sub_orders");
    const std::size_t least = call.merchant.provider ? 1 : kLeast;
    const std::size_t most = call.merchant.provider ? kMostOfProvider : kMost;
    if (parts.size() < least || parts.size() > most) {
        Refusal refusal{kParamError, fmt::format("sub_orders has {} items; wanted: {} to {}",
                                                 parts.size(), least, most)};
        refusal.field = "/body/sub_orders";
        return Failure{std::move(refusal)};
    }
    for (const Json& part : parts) {
        const std::string mchid = part["mchid"];
        const Merchant* const merchant = find_on_wire(directory, mchid);
        if (merchant == nullptr)
            return refuse(kNoMerchant, "the mchid of a sub order does not exist here");
        const std::string sub_mchid = part.value("sub_mchid", "");
        if (!sub_mchid.empty() && !acts_for(*merchant, sub_mchid))
            return refuse(kNoRelation, "the mchid of a sub order does not act for its sub_mchid");
    }
    return {};
}

Order part_from(const Call& call, const Json& json, TradeType type, const std::string& limit_pay,
                Instant now) {
    Order part;
    part.api = ApiVersion::v3;
    part.mch_id = MchId::parse(json["mchid"].get<std::string>()).value();
    part.out_trade_no = OutTradeNo::parse(json["out_trade_no"].get<std::string>()).value();
    part.appid = AppId::parse(call.text("combine_appid")).value();
    part.sub_mch_id = json.value("sub_mchid", "");
    part.sub_appid = json.value("sub_appid", "");
    part.trade_type = type;
    part.total = Fen{json["amount"]["total_amount"].get<std::int64_t>()};
    part.body = json["description"];
    part.attach = json["attach"];
    part.device_info = call.text("scene_info.device_id");
    part.openid = call.text("combine_payer_info.openid");
    part.sub_openid = call.text("combine_payer_info.sub_openid");
    part.limit_pay = limit_pay;
    part.notify_url = call.text("notify_url");
    Json creation{{"combine_mchid", call.merchant.mch_id.str()}};
    if (json.contains("settle_info")) creation["settle_info"] = json["settle_info"];
    part.creation = dump_json(creation);
    part.created_at = now;
    part.combine_out_trade_no = call.text("combine_out_trade_no");
    part.platform_serial = call.platform_serial;
    return part;
}

/// Gives the whole, by its first part, what the user pays with.
void put_prepay(Order& first, Random& random, Instant now) {
    first.prepay_id = next_prepay_id(random, now);
    first.prepaid_at = now;
    if (first.trade_type == TradeType::native) first.code_url = next_code_url(random);
    if (first.trade_type == TradeType::mweb)
        first.mweb_url = next_mweb_url(random, first.prepay_id.str());
}

/// The number is taken: the same call again, or another one that wants the same number.
Result<Order, Refusal> again(Work& work, const Combination& stored, const Combination& sent,
                             TradeType type) {
    const std::vector<Order> parts = parts_of(work.store(), stored);
    if (parts.empty()) return refuse(kNumberUsed, "its parts were reset");
    Order first = parts.front();
    const Instant now = work.context().clock.now();
    if (const auto problem = why_not_payable(first, now)) {
        if (*problem == PayProblem::already_paid)
            return refuse(kOrderPaid, "paid; a new payment needs a new combine_out_trade_no");
        if (*problem == PayProblem::expired)
            return refuse(kOrderExpired, "its time_expire has passed; use a new number");
        return refuse(kOrderClosed, "closed; use a new combine_out_trade_no");
    }
    if (first.trade_type != type) {
        return refuse(kNumberUsed, fmt::format("ordered before as {}; use a new number",
                                               wxpay::wire_name(first.trade_type)));
    }
    if (stored.creation != sent.creation) {
        if (without_settlement(stored.creation) == without_settlement(sent.creation))
            return refuse(kOtherSettlement, "ordered before with another settle_info");
        return refuse(kReentryDiffers, "ordered before with other fields");
    }
    const auto life = type == TradeType::mweb ? Millis(kH5Life) : Millis(kPrepayLife);
    if (now - first.prepaid_at >= life) {
        put_prepay(first, work.context().random, now);
        work.store().update_order(first);
    }
    return first;
}

Result<Order, Refusal> order(const Call& call, TradeType type, Work& work) {
    const Instant now = work.context().clock.now();
    const std::optional<Instant> expires_at = expiry_of(call, now);
    Combination combination;
    combination.mch_id = call.merchant.mch_id;
    combination.number = OutTradeNo::parse(call.text("combine_out_trade_no")).value();
    combination.appid = AppId::parse(call.text("combine_appid")).value();
    combination.device_id = call.text("scene_info.device_id");
    combination.notify_url = call.text("notify_url");
    combination.platform_serial = call.platform_serial;
    combination.creation = creation_of(call);
    if (const auto stored = find_combination(work.store(), combination.mch_id, combination.number))
        return again(work, *stored, combination, type);
    const std::string limit_pay = limit_pay_of(call);
    std::vector<Order> parts;
    for (const Json& json : *call.fields.find("sub_orders")) {
        parts.push_back(part_from(call, json, type, limit_pay, now));
        parts.back().expires_at = expires_at;
        parts.back().prepaid_at = now;
        combination.parts.emplace_back(parts.back().mch_id, parts.back().out_trade_no);
    }
    put_prepay(parts.front(), work.context().random, now);
    if (!add_combination(work, combination, parts))
        return refuse(kNumberUsed, "an out_trade_no of the sub orders is taken, or stands twice");
    return parts.front();
}

Result<Reply, Refusal> prepay(const Call& call, TradeType type, Work& work) {
    if (!call.merchant.products.contains(type)) {
        return refuse(kNoPermission, fmt::format("{} is not switched on for this merchant",
                                                 wxpay::wire_name(type)));
    }
    WXPAY_CHECK(check_parts(call, work.context().directory));
    if (auto refusal = check_openid(call, AppId::parse(call.text("combine_appid")).value(),
                                    call.text("combine_payer_info.openid"), work))
        return Failure{std::move(*refusal)};
    for (const Json& part : *call.fields.find("sub_orders")) {
        if (auto refusal = check_owner(part.value("sub_appid", ""),
                                       call.text("combine_payer_info.sub_openid"), work))
            return Failure{std::move(*refusal)};
    }
    WXPAY_TRY(const Order first, order(call, type, work));
    switch (type) {
        case TradeType::native:
            return Reply{.body = dump_json(Json{{"code_url", first.code_url}})};
        case TradeType::mweb:
            return Reply{.body = dump_json(Json{{"h5_url", first.mweb_url}})};
        case TradeType::jsapi:
        case TradeType::app:
        case TradeType::micropay:
            break;
    }
    return Reply{.body = dump_json(Json{{"prepay_id", first.prepay_id.str()}})};
}

Result<Combination, Refusal> combination_called(const Call& call, Work& work) {
    const auto number = OutTradeNo::parse(call.path("combine_out_trade_no"));
    auto found =
        number ? find_combination(work.store(), call.merchant.mch_id, *number) : std::nullopt;
    if (!found) return refuse(kOrderNotExist, "no such combine_out_trade_no of this merchant");
    return *std::move(found);
}

Result<Reply, Refusal> query(const Call& call, Work& work) {
    WXPAY_TRY(const Combination combination, combination_called(call, work));
    return Reply{.body =
                     dump_json(v3_combination(combination, parts_of(work.store(), combination)))};
}

/// Whether the call lists the very parts, in whatever order.
bool lists(const Call& call, const std::vector<Order>& parts) {
    const Json& listed = *call.fields.find("sub_orders");
    if (listed.size() != parts.size()) return false;
    for (const Order& part : parts) {
        const bool is_there = std::any_of(listed.begin(), listed.end(), [&part](const Json& each) {
            return each["mchid"] == part.mch_id.str() &&
                   each["out_trade_no"] == part.out_trade_no.str() &&
                   each.value("sub_mchid", "") == part.sub_mch_id;
        });
        if (!is_there) return false;
    }
    return true;
}

Result<Reply, Refusal> close(const Call& call, Work& work) {
    WXPAY_TRY(const Combination combination, combination_called(call, work));
    if (call.text("combine_appid") != combination.appid.str())
        return refuse(kParamError, "combine_appid is not the one that it was ordered with");
    const std::vector<Order> parts = parts_of(work.store(), combination);
    if (!lists(call, parts)) {
        Refusal refusal{kParamError, "sub_orders must list each sub order of the combined order"};
        refusal.field = "/body/sub_orders";
        return Failure{std::move(refusal)};
    }
    if (parts.empty()) return Reply{};
    if (parts.front().is_paid())
        return refuse(kOrderPaid, "paid; refund each sub order by its transaction_id");
    close_unpaid(work, parts.front());
    return Reply{};
}

template <TradeType type>
Endpoint prepay_endpoint(std::string_view path, std::span<const FieldRule> fields) {
    return {.method = "POST",
            .path = path,
            .fields = fields,
            .handle = [](const Call& call, Work& work) { return prepay(call, type, work); },
            .caller = "combine_mchid",
            .appid = "combine_appid"};
}

}  // namespace

Endpoint combine_jsapi() {
    return prepay_endpoint<TradeType::jsapi>("/v3/combine-transactions/jsapi", kJsapi);
}
Endpoint combine_app() {
    return prepay_endpoint<TradeType::app>("/v3/combine-transactions/app", kApp);
}
Endpoint combine_h5() {
    return prepay_endpoint<TradeType::mweb>("/v3/combine-transactions/h5", kH5);
}
Endpoint combine_native() {
    return prepay_endpoint<TradeType::native>("/v3/combine-transactions/native", kNative);
}
Endpoint combine_query() {
    return {.method = "GET",
            .path = "/v3/combine-transactions/out-trade-no/{combine_out_trade_no}",
            .fields = kQuery,
            .handle = query};
}
Endpoint combine_close() {
    return {.method = "POST",
            .path = "/v3/combine-transactions/out-trade-no/{combine_out_trade_no}/close",
            .fields = kClose,
            .handle = close};
}

}  // namespace wxpay::sandbox::api_v3
