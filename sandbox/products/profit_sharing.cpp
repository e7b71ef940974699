#include "sandbox/products/profit_sharing.hpp"

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/payout.hpp"

namespace wxpay::sandbox {

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
