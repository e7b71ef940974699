#include "sandbox/api_v2/new_order.hpp"

#include <array>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"
#include "core/domain/fen.hpp"

#include "sandbox/ledger/creation.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

/// The parameters that a repeated call must not change and that an order has no member for
/// (FIDELITY.md "Same out_trade_no again").
constexpr std::array kCreation{"fee_type",   "detail",     "time_start",     "goods_tag",
                               "product_id", "scene_info", "profit_sharing", "receipt"};

/// A call that says what it need not say is the same call.
std::string_view default_of(std::string_view name) {
    if (name == "fee_type") return "CNY";
    return name == "profit_sharing" || name == "receipt" ? "N" : "";
}

/// What a repeated call is compared with.
void keep_creation(Order& order, const XmlMessage& message) {
    const auto keep = [&](const char* name) {
        const std::string_view value = message.get(name);
        if (!value.empty() && value != default_of(name)) keep_in_creation(order, name, value);
    };
    for (const char* const name : kCreation) keep(name);
    keep("auth_code");  // not compared, but a repeated micropay asks for it
}

}  // namespace

std::string differences(const Order& stored, const Order& sent) {
    std::string out;
    const auto compare = [&out](const char* name, const auto& before, const auto& now) {
        if (before == now) return;
        if (!out.empty()) out += ", ";
        out += name;
    };
    compare("appid", stored.appid, sent.appid);
    compare("sub_appid", stored.sub_appid, sent.sub_appid);
    compare("sub_mch_id", stored.sub_mch_id, sent.sub_mch_id);
    compare("trade_type", stored.trade_type, sent.trade_type);
    compare("openid", stored.openid, sent.openid);
    compare("sub_openid", stored.sub_openid, sent.sub_openid);
    compare("total_fee", stored.total.count(), sent.total.count());
    compare("body", stored.body, sent.body);
    compare("attach", stored.attach, sent.attach);
    compare("notify_url", stored.notify_url, sent.notify_url);
    compare("time_expire", stored.expires_at, sent.expires_at);
    compare("limit_pay", stored.limit_pay, sent.limit_pay);
    for (const char* const name : kCreation)
        compare(name, created_with(stored, name), created_with(sent, name));
    return out;
}

std::optional<Refusal> check_times(const Call& call, Instant now, bool as_older_servers) {
    const auto expire = parse_compact_time(call.get("time_expire"));
    if (!expire) return std::nullopt;
    const auto start = parse_compact_time(call.get("time_start"));
    if (start && *expire < *start) {
        return Refusal{kParamError, "time_expire", "time_expire is before time_start"};
    }
    constexpr std::chrono::minutes kLeast{1};
    constexpr std::chrono::minutes kLeastOfOlderPages{5};
    if (*expire <= now + kLeast) {
        return Refusal{kTimeExpireTooNear, "time_expire",
                       fmt::format("time_expire must be more than a minute ahead of {} (UTC+8)",
                                   format_compact_time(now))};
    }
    if (*expire < now + kLeastOfOlderPages) {
        if (as_older_servers) {
            return Refusal{kTimeExpireTooNear, "time_expire",
                           fmt::format("strict: time_expire must be 5 minutes ahead of {} (UTC+8)",
                                       format_compact_time(now))};
        }
        call.notes.emplace_back(
            "time_expire is less than 5 minutes ahead; older servers refused that");
    }
    return std::nullopt;
}

Order order_from(const Call& call, Instant now) {
    Order order;
    order.mch_id = call.mch_id();
    order.out_trade_no = call.out_trade_no();
    order.appid = AppId::parse(call.get("appid")).value();
    order.sub_mch_id = call.text("sub_mch_id");
    if (!order.sub_mch_id.empty()) order.sub_appid = call.text("sub_appid");
    order.total = parse_total_fee(call.get("total_fee")).value();
    order.body = call.text("body");
    order.attach = call.text("attach");
    order.device_info = call.text("device_info");
    order.openid = call.text("openid");
    if (!order.sub_appid.empty()) order.sub_openid = call.text("sub_openid");
    order.nonce_str = call.text("nonce_str");
    order.sign_type = call.sign_type;
    order.limit_pay = call.text("limit_pay");
    keep_creation(order, call.message);
    order.created_at = now;
    order.expires_at = parse_compact_time(call.get("time_expire"));
    return order;
}

}  // namespace wxpay::sandbox::api_v2
