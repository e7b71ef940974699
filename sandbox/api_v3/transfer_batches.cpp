// /v3/transfer/batches: money for many users at once, for merchants who still have the old product.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/ledger/funds.hpp"
#include "sandbox/products/transfer_batch.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint transfer_batch();
Endpoint transfer_batch_by_number();

namespace {

using Json = nlohmann::ordered_json;

// The code is the documentation's, the words ours: spec V3 9.2.
constexpr Words kTotalDiffers{400, "INVALID_REQUEST", "转账总金额与明细金额之和不一致"};
constexpr Words kCountDiffers{400, "INVALID_REQUEST", "转账总笔数与明细笔数不一致"};
constexpr Words kDetailTwice{400, "INVALID_REQUEST", "商家明细单号重复"};

/// source  [C] v3-endpoints.json
constexpr std::int64_t kDetailsMax = 1000;
constexpr std::int64_t kPageMin = 20;
constexpr std::int64_t kPageMax = 100;

constexpr FieldRule within(FieldRule rule, std::int64_t least, std::int64_t most) {
    rule.least = least;
    rule.most = most;
    return rule;
}

constexpr std::string_view kAll = "ALL";
constexpr std::array<std::string_view, 4> kStatuses{kAll, kDetailSucceeded, kDetailFailed,
                                                    "WAIT_PAY"};

constexpr std::array kFields{
    required("appid", 32, Limit::recalled),
    matching(required("out_batch_no", 32, Limit::recalled), kTransferNoPattern),
    required("batch_name", 32, Limit::recalled),
    required("batch_remark", 32, Limit::recalled),
    money("total_amount"),
    within(integer("total_num", Need::required), 1, kDetailsMax),
    list("transfer_detail_list", Need::required),
    required("transfer_detail_list[].out_detail_no", 32, Limit::recalled),
    money("transfer_detail_list[].transfer_amount"),
    required("transfer_detail_list[].transfer_remark", 32, Limit::recalled),
    required("transfer_detail_list[].openid", 64, Limit::recalled),
    encrypted(optional("transfer_detail_list[].user_name", 1024, Limit::recalled)),
    optional("transfer_scene_id", 36, Limit::recalled),
    matching(optional("notify_url", 256, Limit::recalled), kNotifyUrlPattern)};
constexpr std::array kQueryFields{
    in_path(required("out_batch_no", 32, Limit::recalled)),
    in_query(FieldRule{.name = "need_query_detail", .need = Need::required, .type = Type::boolean}),
    in_query(within(integer("offset"), 0, kDetailsMax)),
    in_query(within(integer("limit"), kPageMin, kPageMax)),
    in_query(one_of(optional("detail_status", 0), kStatuses))};

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, std::move(hint)}};
}

/// The body with names in plain text: they are encrypted anew each time.
nlohmann::json plain_body(const Call& call) {
    constexpr std::string_view kBody = "/body";
    nlohmann::json body = call.fields.body;
    for (const auto& [pointer, plain] : call.decrypted)
        body[nlohmann::json::json_pointer(pointer.substr(kBody.size()))] = plain;
    return body;
}

TransferBatch described(const Call& call) {
    const nlohmann::json body = plain_body(call);
    TransferBatch batch;
    batch.mch_id = call.merchant.mch_id;
    batch.out_batch_no = call.text("out_batch_no");
    batch.appid = call.text("appid");
    batch.name = call.text("batch_name");
    batch.remark = call.text("batch_remark");
    batch.total = Fen{call.number("total_amount")};
    batch.notify_url = call.text("notify_url");
    batch.platform_serial = call.platform_serial;
    batch.creation = dump_json(body);
    for (const nlohmann::json& each : body["transfer_detail_list"]) {
        TransferDetail detail;
        detail.out_detail_no = each["out_detail_no"];
        detail.openid = each["openid"];
        detail.user_name = each.value("user_name", "");
        detail.amount = Fen{each["transfer_amount"].get<std::int64_t>()};
        detail.remark = each["transfer_remark"];
        batch.details.push_back(std::move(detail));
    }
    return batch;
}

/// Whether the list is what the totals say, and each of its numbers another one.
std::optional<Refusal> check_list(const Call& call, const TransferBatch& batch) {
    if (std::cmp_not_equal(batch.details.size(), call.number("total_num"))) {
        return Refusal{kCountDiffers,
                       fmt::format("total_num is {}, but transfer_detail_list has {}",
                                   call.number("total_num"), batch.details.size())};
    }
    std::int64_t left = batch.total.count();
    std::set<std::string_view> numbers;
    for (const TransferDetail& detail : batch.details) {
        if (detail.amount.count() > left)
            return Refusal{kTotalDiffers, "the list's amounts are more than total_amount"};
        left -= detail.amount.count();
        if (!numbers.insert(detail.out_detail_no).second)
            return Refusal{kDetailTwice, "an out_detail_no stands twice in the list"};
    }
    if (left > 0) {
        return Refusal{kTotalDiffers,
                       fmt::format("the list's amounts are {} fen less than total_amount", left)};
    }
    return std::nullopt;
}

Reply made_reply(const TransferBatch& batch) {
    const Json json{{"out_batch_no", batch.out_batch_no},
                    {"batch_id", batch.batch_id},
                    {"create_time", format_rfc3339_seconds(batch.created_at)},
                    {"batch_status", batch.status}};
    return Reply{.body = dump_json(json), .out_trade_no = batch.out_batch_no};
}

Result<Reply, Refusal> make(const Call& call, Work& work) {
    if (!call.merchant.pays_out)
        return refuse(kNoPermission, "pays_out is switched off for this merchant");
    TransferBatch batch = described(call);
    if (const auto stored = find_transfer_batch(work.store(), batch.mch_id, batch.out_batch_no)) {
        if (stored->creation != batch.creation)
            return refuse(kReentryDiffers, "this out_batch_no was used with other content");
        return made_reply(*stored);
    }
    if (auto refusal = check_list(call, batch)) return Failure{std::move(*refusal)};
    const AppId appid = AppId::parse(batch.appid).value();
    for (const TransferDetail& detail : batch.details) {
        if (auto refusal = check_openid(call, appid, detail.openid, work))
            return Failure{std::move(*refusal)};
    }
    // One note for all openids that look odd.
    call.notes.erase(std::unique(call.notes.begin(), call.notes.end()), call.notes.end());
    if (balance(work, call.merchant) < batch.total)
        return refuse(kNotEnough, "the merchant's account holds less than total_amount");
    add_transfer_batch(work, call.merchant, batch);
    return made_reply(batch);
}

/// A number of the query; its rule has been checked.
std::int64_t number_in_query(const Call& call, std::string_view name, std::int64_t otherwise) {
    const std::string text = call.query(name);
    std::from_chars(text.data(), text.data() + text.size(), otherwise);
    return otherwise;
}

/// The details that the call asks for.
Json page(const Call& call, const TransferBatch& batch) {
    const std::string wanted = call.query("detail_status");
    std::int64_t before = number_in_query(call, "offset", 0);
    std::int64_t left = number_in_query(call, "limit", kPageMin);
    Json out = Json::array();
    for (const TransferDetail& detail : batch.details) {
        if (!wanted.empty() && wanted != kAll && wanted != detail.status) continue;
        if (before-- > 0) continue;
        if (left-- == 0) break;
        out.push_back({{"detail_id", detail.detail_id},
                       {"out_detail_no", detail.out_detail_no},
                       {"detail_status", detail.status}});
    }
    return out;
}

Result<Reply, Refusal> show(const Call& call, Work& work) {
    const auto batch =
        find_transfer_batch(work.store(), call.merchant.mch_id, call.path("out_batch_no"));
    if (!batch) return refuse(kRecordNotExist, "no such batch of this merchant");
    Json json{{"transfer_batch", transfer_batch_json(*batch)}};
    if (call.query("need_query_detail") == "true")
        json["transfer_detail_list"] = page(call, *batch);
    return Reply{.body = dump_json(json), .out_trade_no = batch->out_batch_no};
}

}  // namespace

Endpoint transfer_batch() {
    return {.method = "POST",
            .path = "/v3/transfer/batches",
            .fields = kFields,
            .handle = make,
            .appid = "appid"};
}
Endpoint transfer_batch_by_number() {
    return {.method = "GET",
            .path = "/v3/transfer/batches/out-batch-no/{out_batch_no}",
            .fields = kQueryFields,
            .handle = show};
}

}  // namespace wxpay::sandbox::api_v3
