#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/domain/ids.hpp"

#include "sandbox/ledger/order.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox {

/// Orders of one or several merchants that a user pays together. Each part is an order of its own;
/// what they share is kept in a document. The first part carries the prepay_id, code_url and
/// mweb_url of the whole.
/// source  spec V3 4.7; events.md, invariant 9
struct Combination {
    MchId mch_id;       ///< combine_mchid, who may query and close it
    OutTradeNo number;  ///< combine_out_trade_no: a namespace of its own
    AppId appid;
    std::string device_id;
    std::string notify_url;
    std::string platform_serial;  ///< as Order::platform_serial
    std::string creation;         ///< what a repeated call is compared with: JSON
    std::vector<std::pair<MchId, OutTradeNo>> parts;
};

/// Stores it with its parts. False when a number is taken: then the caller takes its work back.
bool add_combination(Work& work, const Combination& combination, std::vector<Order>& parts);

std::optional<Combination> find_combination(Transaction& transaction, const MchId& mch_id,
                                            const OutTradeNo& number);
/// Which one the order is a part of; nothing when of none.
std::optional<Combination> combination_of(Transaction& transaction, const Order& part);
/// First one first.
std::vector<Order> parts_of(Transaction& transaction, const Combination& combination);

/// The order, and when it is a part, all the others that change with it.
std::vector<Order> together_with(Transaction& transaction, const Order& order);

/// The order of this number or, when it is a combination's, the parts.
std::vector<Order> orders_named(Transaction& transaction, const MchId& mch_id,
                                const OutTradeNo& number);

}  // namespace wxpay::sandbox
