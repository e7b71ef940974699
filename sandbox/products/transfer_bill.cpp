#include "sandbox/products/transfer_bill.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/payout.hpp"
#include "sandbox/notify/v3_callback.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumberKind = "transfer_bill_no";

/// How long it waits for its user. source  [A] spec V3 9.1
constexpr std::chrono::hours kBillLife{24};
/// How long the transfer to a slow user takes; our choice, as with payouts.
constexpr std::chrono::seconds kArrival{10};

// source  [C] recalled from the documentation of the product
constexpr V3Event kFinished{"MCHTRANSFER.BILL.FINISHED", "mch_payment", "mch_payment",
                            "商家转账单据终态通知"};
constexpr std::string_view kOverdue = "OVERDUE_CLOSE";
constexpr std::string_view kNameWrong = "NAME_NOT_CORRECT";
constexpr std::string_view kRefusedByAccount = "PAYEE_ACCOUNT_ABNORMAL";

std::string text_of(const TransferBill& bill) {
    return dump_json(Json{{"transfer_bill_no", bill.transfer_bill_no},
                          {"appid", bill.appid},
                          {"openid", bill.openid},
                          {"user_name", bill.user_name},
                          {"amount", bill.amount.count()},
                          {"remark", bill.remark},
                          {"notify_url", bill.notify_url},
                          {"platform_serial", bill.platform_serial},
                          {"package_info", bill.package_info},
                          {"creation", bill.creation},
                          {"state", bill.state},
                          {"fail_reason", bill.fail_reason},
                          {"created_at", bill.created_at.time_since_epoch().count()},
                          {"updated_at", bill.updated_at.time_since_epoch().count()}});
}

/// Our own documents are what text_of() has written.
TransferBill bill_from(const Document& document) {
    const auto json = parse_json(document.text).value();
    TransferBill bill;
    bill.id = document.id;
    bill.mch_id = document.mch_id;
    bill.out_bill_no = document.name;
    bill.transfer_bill_no = json.at("transfer_bill_no");
    bill.appid = json.at("appid");
    bill.openid = json.at("openid");
    bill.user_name = json.at("user_name");
    bill.amount = Fen{json.at("amount").get<std::int64_t>()};
    bill.remark = json.at("remark");
    bill.notify_url = json.at("notify_url");
    bill.platform_serial = json.at("platform_serial");
    bill.package_info = json.at("package_info");
    bill.creation = json.at("creation");
    bill.state = json.at("state");
    bill.fail_reason = json.at("fail_reason");
    bill.created_at = Instant{Millis{json.at("created_at").get<std::int64_t>()}};
    bill.updated_at = Instant{Millis{json.at("updated_at").get<std::int64_t>()}};
    return bill;
}

Document document_of(const TransferBill& bill) {
    return {bill.id, std::string(kTransferBillKind), bill.mch_id, bill.out_bill_no, text_of(bill)};
}

void go_to(Work& work, TransferBill& bill, std::string_view state) {
    bill.state = state;
    bill.updated_at = work.context().clock.now();
    work.store().update_document(document_of(bill));
    work.store().erase_timers(TimerKind::document, bill.id);
}

void add_callback(Work& work, const TransferBill& bill, const Merchant& merchant) {
    if (bill.notify_url.empty()) return;
    Json plain{{"out_bill_no", bill.out_bill_no},
               {"transfer_bill_no", bill.transfer_bill_no},
               {"state", bill.state},
               {"mch_id", bill.mch_id.str()},
               {"transfer_amount", bill.amount.count()},
               {"openid", bill.openid},
               {"create_time", format_rfc3339_seconds(bill.created_at)},
               {"update_time", format_rfc3339_seconds(bill.updated_at)}};
    if (!bill.fail_reason.empty()) plain["fail_reason"] = bill.fail_reason;
    Notification notification;
    notification.kind = NotificationKind::transfer;
    notification.mch_id = bill.mch_id;
    notification.out_trade_no = OutTradeNo::parse(bill.out_bill_no).value();
    notification.url = bill.notify_url;
    notification.platform_serial = bill.platform_serial;
    add_v3_callback(work, std::move(notification), kFinished, dump_json(plain), merchant);
}

void end(Work& work, TransferBill& bill, std::string_view state, std::string_view reason = {}) {
    bill.fail_reason = reason;
    go_to(work, bill, state);
    // A merchant that a later start does not know has no account and hears of nothing.
    const Merchant* const merchant = work.context().directory.find_merchant(bill.mch_id.str());
    if (merchant == nullptr) return;
    if (state != kSucceeded) {
        book(work, *merchant, FundKind::payout_returned, bill.amount, bill.transfer_bill_no,
             bill.out_bill_no, bill.remark);
    }
    add_callback(work, bill, *merchant);
}

}  // namespace

std::string next_transfer_number(std::string_view prefix, Random& random, Instant now) {
    std::string number(prefix);
    number += random.digits(15);
    number += format_compact_time(now).substr(0, 8);
    number += random.digits(10);
    return number;
}

std::optional<ConfirmOutcome> parse_confirm_outcome(std::string_view word) {
    constexpr std::array<std::pair<std::string_view, ConfirmOutcome>, 3> kOutcomes{
        {{"success", ConfirmOutcome::success},
         {"cancel", ConfirmOutcome::cancel},
         {"fail", ConfirmOutcome::fail}}};
    for (const auto& [each, outcome] : kOutcomes) {
        if (each == word) return outcome;
    }
    return std::nullopt;
}

std::optional<TransferBill> find_transfer_bill(Transaction& transaction, const MchId& mch_id,
                                               std::string_view out_bill_no) {
    const auto document = transaction.find_document(kTransferBillKind, mch_id, out_bill_no);
    return document ? std::optional(bill_from(*document)) : std::nullopt;
}

std::optional<TransferBill> find_transfer_bill_by_id(Transaction& transaction, const MchId& mch_id,
                                                     std::string_view transfer_bill_no) {
    const auto number = transaction.find_document(kNumberKind, mch_id, transfer_bill_no);
    return number ? find_transfer_bill(transaction, mch_id, number->text) : std::nullopt;
}

void add_transfer_bill(Work& work, const Merchant& merchant, TransferBill& bill) {
    const Instant now = work.context().clock.now();
    Random& random = work.context().random;
    bill.transfer_bill_no = next_transfer_number("1330000", random, now);
    bill.package_info = random.alphanumeric(62) + "==";
    bill.state = kWaiting;
    bill.created_at = now;
    bill.updated_at = now;
    Document document = document_of(bill);
    work.store().insert_document(document);
    bill.id = document.id;
    Document number{0, std::string(kNumberKind), bill.mch_id, bill.transfer_bill_no,
                    bill.out_bill_no};
    work.store().insert_document(number);
    book(work, merchant, FundKind::payout, Fen{-bill.amount.count()}, bill.transfer_bill_no,
         bill.out_bill_no, bill.remark);
    work.schedule(now + kBillLife, TimerKind::document, bill.id);
}

bool confirm_transfer_bill(Work& work, TransferBill& bill, ConfirmOutcome outcome) {
    if (bill.state != kWaiting) return false;
    if (outcome == ConfirmOutcome::cancel) return true;
    if (outcome == ConfirmOutcome::fail || bill.openid.starts_with(kNeverGets)) {
        end(work, bill, kFailed, kRefusedByAccount);
    } else if (bill.user_name == kWrongName) {
        end(work, bill, kFailed, kNameWrong);
    } else if (bill.openid.starts_with(kGetsLater)) {
        go_to(work, bill, kTransfering);
        work.schedule(bill.updated_at + kArrival, TimerKind::document, bill.id);
    } else {
        end(work, bill, kSucceeded);
    }
    return true;
}

bool cancel_transfer_bill(Work& work, TransferBill& bill) {
    if (bill.state == kCanceling || bill.state == kCancelled) return true;
    if (bill.state != kWaiting) return false;
    go_to(work, bill, kCanceling);
    work.schedule(bill.updated_at, TimerKind::document, bill.id);
    return true;
}

Json transfer_bill_json(const TransferBill& bill) {
    Json json{{"mch_id", bill.mch_id.str()},
              {"out_bill_no", bill.out_bill_no},
              {"transfer_bill_no", bill.transfer_bill_no},
              {"appid", bill.appid},
              {"state", bill.state},
              {"transfer_amount", bill.amount.count()},
              {"transfer_remark", bill.remark}};
    if (!bill.fail_reason.empty()) json["fail_reason"] = bill.fail_reason;
    json["openid"] = bill.openid;
    json["create_time"] = format_rfc3339_seconds(bill.created_at);
    json["update_time"] = format_rfc3339_seconds(bill.updated_at);
    return json;
}

void step_transfer_bill(Work& work, const Document& document) {
    TransferBill bill = bill_from(document);
    if (bill.state == kWaiting) {
        end(work, bill, kFailed, kOverdue);
    } else if (bill.state == kTransfering) {
        end(work, bill, kSucceeded);
    } else if (bill.state == kCanceling) {
        end(work, bill, kCancelled);
    }
}

}  // namespace wxpay::sandbox
