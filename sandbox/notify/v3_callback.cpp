#include "sandbox/notify/v3_callback.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"
#include "core/v3/notification.hpp"
#include "core/v3/signature_headers.hpp"

#include "sandbox/faults/corrupt.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/identifiers.hpp"
#include "sandbox/ledger/work.hpp"
#include "sandbox/notify/callback_request.hpp"
#include "sandbox/notify/v3_changes.hpp"
#include "sandbox/platform/platform.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& json, const char* name, std::string_view value) {
    if (!value.empty()) json[name] = value;
}

/// Who was ordered from: one merchant, or a provider for another one.
void put_parties(Json& json, const Order& order) {
    if (order.sub_mch_id.empty()) {
        json["mchid"] = order.mch_id.str();
        json["appid"] = order.appid.str();
    } else {
        json["sp_mchid"] = order.mch_id.str();
        json["sub_mchid"] = order.sub_mch_id;
        json["sp_appid"] = order.appid.str();
        put(json, "sub_appid", order.sub_appid);
    }
}

Json payer_of(const Order& order) {
    Json payer = Json::object();
    if (!order.is_paid()) return payer;
    if (order.sub_mch_id.empty()) {
        payer["openid"] = order.openid;
    } else {
        put(payer, "sp_openid", order.openid);
        put(payer, "sub_openid", order.payers_sub_openid());
    }
    return payer;
}

/// One of sub_orders. source  spec V3 4.7, 7.3 and the samples of Appendix B
Json part_json(const Order& part) {
    Json json{{"mchid", part.mch_id.str()}};
    put(json, "sub_mchid", part.sub_mch_id);
    put(json, "sub_appid", part.sub_appid);
    json["out_trade_no"] = part.out_trade_no.str();
    if (part.is_paid()) {
        json["transaction_id"] = part.transaction_id.str();
        json["trade_type"] = wxpay::wire_name(part.trade_type);
    }
    json["trade_state"] = wxpay::wire_name(part.state);
    if (part.is_paid()) {
        json["bank_type"] = part.bank_type;
        json["attach"] = part.attach;
        json["success_time"] = format_rfc3339_seconds(*part.paid_at);
    }
    json["amount"] = {{"total_amount", part.total.count()},
                      {"currency", "CNY"},
                      {"payer_amount", (part.is_paid() ? part.cash() : part.total).count()},
                      {"payer_currency", "CNY"}};
    if (!part.coupons.empty() && part.is_paid())
        json["promotion_detail"] = v3_promotions(part.coupons);
    return json;
}

/// A UUID whose third group begins with 5, as live ids are.
std::string next_event_id(Random& random) {
    return fmt::format("{}-{}-5{}-9{}-{}", random.hex(8), random.hex(4), random.hex(3),
                       random.hex(3), random.hex(12));
}

/// Whether the attempt before was a probe: then this one is the good one that follows.
bool was_probed(const Notification& notification) {
    return !notification.attempts.empty() && notification.attempts.back().is_probe;
}

/// The body with other members inside, sealed again.
std::string tampered(const std::string& body, const Effect& effect, const Secret& key) {
    auto envelope = v3::parse_notification(body);
    if (!envelope) return body;
    const auto plain = v3::unseal(key, envelope->resource);
    if (!plain) return body;
    Json json = Json::parse(*plain, nullptr, false);
    if (!json.is_object()) return body;
    apply_v3_changes(effect.changes, json);
    envelope->resource =
        v3::seal(key, envelope->resource.original_type, envelope->resource.associated_data,
                 envelope->resource.nonce, dump_json(json));
    return v3::render_notification(*envelope);
}

}  // namespace

std::string_view v3_description(TradeState state) {
    switch (state) {
        case TradeState::success:
            return "支付成功";
        case TradeState::refund:
            return "转入退款";
        case TradeState::not_paid:
            return "订单未支付";
        case TradeState::closed:
            return "订单已关闭";
        case TradeState::revoked:
            return "已撤销";
        case TradeState::user_paying:
            return "用户支付中";
        case TradeState::pay_error:
            return "支付失败";
    }
    return {};
}

Json v3_promotions(const std::vector<v2::Coupon>& coupons) {
    Json out = Json::array();
    for (const v2::Coupon& coupon : coupons) {
        out.push_back({{"coupon_id", coupon.id},
                       {"name", "代金券"},
                       {"scope", "GLOBAL"},
                       {"type", coupon.type == "NO_CASH" ? "NOCASH" : "CASH"},
                       {"amount", coupon.fee.count()},
                       {"currency", "CNY"}});
    }
    return out;
}

Json v3_transaction(const Order& order) {
    Json json;
    put_parties(json, order);
    json["out_trade_no"] = order.out_trade_no.str();
    const bool is_paid = order.is_paid();
    if (is_paid) {
        json["transaction_id"] = order.transaction_id.str();
        json["trade_type"] = wxpay::wire_name(order.trade_type);
    }
    json["trade_state"] = wxpay::wire_name(order.state);
    json["trade_state_desc"] = v3_description(order.state);
    if (is_paid) {
        json["bank_type"] = order.bank_type;
        json["attach"] = order.attach;
        json["success_time"] = format_rfc3339_seconds(*order.paid_at);
    }
    json["payer"] = payer_of(order);
    json["amount"] = {{"total", order.total.count()},
                      {"payer_total", (is_paid ? order.cash() : order.total).count()},
                      {"currency", "CNY"},
                      {"payer_currency", "CNY"}};
    if (!order.device_info.empty()) json["scene_info"] = {{"device_id", order.device_info}};
    if (!order.coupons.empty() && is_paid) json["promotion_detail"] = v3_promotions(order.coupons);
    return json;
}

Json v3_combination(const Combination& combination, const std::vector<Order>& parts) {
    Json json{{"combine_appid", combination.appid.str()},
              {"combine_mchid", combination.mch_id.str()},
              {"combine_out_trade_no", combination.number.str()}};
    if (!combination.device_id.empty()) json["scene_info"] = {{"device_id", combination.device_id}};
    json["sub_orders"] = Json::array();
    for (const Order& part : parts) json["sub_orders"].push_back(part_json(part));
    if (!parts.empty() && parts.front().is_paid())
        json["combine_payer_info"] = {{"openid", parts.front().openid}};
    return json;
}

Json v3_refund_result(const Refund& refund, const Order& order) {
    Json json;
    if (order.sub_mch_id.empty()) {
        json["mchid"] = order.mch_id.str();
    } else {
        json["sp_mchid"] = order.mch_id.str();
        json["sub_mchid"] = order.sub_mch_id;
    }
    json["out_trade_no"] = order.out_trade_no.str();
    json["transaction_id"] = order.transaction_id.str();
    json["out_refund_no"] = refund.out_refund_no;
    json["refund_id"] = refund.refund_id;
    json["refund_status"] = wire_name(refund.state);
    if (refund.succeeded_at) {
        json["success_time"] = format_rfc3339_seconds(*refund.succeeded_at);
    }
    json["amount"] = {{"total", order.total.count()},
                      {"refund", refund.fee.count()},
                      {"payer_total", order.cash().count()},
                      {"payer_refund", refund.cash.count()}};
    json["user_received_account"] = recipient(order);
    return json;
}

V3Event refund_event(RefundState state) {
    switch (state) {
        case RefundState::closed:
            return {"REFUND.CLOSED", "refund", "refund", "退款关闭"};
        case RefundState::abnormal:
            return {"REFUND.ABNORMAL", "refund", "refund", "退款异常"};
        case RefundState::processing:
        case RefundState::success:
            break;
    }
    return {"REFUND.SUCCESS", "refund", "refund", "退款成功"};
}

std::string v3_envelope(const V3Event& event, std::string_view plain, const Merchant& merchant,
                        Random& random, Instant now) {
    constexpr std::size_t kNonce = 12;
    v3::Notification envelope;
    envelope.id = next_event_id(random);
    envelope.create_time = format_rfc3339_seconds(now);
    envelope.event_type = event.type;
    envelope.summary = event.summary;
    envelope.resource = v3::seal(merchant.api_v3_key, event.original_type, event.associated_data,
                                 random.alphanumeric(kNonce), plain);
    return v3::render_notification(envelope);
}

bool add_v3_callback(Work& work, Notification notification, const V3Event& event,
                     std::string_view plain, const Merchant& merchant) {
    if (merchant.api_v3_key.empty()) {
        spdlog::warn(
            "no callback to {}, about {}: merchant {} has no api_v3_key, and without one API V3 "
            "sends none",
            notification.url, notification.out_trade_no.str(), merchant.mch_id.str());
        return false;
    }
    const Instant now = work.context().clock.now();
    notification.api = ApiVersion::v3;
    notification.body = v3_envelope(event, plain, merchant, work.context().random, now);
    notification.next_at = now;
    work.store().insert_notification(notification);
    work.schedule(now, TimerKind::deliver, notification.id);
    work.changed(notification);
    return true;
}

http::Request v3_callback_request(const Notification& notification, const Merchant& merchant,
                                  const Effect* fault, int copy, Context& context) {
    constexpr std::size_t kNonce = 32;
    constexpr unsigned kAttemptBits = 48;
    constexpr unsigned kCopyBits = 40;
    SeededRandom random = context.random.branch(
        static_cast<std::uint64_t>(notification.id) |
        static_cast<std::uint64_t>(notification.attempts.size() + 1) << kAttemptBits |
        static_cast<std::uint64_t>(copy) << kCopyBits);
    const bool is_tampered = fault != nullptr && fault->kind == Effect::Kind::tamper;
    const bool is_forged = fault != nullptr && fault->kind == Effect::Kind::forge;
    http::Request request = callback_request(
        is_tampered ? tampered(notification.body, *fault, merchant.api_v3_key) : notification.body,
        "application/json");
    const Platform::Key& key =
        context.platform.callback_signer(merchant, notification.platform_serial, random);
    request.headers.add("Request-ID", next_v3_request_id(random, 0));
    v3::add_signature(request.headers, key.key, key.serial, context.wire_clock.now(),
                      random.alphanumeric(kNonce), request.body);
    const std::string signature(request.headers.get("Wechatpay-Signature"));
    if (fault != nullptr && fault->kind == Effect::Kind::corrupt_sign) {
        request.headers.set("Wechatpay-Signature", with_wrong_letters(signature));
    } else if (is_forged) {
        request.body = tampered(notification.body, *fault, merchant.api_v3_key);
    } else if (fault == nullptr && !was_probed(notification) &&
               context.platform.draws_probe(random)) {
        request.headers.set("Wechatpay-Signature",
                            std::string(kProbeMark) + with_wrong_letters(signature));
    }
    return request;
}

bool is_probe(const http::Request& request) {
    return request.headers.get("Wechatpay-Signature").starts_with(kProbeMark);
}

}  // namespace wxpay::sandbox
