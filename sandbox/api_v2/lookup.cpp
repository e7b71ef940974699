#include "sandbox/api_v2/lookup.hpp"

namespace wxpay::sandbox::api_v2 {

std::optional<Order> find_order(const Call& call, Work& work) {
    std::optional<Order> order;
    const std::string_view number = call.get("transaction_id");
    const std::string_view out_trade_no = call.get("out_trade_no");
    if (number.empty()) {
        order = work.store().find_order(call.mch_id(), call.out_trade_no());
    } else if (const auto transaction_id = TransactionId::parse(number)) {
        order = work.store().find_order(*transaction_id);
        if (order && !out_trade_no.empty() && order->out_trade_no.str() != out_trade_no) {
            call.notes.emplace_back(
                "transaction_id and out_trade_no name different orders; transaction_id wins");
        }
    }
    if (order && (order->mch_id != call.mch_id() || order->sub_mch_id != call.get("sub_mch_id")))
        return std::nullopt;
    return order;
}

std::optional<Refusal> find_missing_number(const XmlMessage& message) {
    if (!message.get("transaction_id").empty() || !message.get("out_trade_no").empty())
        return std::nullopt;
    return Refusal{kParamMissing, "out_trade_no",
                   "neither transaction_id nor out_trade_no was sent"};
}

}  // namespace wxpay::sandbox::api_v2
