#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/work.hpp"
#include "sandbox/store/store.hpp"

namespace wxpay::sandbox {

/// Money for one of a batch's users.
struct TransferDetail {
    std::string out_detail_no;
    std::string detail_id;  ///< WeChat's number
    std::string openid;
    std::string user_name;  ///< plain; may be empty
    Fen amount;
    std::string remark;
    std::string status;  ///< kDetailProcessing and the others below
};

/// Money for many users at once, whom nobody asks (V3's old product). It lives in a document; its
/// money leaves the merchant's account when it is made, and that of the details that fail returns.
/// source  [C] spec V3 9.2, which gives no page
struct TransferBatch {
    std::int64_t id = 0;  ///< of its document
    MchId mch_id;
    std::string out_batch_no;
    std::string batch_id;  ///< WeChat's number
    std::string appid;
    std::string name;
    std::string remark;
    Fen total;
    std::string notify_url;       ///< may be empty
    std::string platform_serial;  ///< as Order::platform_serial
    std::string creation;         ///< what a repeated call is compared with
    std::string status;           ///< kBatchAccepted or kBatchFinished
    Instant created_at;
    Instant updated_at;
    std::vector<TransferDetail> details;
};

inline constexpr std::string_view kBatchAccepted = "ACCEPTED";
inline constexpr std::string_view kBatchFinished = "FINISHED";
inline constexpr std::string_view kDetailProcessing = "PROCESSING";
inline constexpr std::string_view kDetailSucceeded = "SUCCESS";
inline constexpr std::string_view kDetailFailed = "FAIL";

std::optional<TransferBatch> find_transfer_batch(Transaction& transaction, const MchId& mch_id,
                                                 std::string_view out_batch_no);

/// Stores it, accepted, to be finished at once after that. The caller has checked the number, the
/// totals and the balance.
void add_transfer_batch(Work& work, const Merchant& merchant, TransferBatch& batch);

/// "transfer_batch" of a query's answer.
nlohmann::ordered_json transfer_batch_json(const TransferBatch& batch);

/// The users get their money: a step of take_step().
void step_transfer_batch(Work& work, const Document& document);
inline constexpr std::string_view kTransferBatchKind = "transfer_batch";

}  // namespace wxpay::sandbox
