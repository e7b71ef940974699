// POST /pay/micropay: the cashier scans the code on the user's phone, and the money is there.
#include "sandbox/api_v2/micropay.hpp"

#include <algorithm>
#include <array>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/new_order.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint micropay();

namespace {

// source  [B] replies quoted in public; [A] pay.weixin.qq.com/doc/v2/merchant/4011937125
constexpr Words kUserPaying{"USERPAYING", "需要用户输入支付密码"};
constexpr Words kBankError{"BANKERROR", "银行系统异常"};
constexpr Words kCodeMalformed{"AUTH_CODE_INVALID",
                               "请扫描微信支付授权码(以10/11/12/13/14/15为前缀的18位数字)"};
constexpr Words kCodeUnknown{"AUTH_CODE_INVALID", "101 付款码无效，请重新扫码"};
constexpr Words kCodeExpired{"AUTH_CODE_INVALID", "101 付款码已过期，请退出重试"};
constexpr Words kNotEnough{"NOTENOUGH", "余额不足"};
constexpr Words kCardNotSupported{"NOTSUPORTCARD", "不支持卡类型"};
constexpr Words kTradeError{"TRADE_ERROR", "用户没有输入支付密码"};
constexpr Words kOrderPaid{"ORDERPAID", "订单已支付"};
constexpr Words kOrderReversed{"ORDERREVERSED", "订单已撤销"};
constexpr Words kBuyerMismatch{"BUYER_MISMATCH", "支付帐号错误"};
constexpr Words kNoAuth{"NOAUTH", "商户无权限"};

constexpr std::array kOnDemand{
    kSystemError,
    kBankError,
    // Forms of the same refusals that other servers send: older, or documented and not seen.
    Words{"AUTHCODEEXPIRE", "二维码已过期，请用户在微信上刷新后再试"},
    Words{"AUTH_CODE_ERROR", "授权码参数错误"},
    Words{"OUT_TRADE_NO_USED", "商户订单号重复"},
    Words{"INVALID_REQUEST", "无效请求"},
};

constexpr std::array kFields{
    FieldRule{"device_info", Need::optional, 32},
    FieldRule{"version", Need::optional, 32},
    FieldRule{"body", Need::required, 128, "any text", nullptr, kParamFormat, Length::characters},
    FieldRule{"detail", Need::optional, 6000},
    FieldRule{"attach", Need::optional, 127},
    FieldRule{"out_trade_no", Need::required, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"total_fee", Need::required, 10,
              "a whole number of fen, 1 to 1000000000 (0.88 yuan is 88)", is_total_fee,
              kTotalFeeInvalid},
    FieldRule{"fee_type", Need::optional, 16, "CNY",
              [](std::string_view value) { return value == "CNY"; }},
    FieldRule{"spbill_create_ip", Need::required, 64, "an IPv4 or IPv6 address", is_ip_address},
    FieldRule{"goods_tag", Need::optional, 32},
    FieldRule{"limit_pay", Need::optional, 32, "no_credit",
              [](std::string_view value) { return value == "no_credit"; }, kParamError},
    FieldRule{"time_start", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"time_expire", Need::optional, 14, "yyyyMMddHHmmss", is_compact_time},
    FieldRule{"receipt", Need::optional, 8, "Y or N", is_yes_or_no},
    FieldRule{"auth_code", Need::required, 128, "18 digits that begin with 10 to 15", is_auth_code,
              kCodeMalformed},
    FieldRule{"scene_info", Need::optional, 256, "JSON", is_json},
    FieldRule{"profit_sharing", Need::optional, 16, "Y or N", is_yes_or_no},
    FieldRule{"deposit", Need::optional, 1, "Y or N", is_yes_or_no},
};

/// What really happens then: above a limit, the password is asked for.
Scan outcome_of(std::string_view auth_code, Fen total) {
    const Scan scan = scan_of(auth_code);
    return scan == Scan::pays && total > kPasswordFree ? Scan::password : scan;
}

/// Whether the first answer left the cashier in doubt, so that repeating the call is right.
bool left_in_doubt(Scan scan) {
    return scan != Scan::pays && scan != Scan::pays_by_credit_card &&
           scan != Scan::pays_as_second_user;
}

std::string payer(Scan scan) {
    constexpr std::string_view kSecondUser = "oUpF8uN95-Ptaags6E_roPHg7AG0";
    return std::string(scan == Scan::pays_as_second_user ? kSecondUser : kDefaultPayer);
}

Reply paid(const Order& order, const Call& call) {
    Reply reply;
    reply.device_info = call.text("device_info");
    reply.shows_device_info = !reply.device_info.empty();
    reply.business = paid_by_code(order);
    return reply;
}

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, "auth_code", std::move(hint)}};
}

/// A refusal that nevertheless leaves its mark: the order is there, and can be queried.
Failure<Refusal> refuse_and_keep(Work& work, const Words& words, std::string hint) {
    work.commit();
    return refuse(words, std::move(hint));
}

/// The number is known: what its order says to this call. Nothing: it can still be paid by it.
std::optional<Result<Reply, Refusal>> answer_again(const Call& call, Order& stored,
                                                   const Order& sent) {
    if (stored.trade_type != TradeType::micropay || stored.api != ApiVersion::v2) {
        return Result<Reply, Refusal>(
            refuse(kOrderNumberRepeated, "this number was ordered in another way"));
    }
    Order ordered = stored;
    ordered.openid = sent.openid;  // the payer's by now; the calls name none
    if (const std::string changed = differences(ordered, sent); !changed.empty()) {
        return Result<Reply, Refusal>(
            refuse(kOrderNumberRepeated, "ordered before with another " + changed));
    }
    const std::string_view first_code = created_with(stored, "auth_code");
    switch (stored.state) {
        case TradeState::success:
        case TradeState::refund:
            if (left_in_doubt(outcome_of(first_code, stored.total)) &&
                first_code == call.get("auth_code"))
                return Result<Reply, Refusal>(paid(stored, call));
            return Result<Reply, Refusal>(
                refuse(kOrderPaid, "the order is paid; a new payment needs a new out_trade_no"));
        case TradeState::closed:
            return Result<Reply, Refusal>(refuse(kOrderClosed, "the order is closed"));
        case TradeState::revoked:
            return Result<Reply, Refusal>(refuse(kOrderReversed, "the order was reversed"));
        case TradeState::pay_error:
            return Result<Reply, Refusal>(
                refuse(kTradeError, "the user gave up; reverse this order and make a new one"));
        case TradeState::user_paying:
            return Result<Reply, Refusal>(
                refuse(kUserPaying, "the user is typing the password: query, or call again"));
        case TradeState::not_paid:
            break;
    }
    if (payer(scan_of(first_code)) != payer(scan_of(call.get("auth_code")))) {
        return Result<Reply, Refusal>(
            refuse(kBuyerMismatch, "another user tried to pay this order before"));
    }
    return std::nullopt;
}

Result<Order, Refusal> take_payment(Work& work, const Order& order, Scan scan) {
    PayRequest request;
    request.openid = payer(scan);
    if (scan == Scan::pays_by_credit_card) request.bank_type = "CMB_CREDIT";
    auto result = user_pays(work, order, request);
    if (result) return std::move(result->order);
    if (result.error() == PayProblem::card_not_supported) {
        return refuse_and_keep(work, kCardNotSupported,
                               "limit_pay is no_credit, and this user pays by credit card");
    }
    return refuse(kOrderClosed, "time_expire has passed");
}

/// The user has to act before anything is decided.
void wait_for_user(Work& work, Order order, TimerKind end) {
    order.state = TradeState::user_paying;
    order.payer = kDefaultPayer;
    work.store().update_order(order);
    work.schedule(work.context().clock.now() + kSlowPayer, end, order.id);
    work.changed(order);
}

Result<Reply, Refusal> scan(const Call& call, Work& work, const Order& order) {
    const Scan scanned = outcome_of(call.get("auth_code"), order.total);
    switch (scanned) {
        case Scan::pays:
        case Scan::pays_by_credit_card:
        case Scan::pays_as_second_user: {
            WXPAY_TRY(const Order done, take_payment(work, order, scanned));
            return paid(done, call);
        }
        case Scan::password:
            wait_for_user(work, order, TimerKind::finish_paying);
            return refuse_and_keep(
                work, kUserPaying,
                "the user types the password: query every 5 s, reverse in the end");
        case Scan::gives_up:
            wait_for_user(work, order, TimerKind::fail_paying);
            return refuse_and_keep(
                work, kUserPaying,
                "the user types the password: query every 5 s, reverse in the end");
        case Scan::not_enough:
            return refuse_and_keep(work, kNotEnough, "the user has too little money");
        case Scan::expired:
            return refuse(kCodeExpired, "a payment code is good for about a minute, once");
        case Scan::error_but_paid:
            WXPAY_CHECK(take_payment(work, order, Scan::pays));
            return refuse_and_keep(work, kSystemError, "the outcome is unknown: query it");
        case Scan::bank_error:
            return refuse_and_keep(work, kBankError, "the outcome is unknown: query it");
        case Scan::silence_but_paid: {
            WXPAY_CHECK(take_payment(work, order, Scan::pays));
            Reply reply;
            reply.never_arrives = true;
            return reply;
        }
        case Scan::unknown:
            break;
    }
    return refuse(kCodeUnknown, "no user shows this code; see the README for those that work");
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    Order sent = order_from(call, work.context().clock.now());
    sent.trade_type = TradeType::micropay;
    if (!call.merchant.products.contains(TradeType::micropay))
        return refuse(kNoAuth, "code payment is not switched on for this merchant");
    if (auto refusal = check_times(call, sent.created_at)) {
        if (!work.store().find_order(sent.mch_id, sent.out_trade_no))
            return Failure{std::move(*refusal)};
    }
    auto stored = work.store().find_order(sent.mch_id, sent.out_trade_no);
    if (stored) {
        if (auto reply = answer_again(call, *stored, sent)) return std::move(*reply);
    } else {
        const Scan scanned = scan_of(call.get("auth_code"));
        // One code, one order; and a code that is nobody's leaves nothing behind.
        if (scanned == Scan::unknown || scanned == Scan::expired) return scan(call, work, sent);
        if (!work.store().use_login_code(sent.appid, "auth_code:" + call.text("auth_code")))
            return refuse(kCodeExpired, "a payment code works once; make another one up");
        if (!add_order(work, sent))
            return refuse(kOrderClosed, "this number was closed before it was ordered");
        stored = std::move(sent);
    }
    return scan(call, work, *stored);
}

}  // namespace

Scan scan_of(std::string_view auth_code) {
    const std::string_view digits = auth_code.substr(auth_code.size() - 4);
    if (digits < "7000") return Scan::pays;
    if (digits < "8000") return Scan::pays_by_credit_card;
    if (digits < "9000") return Scan::pays_as_second_user;
    if (digits == "9001") return Scan::password;
    if (digits == "9002") return Scan::gives_up;
    if (digits == "9003") return Scan::not_enough;
    if (digits == "9004") return Scan::expired;
    if (digits == "9005") return Scan::error_but_paid;
    if (digits == "9006") return Scan::bank_error;
    if (digits == "9007") return Scan::silence_but_paid;
    return Scan::unknown;
}

bool is_auth_code(std::string_view value) {
    constexpr std::size_t kLength = 18;
    return value.size() == kLength && value[0] == '1' && value[1] >= '0' && value[1] <= '5' &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string payer_of(std::string_view auth_code) { return payer(scan_of(auth_code)); }

v2::Message paid_by_code(const Order& order) {
    v2::Message message;
    message.text("openid", order.openid).text("is_subscribe", "N");
    if (const std::string sub_openid = order.payers_sub_openid(); !sub_openid.empty())
        message.text("sub_openid", sub_openid).text("sub_is_subscribe", "N");
    message.text("trade_type", wire_name(order.trade_type))
        .text("bank_type", order.bank_type)
        .number("total_fee", order.total.count());
    if (const auto settlement = order.settlement_total())
        message.number("settlement_total_fee", settlement->count());
    if (!order.coupons.empty()) message.number("coupon_fee", order.coupon_total().count());
    message.text("fee_type", "CNY")
        .text("transaction_id", order.transaction_id.str())
        .text("out_trade_no", order.out_trade_no.str())
        .text("attach", order.attach)
        .text("time_end", format_compact_time(*order.paid_at))
        .number("cash_fee", order.cash().count())
        .text("cash_fee_type", "CNY");
    return message;
}

Endpoint micropay() {
    return {.path = "/pay/micropay",
            .fields = kFields,
            .handle = handle,
            .refuses_unknown_fields = true,
            .on_demand = kOnDemand};
}

}  // namespace wxpay::sandbox::api_v2
