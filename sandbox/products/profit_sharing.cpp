#include "sandbox/products/profit_sharing.hpp"

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/ledger/creation.hpp"
#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox {

namespace {

/// What did not arrive can be shared again.
void take_off_shared(Work& work, const MchId& mch_id, const std::string& transaction_id,
                     std::int64_t amount) {
    auto document = work.store().find_document(kSharingRestKind, mch_id, transaction_id);
    if (!document) return;
    auto rest = nlohmann::ordered_json::parse(document->text);
    rest["shared"] = rest["shared"].get<std::int64_t>() - amount;
    document->text = dump_json(rest);
    work.store().update_document(*document);
}

}  // namespace

bool is_for_sharing(const Order& order) {
    if (order.api == ApiVersion::v2) return created_with(order, "profit_sharing") == "Y";
    const auto creation = parse_json(order.creation);
    if (!creation || !creation->is_object()) return false;
    const auto settle = creation->find("settle_info");
    return settle != creation->end() && settle->value("profit_sharing", false);
}

void step_profit_sharing(Work& work, const Document& document) {
    auto json = nlohmann::ordered_json::parse(document.text);
    if (json["state"] != "PROCESSING") return;
    const Merchant* const merchant = work.context().directory.find_merchant(document.mch_id.str());
    const std::string now = format_rfc3339_seconds(work.context().clock.now());
    json["state"] = "FINISHED";
    for (auto& receiver : json["receivers"]) {
        const std::string account = receiver["account"];
        receiver["finish_time"] = now;
        if (!account.starts_with(kNeverGets)) {
            receiver["result"] = "SUCCESS";
            continue;
        }
        receiver["result"] = "CLOSED";
        receiver["fail_reason"] = "ACCOUNT_ABNORMAL";
        take_off_shared(work, document.mch_id, json["transaction_id"],
                        receiver["amount"].get<std::int64_t>());
        if (merchant != nullptr) {
            book(work, *merchant, FundKind::payout_returned,
                 Fen{receiver["amount"].get<std::int64_t>()}, json["order_id"], document.name,
                 receiver["description"]);
        }
    }
    Document changed = document;
    changed.text = dump_json(json);
    work.store().update_document(changed);
    work.store().erase_timers(TimerKind::document, document.id);
}

}  // namespace wxpay::sandbox
