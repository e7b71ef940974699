// POST /pay/refundquery: the refunds of an order, or one of them, by any of four numbers.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/codec/beijing_time.hpp"

#include "sandbox/api_v2/lookup.hpp"
#include "sandbox/ledger/refund.hpp"

namespace wxpay::sandbox::api_v2 {

Endpoint refund_query();
Endpoint refund_query_v2();

namespace {

constexpr Words kRefundNotExist{"REFUNDNOTEXIST", "not exist"};  // [B] a raw reply of 2018
constexpr std::array kOnDemand{kInterfaceError};
constexpr std::array kRephrased{Rephrased{kSystemError, kInterfaceError}};

/// Groups in one answer. Newer pages speak of 20; v2.md 6.5: our choice.
constexpr std::size_t kPage = 10;

bool is_number(std::string_view value) {
    return !value.empty() && value.size() <= 6 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::array kFields{
    FieldRule{"refund_id", Need::optional, 32},
    FieldRule{"out_refund_no", Need::optional, 64, "1 to 64 of letters, digits and _-|*@",
              is_out_refund_no},
    FieldRule{"transaction_id", Need::optional, 32, "digits", is_transaction_id,
              kInvalidTransactionId},
    FieldRule{"out_trade_no", Need::optional, 32, "1 to 32 of letters, digits and _-|*@",
              is_out_trade_no},
    FieldRule{"offset", Need::optional, 6, "a number", is_number, kParamError},
    FieldRule{"device_info", Need::optional, 32},
};

std::optional<Refusal> find_missing(const XmlMessage& message) {
    for (const char* const name : {"refund_id", "out_refund_no", "transaction_id", "out_trade_no"})
        if (!message.get(name).empty()) return std::nullopt;
    return Refusal{kParamMissing, "out_trade_no",
                   "none of refund_id, out_refund_no, transaction_id and out_trade_no was sent"};
}

struct Found {
    Order order;
    std::vector<Refund> refunds;
    bool all = false;  ///< of the order, rather than one that was named
};

std::optional<Found> find_one(const Call& call, Work& work, std::optional<Refund> refund) {
    if (!refund || refund->mch_id != call.mch_id()) return std::nullopt;
    auto order = work.store().find_order(refund->order_id);
    if (!order || order->sub_mch_id != call.get("sub_mch_id")) return std::nullopt;
    return Found{std::move(*order), {std::move(*refund)}};
}

/// The number with the highest priority decides.
std::optional<Found> find(const Call& call, Work& work) {
    if (const std::string id = call.text("refund_id"); !id.empty())
        return find_one(call, work, work.store().find_refund_by_id(id));
    if (const std::string number = call.text("out_refund_no"); !number.empty())
        return find_one(call, work, work.store().find_refund(call.mch_id(), number));
    auto order = find_order(call, work);
    if (!order) return std::nullopt;
    auto refunds = work.store().refunds_of(order->id);
    std::erase_if(refunds, [](const Refund& refund) { return refund.is_reversal(); });
    if (refunds.empty()) return std::nullopt;
    return Found{std::move(*order), std::move(refunds), true};
}

void add(v2::Message& reply, std::size_t n, const Refund& refund, const Order& order) {
    const auto name = [n](const char* stem) { return fmt::format("{}_{}", stem, n); };
    reply.text(name("out_refund_no"), refund.out_refund_no)
        .text(name("refund_id"), refund.refund_id)
        .text(name("refund_channel"), "ORIGINAL")
        .number(name("refund_fee"), refund.fee.count());
    if (order.settlement_total())
        reply.number(name("settlement_refund_fee"), refund.settlement_fee().count());
    if (const auto coupons = refund.coupons_returned(); !coupons.empty()) {
        reply.number(name("coupon_refund_fee"), refund.coupon_total().count())
            .number(name("coupon_refund_count"), static_cast<std::int64_t>(coupons.size()));
        const bool typed = v2::names_coupon_types(coupons);
        for (std::size_t m = 0; m < coupons.size(); ++m) {
            const v2::Coupon& coupon = coupons[m];
            if (typed) reply.text(fmt::format("coupon_type_{}_{}", n, m), coupon.type);
            reply.text(fmt::format("coupon_refund_id_{}_{}", n, m), coupon.id)
                .number(fmt::format("coupon_refund_fee_{}_{}", n, m), coupon.fee.count());
        }
    }
    reply.text(name("refund_status"), v2_name(refund.state))
        .text(name("refund_account"), refund.account)
        .text(name("refund_recv_accout"), recipient(order));  // WeChat's spelling
    if (refund.succeeded_at)
        reply.text(name("refund_success_time"), format_readable_time(*refund.succeeded_at));
}

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    const auto found = find(call, work);
    std::size_t offset = 0;
    const std::string_view wanted = call.get("offset");
    std::from_chars(wanted.data(), wanted.data() + wanted.size(), offset);
    if (!found || (found->all && offset >= found->refunds.size())) {
        return Failure{
            Refusal{kRefundNotExist, "out_trade_no", "this merchant has no refund of that number"}};
    }
    const Order& order = found->order;
    Reply reply;
    v2::Message& message = reply.business;
    message.text("transaction_id", order.transaction_id.str())
        .text("out_trade_no", order.out_trade_no.str())
        .number("total_fee", order.total.count())
        .number("cash_fee", order.cash().count());
    if (const auto settlement = order.settlement_total())
        message.number("settlement_total_fee", settlement->count());
    std::int64_t sum = 0;
    for (const Refund& refund : found->refunds) sum += refund.fee.count();
    message.number("refund_fee", sum);
    std::size_t n = 0;
    for (std::size_t i = found->all ? offset : 0; i < found->refunds.size() && n < kPage; ++i)
        add(message, n++, found->refunds[i], order);
    message.number("refund_count", static_cast<std::int64_t>(n));
    if (found->all && !wanted.empty()) {
        message.number("total_refund_count", static_cast<std::int64_t>(found->refunds.size()));
    } else if (found->all && found->refunds.size() > kPage) {
        call.notes.emplace_back("the order has more refunds than one answer holds: send offset");
    }
    return reply;
}

}  // namespace

Endpoint refund_query() {
    return {.path = "/pay/refundquery",
            .fields = kFields,
            .handle = handle,
            .find_missing = find_missing,
            .style = Style::sorted,
            .rephrased = kRephrased,
            .on_demand = kOnDemand};
}

/// The twin for orders with single items.
Endpoint refund_query_v2() {
    Endpoint twin = refund_query();
    twin.path = "/pay/refundqueryv2";
    return twin;
}

}  // namespace wxpay::sandbox::api_v2
