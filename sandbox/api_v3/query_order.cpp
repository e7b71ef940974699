// GET /v3/pay/transactions/out-trade-no/{out_trade_no}, …/id/{transaction_id} and their partner
// forms: how an order stands.
#include <array>

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint query_by_out_trade_no();
Endpoint query_by_transaction_id();
Endpoint partner_query_by_out_trade_no();
Endpoint partner_query_by_transaction_id();

namespace {

constexpr std::array kByNumber{in_path(kOutTradeNo)};
constexpr std::array kById{in_path(required("transaction_id", 32))};
constexpr std::array kDirect{in_query(required("mchid", 32))};
constexpr std::array kPartner{in_query(required("sp_mchid", 32)),
                              in_query(required("sub_mchid", 32))};

constexpr auto kDirectByNumber = kByNumber + kDirect;
constexpr auto kDirectById = kById + kDirect;
constexpr auto kPartnerByNumber = kByNumber + kPartner;
constexpr auto kPartnerById = kById + kPartner;

Result<Reply, Refusal> handle(const Call& call, Work& work) {
    WXPAY_TRY(const Order order, find_order(call, work));
    // Pitfall 16 of spec V3 10: libraries that send it with a body only.
    if (call.platform_serial.empty() && order.platform_serial.starts_with("PUB_KEY_ID_")) {
        call.notes.emplace_back(
            "the order's call named PUB_KEY_ID_... in Wechatpay-Serial, this one names none: while "
            "switching its answer is signed by the certificate; send the header on every call");
    }
    return order_reply(order);
}

Endpoint query(std::string_view path, std::span<const FieldRule> fields, std::string_view caller) {
    return {.method = "GET", .path = path, .fields = fields, .handle = handle, .caller = caller};
}

}  // namespace

std::optional<std::pair<int, std::string_view>> why_not_seen(const Call& call, const Order& order) {
    if (order.mch_id != call.merchant.mch_id)
        return std::pair(kOrderOfAnotherMchid, "the order is another mchid's");
    std::string sub_mchid = call.query("sub_mchid");
    if (sub_mchid.empty()) sub_mchid = call.text("sub_mchid");
    if (order.sub_mch_id == sub_mchid) return std::nullopt;
    return std::pair(kOrderOfAnotherSubMchid,
                     sub_mchid.empty() ? "the order is a sub-merchant's: name its sub_mchid"
                     : order.sub_mch_id.empty() ? "the order is the provider's own: no sub_mchid"
                                                : "the order is another sub_mchid's");
}

Result<Order, Refusal> find_order(const Call& call, Work& work) {
    std::optional<Order> order;
    if (const auto number = OutTradeNo::parse(call.path("out_trade_no"))) {
        order = work.store().find_order(call.merchant.mch_id, *number);
    } else if (const auto id = TransactionId::parse(call.path("transaction_id"))) {
        order = work.store().find_order(*id);
    }
    if (!order) {
        return Failure{Refusal{kOrderNotExist,
                               "no such order of this merchant; out_trade_no is the merchant's "
                               "number, transaction_id WeChat's"}};
    }
    if (const auto problem = why_not_seen(call, *order)) {
        Refusal refusal{kOrderNotExist, std::string(problem->second)};
        refusal.words.number = problem->first;
        return Failure{std::move(refusal)};
    }
    if (!order->combine_out_trade_no.empty()) {
        return Failure{Refusal{kOrderNotExist,
                               "a part of a combined order: /v3/combine-transactions/ has it"}};
    }
    return *std::move(order);
}

Reply order_reply(const Order& order) {
    auto json = v3_transaction(order);
    if (!json.contains("promotion_detail")) json["promotion_detail"] = nlohmann::json::array();
    Reply reply;
    reply.body = dump_sorted(json);
    reply.out_trade_no = order.out_trade_no.str();
    return reply;
}

Endpoint query_by_out_trade_no() {
    return query("/v3/pay/transactions/out-trade-no/{out_trade_no}", kDirectByNumber, "mchid");
}
Endpoint query_by_transaction_id() {
    return query("/v3/pay/transactions/id/{transaction_id}", kDirectById, "mchid");
}
Endpoint partner_query_by_out_trade_no() {
    return query("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}", kPartnerByNumber,
                 "sp_mchid");
}
Endpoint partner_query_by_transaction_id() {
    return query("/v3/pay/partner/transactions/id/{transaction_id}", kPartnerById, "sp_mchid");
}

}  // namespace wxpay::sandbox::api_v3
