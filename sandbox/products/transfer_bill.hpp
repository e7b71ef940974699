#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/ledger/work.hpp"
#include "sandbox/store/store.hpp"

namespace wxpay::sandbox {

/// Money for a user that he must accept in WeChat (V3's transfer to users, since 2025). It lives in
/// a document; its money leaves the merchant's account when it is made and returns when it ends
/// otherwise than by SUCCESS.
/// source  spec V3 9.1
struct TransferBill {
    std::int64_t id = 0;  ///< of its document
    MchId mch_id;
    std::string out_bill_no;
    std::string transfer_bill_no;  ///< WeChat's number
    std::string appid;
    std::string openid;
    std::string user_name;  ///< plain; may be empty
    Fen amount;
    std::string remark;
    std::string notify_url;       ///< may be empty
    std::string platform_serial;  ///< as Order::platform_serial
    std::string package_info;     ///< for requestMerchantTransfer
    std::string creation;         ///< what a repeated call is compared with
    std::string state;            ///< kWaiting and the others below
    std::string fail_reason;
    Instant created_at;
    Instant updated_at;
};

/// The name that is never the user's, as with V2's transfers.
inline constexpr std::string_view kWrongName = "错误";

/// WeChat's number of a transfer, a batch or a detail: `prefix`, 15 digits, yyyyMMdd, 10 digits.
std::string next_transfer_number(std::string_view prefix, Random& random, Instant now);

inline constexpr std::string_view kWaiting = "WAIT_USER_CONFIRM";
inline constexpr std::string_view kTransfering = "TRANSFERING";  // sic
inline constexpr std::string_view kSucceeded = "SUCCESS";
inline constexpr std::string_view kFailed = "FAIL";
inline constexpr std::string_view kCanceling = "CANCELING";
inline constexpr std::string_view kCancelled = "CANCELLED";

/// What the user does with it. `cancel`: he leaves the page, and may come back.
enum class ConfirmOutcome { success, cancel, fail };
/// "success", "cancel", "fail".
std::optional<ConfirmOutcome> parse_confirm_outcome(std::string_view word);

std::optional<TransferBill> find_transfer_bill(Transaction& transaction, const MchId& mch_id,
                                               std::string_view out_bill_no);
std::optional<TransferBill> find_transfer_bill_by_id(Transaction& transaction, const MchId& mch_id,
                                                     std::string_view transfer_bill_no);

/// Stores it, waiting for its user. The caller has checked the number and the balance.
void add_transfer_bill(Work& work, const Merchant& merchant, TransferBill& bill);

/// False when it does not wait for its user.
bool confirm_transfer_bill(Work& work, TransferBill& bill, ConfirmOutcome outcome);
/// The merchant takes it back: CANCELING, and at once after that CANCELLED. False when it is too
/// late for that.
bool cancel_transfer_bill(Work& work, TransferBill& bill);

/// As a query answers it, but for the name.
nlohmann::ordered_json transfer_bill_json(const TransferBill& bill);

/// What happens to it by itself: a step of take_step().
void step_transfer_bill(Work& work, const Document& document);
inline constexpr std::string_view kTransferBillKind = "transfer";

}  // namespace wxpay::sandbox
