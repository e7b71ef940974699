#include "sandbox/products/transfer_batch.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/ledger/funds.hpp"
#include "sandbox/ledger/payout.hpp"
#include "sandbox/notify/v3_callback.hpp"
#include "sandbox/products/transfer_bill.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::ordered_json;

// source  [C] spec V3 7; the summary is our choice
constexpr V3Event kFinished{"MCHTRANSFER.BATCH.FINISHED", "mchtransfer_batch", "mchtransfer_batch",
                            "商家转账批次完成通知"};

std::string text_of(const TransferBatch& batch) {
    Json details = Json::array();
    for (const TransferDetail& detail : batch.details) {
        details.push_back({{"out_detail_no", detail.out_detail_no},
                           {"detail_id", detail.detail_id},
                           {"openid", detail.openid},
                           {"user_name", detail.user_name},
                           {"amount", detail.amount.count()},
                           {"remark", detail.remark},
                           {"status", detail.status}});
    }
    return dump_json(Json{{"batch_id", batch.batch_id},
                          {"appid", batch.appid},
                          {"name", batch.name},
                          {"remark", batch.remark},
                          {"total", batch.total.count()},
                          {"notify_url", batch.notify_url},
                          {"platform_serial", batch.platform_serial},
                          {"creation", batch.creation},
                          {"status", batch.status},
                          {"created_at", batch.created_at.time_since_epoch().count()},
                          {"updated_at", batch.updated_at.time_since_epoch().count()},
                          {"details", std::move(details)}});
}

/// Our own documents are what text_of() has written.
TransferBatch batch_from(const Document& document) {
    const auto json = parse_json(document.text).value();
    TransferBatch batch;
    batch.id = document.id;
    batch.mch_id = document.mch_id;
    batch.out_batch_no = document.name;
    batch.batch_id = json.at("batch_id");
    batch.appid = json.at("appid");
    batch.name = json.at("name");
    batch.remark = json.at("remark");
    batch.total = Fen{json.at("total").get<std::int64_t>()};
    batch.notify_url = json.at("notify_url");
    batch.platform_serial = json.at("platform_serial");
    batch.creation = json.at("creation");
    batch.status = json.at("status");
    batch.created_at = Instant{Millis{json.at("created_at").get<std::int64_t>()}};
    batch.updated_at = Instant{Millis{json.at("updated_at").get<std::int64_t>()}};
    for (const auto& each : json.at("details")) {
        TransferDetail detail;
        detail.out_detail_no = each.at("out_detail_no");
        detail.detail_id = each.at("detail_id");
        detail.openid = each.at("openid");
        detail.user_name = each.at("user_name");
        detail.amount = Fen{each.at("amount").get<std::int64_t>()};
        detail.remark = each.at("remark");
        detail.status = each.at("status");
        batch.details.push_back(std::move(detail));
    }
    return batch;
}

Document document_of(const TransferBatch& batch) {
    return {batch.id, std::string(kTransferBatchKind), batch.mch_id, batch.out_batch_no,
            text_of(batch)};
}

/// What has arrived and what has not: members of answers and callbacks.
void put_sums(Json& json, const TransferBatch& batch) {
    struct Sum {
        std::int64_t amount = 0;
        std::int64_t num = 0;
    };
    Sum success;
    Sum fail;
    for (const TransferDetail& detail : batch.details) {
        if (detail.status == kDetailProcessing) continue;
        Sum& sum = detail.status == kDetailSucceeded ? success : fail;
        sum.amount += detail.amount.count();
        ++sum.num;
    }
    json["success_amount"] = success.amount;
    json["success_num"] = success.num;
    json["fail_amount"] = fail.amount;
    json["fail_num"] = fail.num;
}

/// source  [C] recalled from the documentation of the product
void add_callback(Work& work, const TransferBatch& batch, const Merchant& merchant) {
    if (batch.notify_url.empty()) return;
    Json plain{{"mchid", batch.mch_id.str()},         {"out_batch_no", batch.out_batch_no},
               {"batch_id", batch.batch_id},          {"batch_status", batch.status},
               {"total_amount", batch.total.count()}, {"total_num", batch.details.size()}};
    put_sums(plain, batch);
    plain["update_time"] = format_rfc3339_seconds(batch.updated_at);
    Notification notification;
    notification.kind = NotificationKind::transfer;
    notification.mch_id = batch.mch_id;
    notification.out_trade_no = OutTradeNo::parse(batch.out_batch_no).value();
    notification.url = batch.notify_url;
    notification.platform_serial = batch.platform_serial;
    add_v3_callback(work, std::move(notification), kFinished, dump_json(plain), merchant);
}

}  // namespace

std::optional<TransferBatch> find_transfer_batch(Transaction& transaction, const MchId& mch_id,
                                                 std::string_view out_batch_no) {
    const auto document = transaction.find_document(kTransferBatchKind, mch_id, out_batch_no);
    return document ? std::optional(batch_from(*document)) : std::nullopt;
}

void add_transfer_batch(Work& work, const Merchant& merchant, TransferBatch& batch) {
    const Instant now = work.context().clock.now();
    Random& random = work.context().random;
    batch.batch_id = next_transfer_number("1030000", random, now);
    batch.status = kBatchAccepted;
    batch.created_at = now;
    batch.updated_at = now;
    for (TransferDetail& detail : batch.details) {
        detail.detail_id = next_transfer_number("1040000", random, now);
        detail.status = kDetailProcessing;
    }
    Document document = document_of(batch);
    work.store().insert_document(document);
    batch.id = document.id;
    book(work, merchant, FundKind::payout, Fen{-batch.total.count()}, batch.batch_id,
         batch.out_batch_no, batch.remark);
    work.schedule(now, TimerKind::document, batch.id);
}

Json transfer_batch_json(const TransferBatch& batch) {
    Json json{{"mchid", batch.mch_id.str()},
              {"out_batch_no", batch.out_batch_no},
              {"batch_id", batch.batch_id},
              {"appid", batch.appid},
              {"batch_status", batch.status},
              {"batch_type", "API"},
              {"batch_name", batch.name},
              {"batch_remark", batch.remark},
              {"total_amount", batch.total.count()},
              {"total_num", batch.details.size()},
              {"create_time", format_rfc3339_seconds(batch.created_at)},
              {"update_time", format_rfc3339_seconds(batch.updated_at)}};
    put_sums(json, batch);
    return json;
}

void step_transfer_batch(Work& work, const Document& document) {
    TransferBatch batch = batch_from(document);
    if (batch.status != kBatchAccepted) return;
    // A merchant that a later start does not know has no account and hears of nothing.
    const Merchant* const merchant = work.context().directory.find_merchant(batch.mch_id.str());
    for (TransferDetail& detail : batch.details) {
        const bool fails = detail.openid.starts_with(kNeverGets) || detail.user_name == kWrongName;
        detail.status = fails ? kDetailFailed : kDetailSucceeded;
        if (fails && merchant != nullptr) {
            book(work, *merchant, FundKind::payout_returned, detail.amount, detail.detail_id,
                 detail.out_detail_no, detail.remark);
        }
    }
    batch.status = kBatchFinished;
    batch.updated_at = work.context().clock.now();
    work.store().update_document(document_of(batch));
    work.store().erase_timers(TimerKind::document, batch.id);
    if (merchant != nullptr) add_callback(work, batch, *merchant);
}

}  // namespace wxpay::sandbox
