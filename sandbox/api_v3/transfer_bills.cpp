// /v3/fund-app/mch-transfer/transfer-bills: money for a user, who accepts it in WeChat.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/ledger/funds.hpp"
#include "sandbox/products/transfer_bill.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint transfer_bill();
Endpoint transfer_bill_by_number();
Endpoint transfer_bill_by_id();
Endpoint transfer_bill_cancel();

namespace {

using Json = nlohmann::ordered_json;

// The code is the documentation's, the words ours: spec V3 9.1.
constexpr Words kTooLate{400, "INVALID_REQUEST", "当前单据状态不支持撤销"};

constexpr std::array kFields{
    required("appid", 32, Limit::recalled),
    matching(required("out_bill_no", 32, Limit::recalled), kTransferNoPattern),
    required("transfer_scene_id", 36, Limit::recalled),
    required("openid", 64, Limit::recalled),
    encrypted(optional("user_name", 0)),
    money("transfer_amount"),
    in_characters(required("transfer_remark", 32)),
    matching(optional("notify_url", 256, Limit::recalled), kNotifyUrlPattern),
    optional("user_recv_perception", 32, Limit::recalled),
    list("transfer_scene_report_infos", Need::required),
    in_characters(required("transfer_scene_report_infos[].info_type", 15)),
    in_characters(required("transfer_scene_report_infos[].info_content", 32))};
constexpr std::array kNumber{in_path(required("out_bill_no", 32, Limit::recalled))};
constexpr std::array kId{in_path(required("transfer_bill_no", 64, Limit::recalled))};

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, std::move(hint)}};
}

std::string decrypted_name(const Call& call) {
    for (const auto& [pointer, plain] : call.decrypted) {
        if (pointer == "/body/user_name") return plain;
    }
    return {};
}

/// Rules that are recalled only: they warn.
void note_doubts(const Call& call, const std::string& user_name) {
    constexpr std::int64_t kNamed = 200'000;
    constexpr std::int64_t kUnnamed = 30;
    const std::int64_t amount = call.number("transfer_amount");
    if (amount >= kNamed && user_name.empty())
        call.notes.emplace_back("from 2000 yuan on WeChat may demand user_name");
    if (amount < kUnnamed && !user_name.empty())
        call.notes.emplace_back("below 0.30 yuan WeChat may refuse user_name");
    // What a scene reports. source  spec V3 9.1
    constexpr std::array<std::array<std::string_view, 3>, 2> kScenes{
        {{"1000", "活动名称", "奖励说明"}, {"1005", "岗位类型", "报酬说明"}}};
    for (const auto& scene : kScenes) {
        if (call.text("transfer_scene_id") != scene[0]) continue;
        const auto& infos = *call.fields.find("transfer_scene_report_infos");
        for (const std::string_view type : {scene[1], scene[2]}) {
            const bool is_there = std::any_of(infos.begin(), infos.end(), [type](const auto& info) {
                return info["info_type"] == type;
            });
            if (!is_there) {
                call.notes.emplace_back(
                    fmt::format("scene {} reports {} and {}", scene[0], scene[1], scene[2]));
                return;
            }
        }
    }
}

Reply made_reply(const TransferBill& bill) {
    Json json{{"out_bill_no", bill.out_bill_no},
              {"transfer_bill_no", bill.transfer_bill_no},
              {"create_time", format_rfc3339_seconds(bill.created_at)},
              {"state", bill.state}};
    if (!bill.fail_reason.empty()) json["fail_reason"] = bill.fail_reason;
    if (bill.state == kWaiting) json["package_info"] = bill.package_info;
    return Reply{.body = dump_json(json), .out_trade_no = bill.out_bill_no};
}

Result<Reply, Refusal> make(const Call& call, Work& work) {
    if (!call.merchant.pays_out)
        return refuse(kNoPermission, "pays_out is switched off for this merchant");
    TransferBill bill;
    bill.mch_id = call.merchant.mch_id;
    bill.out_bill_no = call.text("out_bill_no");
    bill.appid = call.text("appid");
    bill.openid = call.text("openid");
    bill.user_name = decrypted_name(call);
    bill.amount = Fen{call.number("transfer_amount")};
    bill.remark = call.text("transfer_remark");
    bill.notify_url = call.text("notify_url");
    bill.platform_serial = call.platform_serial;
    nlohmann::json creation = call.fields.body;
    if (creation.contains("user_name")) creation["user_name"] = bill.user_name;
    bill.creation = dump_json(creation);
    note_doubts(call, bill.user_name);
    if (const auto stored = find_transfer_bill(work.store(), bill.mch_id, bill.out_bill_no)) {
        if (stored->creation != bill.creation)
            return refuse(kReentryDiffers, "this out_bill_no was used with other content");
        return made_reply(*stored);
    }
    if (auto refusal = check_openid(call, AppId::parse(bill.appid).value(), bill.openid, work))
        return Failure{std::move(*refusal)};
    if (balance(work, call.merchant) < bill.amount)
        return refuse(kNotEnough, "the merchant's account holds less than transfer_amount");
    add_transfer_bill(work, call.merchant, bill);
    return made_reply(bill);
}

Result<Reply, Refusal> show(const Call& call, Work& work) {
    const std::string number = call.path("out_bill_no");
    const auto bill = number.empty()
                          ? find_transfer_bill_by_id(work.store(), call.merchant.mch_id,
                                                     call.path("transfer_bill_no"))
                          : find_transfer_bill(work.store(), call.merchant.mch_id, number);
    if (!bill) return refuse(kRecordNotExist, "no such transfer of this merchant");
    Json json = transfer_bill_json(*bill);
    if (!bill->user_name.empty()) json["user_name"] = encrypted_for(call.merchant, bill->user_name);
    return Reply{.body = dump_json(json), .out_trade_no = bill->out_bill_no};
}

Result<Reply, Refusal> cancel(const Call& call, Work& work) {
    auto bill = find_transfer_bill(work.store(), call.merchant.mch_id, call.path("out_bill_no"));
    if (!bill) return refuse(kRecordNotExist, "no such transfer of this merchant");
    if (!cancel_transfer_bill(work, *bill)) {
        return refuse(kTooLate, fmt::format("only what waits for its user is cancelled; it is {}",
                                            bill->state));
    }
    const Json json{{"out_bill_no", bill->out_bill_no},
                    {"transfer_bill_no", bill->transfer_bill_no},
                    {"state", bill->state},
                    {"update_time", format_rfc3339_seconds(bill->updated_at)}};
    return Reply{.body = dump_json(json), .out_trade_no = bill->out_bill_no};
}

}  // namespace

std::string encrypted_for(const Merchant& merchant, std::string_view plain) {
    const std::string cipher = merchant.public_key->encrypt_oaep(plain).value_or("");
    return base64_encode(
        std::span(reinterpret_cast<const unsigned char*>(cipher.data()), cipher.size()));
}

Endpoint transfer_bill() {
    return {.method = "POST",
            .path = "/v3/fund-app/mch-transfer/transfer-bills",
            .fields = kFields,
            .handle = make,
            .appid = "appid"};
}
Endpoint transfer_bill_by_number() {
    return {.method = "GET",
            .path = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}",
            .fields = kNumber,
            .handle = show};
}
Endpoint transfer_bill_by_id() {
    return {.method = "GET",
            .path = "/v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/{transfer_bill_no}",
            .fields = kId,
            .handle = show};
}
Endpoint transfer_bill_cancel() {
    return {.method = "POST",
            .path = "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel",
            .fields = kNumber,
            .handle = cancel};
}

}  // namespace wxpay::sandbox::api_v3
