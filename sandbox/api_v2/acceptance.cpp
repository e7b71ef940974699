#include "sandbox/api_v2/acceptance.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "core/codec/beijing_time.hpp"
#include "core/domain/fen.hpp"

#include "sandbox/api_v2/endpoints.hpp"
#include "sandbox/api_v2/lookup.hpp"
#include "sandbox/api_v2/micropay.hpp"
#include "sandbox/api_v2/new_order.hpp"
#include "sandbox/bills/trade_bill.hpp"
#include "sandbox/ledger/creation.hpp"
#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

constexpr std::string_view kOld = "/sandboxnew";
constexpr std::string_view kNew = "/xdc/apiv2sandbox";

constexpr Words kSignWrongHere{
    "", "沙箱验证签名失败，请确认沙箱签名key是否正确（通过getsignkey调用生成）"};
constexpr Words kAmountUnknown{"", "沙箱支付金额({})无效，请检查需要验收的case"};
constexpr Words kScannedAmountUnknown{"", "沙箱被扫支付金额({})无效，请检查需要验证的case"};
constexpr Words kWrongAmount{"", "沙箱支付金额不正确，请确认验收case"};
constexpr Words kUserPaying{"USERPAYING", "需要用户输入支付密码"};
constexpr Words kOrderPaid{"ORDERPAID", "订单已支付"};

/// What an amount stands for.
struct Case {
    bool pays = true;
    std::int64_t cash_coupon = 0;
    std::int64_t no_cash_coupon = 0;
    CallbackQuirk callback = CallbackQuirk::none;
    bool shows_another_total = false;
    bool waits = false;   ///< code payment: USERPAYING, and the user never finishes
    bool silent = false;  ///< code payment: the answer never arrives
    bool query_fails = false;
};

/// JSAPI has 1xx, APP 2xx, NATIVE 3xx; the last two digits say what happens. 551 and 552 hold for
/// all. Our choice for MWEB, which Tencent's list leaves out: as NATIVE.
std::optional<Case> case_of(TradeType type, std::int64_t total) {
    if (total == 551 || total == 552) return Case{.no_cash_coupon = 1};
    const std::int64_t hundreds = type == TradeType::jsapi ? 1 : type == TradeType::app ? 2 : 3;
    if (total / 100 != hundreds) return std::nullopt;
    switch (total % 100) {
        case 1:
            return Case{};
        case 2:
            return Case{.cash_coupon = 1, .no_cash_coupon = 2};
        case 30:
            return Case{.callback = CallbackQuirk::lost};
        case 31:
            return Case{.pays = false};
        case 32:
            return Case{.callback = CallbackQuirk::twice};
        case 33:
            return Case{.callback = CallbackQuirk::wrong_sign};
        case 34:
            return Case{.shows_another_total = true};
        default:
            return std::nullopt;
    }
}

/// Code payment: by the amount, or by the header of the newer sandbox.
std::optional<Case> scanned_case_of(std::int64_t total, std::string_view negative_test) {
    if (negative_test == "MICROPAY_USERPAYING") return Case{.pays = false, .waits = true};
    if (negative_test == "MICROPAY_TIMEOUT") return Case{.silent = true};
    if (negative_test == "MICROPAY_PAYERROR") return Case{.pays = false};
    if (negative_test == "MICROPAY_PAY_QUERY_TIMEOUT")
        return Case{.silent = true, .query_fails = true};
    switch (total) {
        case 1:
            return Case{};
        case 2:
            return Case{.cash_coupon = 1};
        case 3:
            return Case{.cash_coupon = 1, .no_cash_coupon = 2};
        case 30:
            return Case{.pays = false, .waits = true};
        case 31:
            return Case{.silent = true};
        case 32:
            return Case{.pays = false, .silent = true};
        case 33:
            return Case{.silent = true, .query_fails = true};
        case 34:
            return Case{.cash_coupon = 1, .silent = true};
        case 501:
        case 502:
            return Case{.no_cash_coupon = 1};
        default:
            return std::nullopt;
    }
}

PayRequest payment_of(const Case& chosen) {
    PayRequest request;
    if (chosen.cash_coupon > 0)
        request.coupons.push_back({"2000000044096177209", "CASH", Fen{chosen.cash_coupon}});
    if (chosen.no_cash_coupon > 0)
        request.coupons.push_back({"2000000044096177210", "NO_CASH", Fen{chosen.no_cash_coupon}});
    request.callback = chosen.callback;
    request.is_decided = true;
    return request;
}

const Endpoint& production(std::string_view path) {
    const auto all = endpoints();
    const auto found =
        std::find_if(all.begin(), all.end(), [path](const Endpoint& e) { return e.path == path; });
    WXPAY_ASSERT(found != all.end());
    return *found;
}

Failure<Refusal> refuse_amount(const Words& words, const Call& call) {
    return Failure{Refusal{words, call.text("total_fee"),
                           "amounts below /sandboxnew are cases: see the README's table"}};
}

void fail_payment(Work& work, Order order) {
    order.state = TradeState::pay_error;
    work.store().update_order(order);
    work.changed(order);
}

PrepayId short_prepay_id(Random& random, Instant now) {
    return PrepayId::parse("wx" + format_compact_time(now) + random.digits(6)).value();
}

Result<Reply, Refusal> unified_order(const Call& call, Work& work) {
    const TradeType type = *parse_trade_type(call.get("trade_type"));
    const auto chosen = case_of(type, parse_total_fee(call.get("total_fee")).value().count());
    if (!chosen) return refuse_amount(kAmountUnknown, call);
    WXPAY_CHECK(production("/pay/unifiedorder").handle(call, work));
    Order order = *work.store().find_order(call.mch_id(), call.out_trade_no());
    order.prepay_id = short_prepay_id(work.context().random, order.created_at);
    if (chosen->pays) {
        if (chosen->shows_another_total) order.total = Fen{20'000};
        work.store().update_order(order);
        if (!user_pays(work, order, payment_of(*chosen)))
            return Failure{Refusal{kOrderClosed, "time_expire", "time_expire has passed"}};
    } else {
        fail_payment(work, order);
    }
    Reply reply;
    reply.business.text("trade_type", wire_name(type)).text("prepay_id", order.prepay_id.str());
    if (type == TradeType::native) reply.business.text("code_url", "weixin://wxpay/s/An4baqw");
    if (type == TradeType::mweb) reply.business.text("mweb_url", order.mweb_url);
    return reply;
}

Result<Reply, Refusal> micropay(const Call& call, Work& work) {
    const auto chosen =
        scanned_case_of(parse_total_fee(call.get("total_fee")).value().count(), call.negative_test);
    if (!chosen) return refuse_amount(kScannedAmountUnknown, call);
    Order order = order_from(call, work.context().clock.now());
    order.trade_type = TradeType::micropay;
    if (auto refusal = check_times(call, order.created_at)) return Failure{std::move(*refusal)};
    if (chosen->query_fails) keep_in_creation(order, "query", "fails");
    if (!add_order(work, order)) {
        return Failure{Refusal{kOrderPaid, "out_trade_no",
                               "this number was used before; each case wants a new one"}};
    }
    if (chosen->waits) {
        order.state = TradeState::user_paying;
        work.store().update_order(order);
        work.commit();
        return Failure{Refusal{kUserPaying, {}, "this case's user never finishes: reverse it"}};
    }
    Reply reply;
    reply.never_arrives = chosen->silent;
    if (!chosen->pays) {
        fail_payment(work, order);
        if (reply.never_arrives) return reply;
        work.commit();
        return Failure{
            Refusal{Words{"TRADE_ERROR", "用户没有输入支付密码"}, {}, "this case's payment fails"}};
    }
    const auto paid = user_pays(work, order, payment_of(*chosen));
    if (!paid)
        return Failure{Refusal{kOrderClosed, "auth_code", std::string(text_of(paid.error()))}};
    reply.business = paid_by_code(paid->order);
    return reply;
}

Result<Reply, Refusal> order_query(const Call& call, Work& work) {
    const auto order = find_order(call, work);
    if (order && created_with(*order, "query") == "fails") {
        Reply reply;
        reply.never_arrives = true;
        return reply;
    }
    return production("/pay/orderquery").handle(call, work);
}

Result<Reply, Refusal> refund(const Call& call, Work& work) {
    const auto order = find_order(call, work);
    if (order && call.get("total_fee") != std::to_string(order->total.count()))
        return refuse_amount(kWrongAmount, call);
    return production("/secapi/pay/refund").handle(call, work);
}

/// A fixed bill, whatever the date: one payment that nobody has made.
Result<Reply, Refusal> download_bill(const Call& call, Work&) {
    BillRow row;
    row.order.mch_id = MchId::parse(call.merchant.wire_id()).value();
    row.order.appid = AppId::parse(call.get("appid")).value();
    row.order.out_trade_no = OutTradeNo::parse("sandbox20160504000001").value();
    row.order.transaction_id = TransactionId::parse("4200000000201605040000000001").value();
    row.order.openid = std::string(kDefaultPayer);
    row.order.state = TradeState::success;
    row.order.total = Fen{101};
    row.order.body = "沙箱验收";
    row.order.bank_type = "OTHERS";
    row.order.paid_at = parse_compact_time("20160504120000");
    const auto type = parse_bill_type(call.get("bill_type")).value_or(BillType::all);
    Reply reply;
    reply.body = trade_bill(type == BillType::success ? type : BillType::all, {row});
    return reply;
}

/// The old one has orders and the small tools; the new one every call but those for the key.
bool has_twin(std::string_view prefix, std::string_view path) {
    if (prefix == kNew) return !path.ends_with("/getsignkey");
    return path.starts_with("/pay/") || path.starts_with("/secapi/") ||
           path.starts_with("/tools/") || path.starts_with("/payitil/");
}

/// What the acceptance sandbox does in its own way.
Endpoint twin_of(const Endpoint& original) {
    Endpoint twin = original;
    twin.in_acceptance = true;
    twin.needs_certificate = false;
    twin.only_sign_type = v2::SignType::md5;
    if (original.path == "/pay/unifiedorder") twin.handle = unified_order;
    if (original.path == "/pay/micropay") twin.handle = micropay;
    if (original.path == "/pay/orderquery") twin.handle = order_query;
    if (original.path == "/secapi/pay/refund") twin.handle = refund;
    if (original.path == "/pay/downloadbill") twin.handle = download_bill;
    return twin;
}

}  // namespace

std::span<const Endpoint> acceptance_endpoints() {
    // Of the endpoints, whose views stay good.
    static std::deque<std::string> paths;
    static std::deque<std::vector<Rephrased>> words;
    static const std::vector<Endpoint> kEndpoints = [] {
        std::vector<Endpoint> out;
        const auto add = [&out](std::string path, Endpoint endpoint) {
            endpoint.path = paths.emplace_back(std::move(path));
            // Before what the call itself says of a wrong signature.
            auto& rephrased = words.emplace_back();
            rephrased.push_back({kSignWrong, kSignWrongHere});
            rephrased.insert(rephrased.end(), endpoint.rephrased.begin(), endpoint.rephrased.end());
            endpoint.rephrased = rephrased;
            out.push_back(endpoint);
        };
        for (const std::string_view prefix : {kOld, kNew}) {
            for (const Endpoint& original : endpoints()) {
                if (!has_twin(prefix, original.path)) continue;
                add(std::string(prefix) + std::string(original.path), twin_of(original));
                if (original.path == "/secapi/pay/refund")
                    add(std::string(prefix) + "/pay/refund", twin_of(original));
            }
        }
        return out;
    }();
    return kEndpoints;
}

const Endpoint* find_endpoint(std::string_view path) {
    for (const auto all : {endpoints(), acceptance_endpoints()}) {
        for (const Endpoint& endpoint : all)
            if (endpoint.path == path) return &endpoint;
    }
    return nullptr;
}

}  // namespace wxpay::sandbox::api_v2
