// /v3/profitsharing/…: a merchant passes on parts of what it was paid.
#include "sandbox/products/profit_sharing.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/json.hpp"

#include "sandbox/api_v3/judged_refusals.hpp"
#include "sandbox/api_v3/order_fields.hpp"
#include "sandbox/api_v3/orders.hpp"
#include "sandbox/ledger/funds.hpp"

namespace wxpay::sandbox::api_v3 {

Endpoint profit_sharing_order();
Endpoint profit_sharing_query();
Endpoint profit_sharing_unfreeze();
Endpoint profit_sharing_amounts();
Endpoint profit_sharing_add_receiver();
Endpoint profit_sharing_delete_receiver();
Endpoint profit_sharing_return();
Endpoint profit_sharing_query_return();
Endpoint profit_sharing_config();
Endpoint profit_sharing_bill();

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOrderIdKind = "sharing_order_id";   // by order_id: the out_order_no
constexpr std::string_view kReceiverKind = "sharing_receiver";  // by sub_mchid/type/account
constexpr std::string_view kReturnKind = "sharing_return";      // by out_return_no

/// In ten thousandths. source  [A] spec V3 9.3
constexpr std::int64_t kMaxRatio = 3000;
constexpr std::int64_t kWhole = 10'000;
constexpr std::chrono::minutes kEarliest{1};
constexpr std::chrono::hours kReturnable{180 * 24};
constexpr std::size_t kReceiversMax = 50;
constexpr std::int64_t kRequestsMax = 50;

// Texts of spec V3 9.3; those of returns and the one of too many requests are ours.
constexpr Words kNotShared{400, "INVALID_REQUEST", "非分账订单不支持分账"};
constexpr Words kRestTooSmall{403, "NOT_ENOUGH", "分账金额不足"};
constexpr Words kOverRatio{400, "INVALID_REQUEST", "分账金额超出最大分账比例"};
constexpr Words kNoReceiver{400, "INVALID_REQUEST", "分账接收方关系不存在"};
constexpr Words kMayNotShare{403, "NO_AUTH", "无分账权限"};
constexpr Words kTooEarly{400, "INVALID_REQUEST", "订单处理中，请稍后重试"};
constexpr Words kTooManyRequests{403, "RULE_LIMIT", "业务规则限制", 268448010};
constexpr Words kNoRecord{404, "RESOURCE_NOT_EXISTS", "资源不存在"};
constexpr Words kNotReturnable{400, "INVALID_REQUEST", "该分账接收方不支持回退"};
constexpr Words kReturnTooLarge{400, "INVALID_REQUEST", "回退金额超过可回退金额"};
constexpr Words kNoBill{400, "NO_STATEMENT_EXIST", "账单文件不存在"};

constexpr std::array<std::string_view, 3> kTypes{"MERCHANT_ID", "PERSONAL_OPENID",
                                                 "PERSONAL_SUB_OPENID"};
constexpr std::array<std::string_view, 11> kRelations{
    "SERVICE_PROVIDER", "STORE", "STAFF",    "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND",
    "DISTRIBUTOR",      "USER",  "SUPPLIER", "CUSTOM"};
constexpr std::array<std::string_view, 1> kGzip{"GZIP"};

constexpr std::array kSub{optional("sub_mchid", 32, Limit::recalled)};
constexpr std::array kApps{required("appid", 32, Limit::recalled),
                           optional("sub_appid", 32, Limit::recalled)};
constexpr std::array kOf{required("transaction_id", 32, Limit::recalled)};
constexpr std::array kNumber{
    matching(required("out_order_no", 64, Limit::recalled), kOutRefundNoPattern)};
constexpr std::array kFreshNumber{required("out_order_no", 64, Limit::recalled)};
constexpr std::array kReceivers{
    list("receivers", Need::required),
    one_of(required("receivers[].type", 32, Limit::recalled), kTypes),
    required("receivers[].account", 64, Limit::recalled),
    encrypted(optional("receivers[].name", 1024, Limit::recalled)),
    money("receivers[].amount"),
    required("receivers[].description", 80, Limit::recalled),
    FieldRule{.name = "unfreeze_unsplit", .need = Need::required, .type = Type::boolean}};
constexpr auto kOrderFields = kSub + kApps + kOf + kNumber + kReceivers;
constexpr std::array kQueryFields{in_path(required("out_order_no", 64, Limit::recalled)),
                                  in_query(required("transaction_id", 32, Limit::recalled)),
                                  in_query(optional("sub_mchid", 32, Limit::recalled))};
constexpr std::array kDescription{required("description", 80, Limit::recalled)};
constexpr auto kUnfreezeFields = kSub + kOf + kFreshNumber + kDescription;
constexpr std::array kAmountsFields{in_path(required("transaction_id", 32, Limit::recalled))};
constexpr std::array kReceiver{one_of(required("type", 32, Limit::recalled), kTypes),
                               required("account", 64, Limit::recalled)};
constexpr std::array kRelation{encrypted(optional("name", 1024, Limit::recalled)),
                               one_of(required("relation_type", 32, Limit::recalled), kRelations),
                               optional("custom_relation", 10, Limit::recalled)};
constexpr auto kAddFields = kSub + kApps + kReceiver + kRelation;
constexpr auto kDeleteFields = kSub + kApps + kReceiver;
constexpr std::array kReturnOf{optional("order_id", 64, Limit::recalled),
                               optional("out_order_no", 64, Limit::recalled),
                               required("out_return_no", 64, Limit::recalled),
                               required("return_mchid", 32, Limit::recalled), money("amount")};
constexpr auto kReturnFields = kSub + kReturnOf + kDescription;
constexpr std::array kQueryReturnFields{in_path(required("out_return_no", 64, Limit::recalled)),
                                        in_query(required("out_order_no", 64, Limit::recalled)),
                                        in_query(optional("sub_mchid", 32, Limit::recalled))};
constexpr std::array kConfigFields{in_path(required("sub_mchid", 32, Limit::recalled))};
constexpr std::array kBillFields{
    in_query(matching(required("bill_date", 10, Limit::recalled), kDatePattern)),
    in_query(optional("sub_mchid", 32, Limit::recalled)),
    in_query(one_of(optional("tar_type", 0), kGzip))};

Failure<Refusal> refuse(const Words& words, std::string hint) {
    return Failure{Refusal{words, std::move(hint)}};
}

std::string sub_mchid_of(const Call& call) {
    std::string sub_mchid = call.text("sub_mchid");
    return sub_mchid.empty() ? call.query("sub_mchid") : sub_mchid;
}

void put_sub(Json& json, const Call& call) {
    if (const std::string sub = sub_mchid_of(call); !sub.empty()) json["sub_mchid"] = sub;
}

std::optional<Json> find(Work& work, std::string_view kind, const Call& call,
                         std::string_view name) {
    const auto document = work.store().find_document(kind, call.merchant.mch_id, name);
    return document ? std::optional(Json::parse(document->text)) : std::nullopt;
}

/// Writes it, whether it is new or not; its id.
std::int64_t put(Work& work, std::string_view kind, const Call& call, std::string_view name,
                 const Json& json) {
    Document document{0, std::string(kind), call.merchant.mch_id, std::string(name),
                      dump_json(json)};
    if (const auto stored = work.store().find_document(kind, document.mch_id, name)) {
        document.id = stored->id;
        work.store().update_document(document);
    } else {
        work.store().insert_document(document);
    }
    return document.id;
}

/// What of an order is shared, and can be.
struct Rest {
    std::int64_t shared = 0;
    std::int64_t requests = 0;
    bool is_unfrozen = false;
};

Rest rest_of(Work& work, const Call& call, const Order& order) {
    const auto json = find(work, kSharingRestKind, call, order.transaction_id.str());
    if (!json) return {};
    return {json->at("shared"), json->at("requests"), json->at("is_unfrozen")};
}

void put(Work& work, const Call& call, const Order& order, const Rest& rest) {
    put(work, kSharingRestKind, call, order.transaction_id.str(),
        Json{{"shared", rest.shared},
             {"requests", rest.requests},
             {"is_unfrozen", rest.is_unfrozen}});
}

std::int64_t unsplit(const Order& order, const Rest& rest, Instant now) {
    if (rest.is_unfrozen || now >= *order.paid_at + kSharingEnds) return 0;
    const std::int64_t total = order.settlement_total().value_or(order.total).count();
    return std::max<std::int64_t>(0, total - order.refunded.count() - rest.shared);
}

Result<Order, Refusal> paid_order(Work& work, const Call& call, const std::string& transaction_id) {
    if (call.merchant.products.empty())
        return refuse(kMayNotShare, "no product is switched on for this merchant");
    const auto id = TransactionId::parse(transaction_id);
    auto order = id ? work.store().find_order(*id) : std::nullopt;
    const std::string sub_mchid = sub_mchid_of(call);
    if (!order || order->mch_id != call.merchant.mch_id ||
        (!sub_mchid.empty() && order->sub_mch_id != sub_mchid))
        return refuse(kNoRecord, "no paid order of this merchant has this transaction_id");
    if (!is_for_sharing(*order))
        return refuse(kNotShared, "the order was made without profit_sharing");
    return *std::move(order);
}

std::string receiver_name(const Call& call, std::string_view type, std::string_view account) {
    return fmt::format("{}/{}/{}", sub_mchid_of(call), type, account);
}

Json receiver_json(Work& work, const Json& sent) {
    const Instant now = work.context().clock.now();
    return {{"type", sent["type"]},
            {"account", sent["account"]},
            {"amount", sent["amount"]},
            {"description", sent["description"]},
            {"result", "PENDING"},
            {"create_time", format_rfc3339_seconds(now)},
            {"finish_time", "1970-01-01T08:00:00+08:00"},
            {"detail_id", "36" + work.context().random.digits(21)}};
}

/// These calls name their order by its transaction_id; the exchange is found by its number, too.
Reply reply_about(const Json& json, const std::string& out_trade_no) {
    return Reply{.body = dump_json(json), .out_trade_no = out_trade_no};
}

/// A stored request as it is answered: without what is remembered besides.
Reply reply_of(Json json, const std::string& out_trade_no) {
    json.erase("creation");
    json.erase("returned");
    return reply_about(json, out_trade_no);
}

/// Whose money a stored request is about; empty when the order was reset.
std::string number_of(Work& work, const Json& request) {
    const auto id = TransactionId::parse(request.at("transaction_id").get<std::string>());
    const auto order = id ? work.store().find_order(*id) : std::nullopt;
    return order ? order->out_trade_no.str() : std::string();
}

Json new_request(Work& work, const Call& call) {
    const Instant now = work.context().clock.now();
    Json json = Json::object();
    put_sub(json, call);
    json["transaction_id"] = call.text("transaction_id");
    json["out_order_no"] = call.text("out_order_no");
    json["order_id"] = "30" + work.context().random.digits(8) +
                       format_compact_time(now).substr(0, 8) + work.context().random.digits(10);
    json["state"] = "PROCESSING";
    json["receivers"] = Json::array();
    return json;
}

void store_request(Work& work, const Call& call, const Json& json) {
    const std::int64_t id = put(work, kSharingKind, call, call.text("out_order_no"), json);
    put(work, kOrderIdKind, call, json["order_id"].get<std::string>(), json["out_order_no"]);
    work.schedule(work.context().clock.now(), TimerKind::document, id);
}

/// What a repeated request is compared with; names are encrypted anew each time.
Json creation_of(const Call& call) {
    Json json = Json::parse(dump_json(call.fields.body));
    for (Json& receiver : json["receivers"]) receiver.erase("name");
    return json;
}

Result<Reply, Refusal> share(const Call& call, Work& work) {
    WXPAY_TRY(const Order order, paid_order(work, call, call.text("transaction_id")));
    const Json creation = creation_of(call);
    if (auto stored = find(work, kSharingKind, call, call.text("out_order_no"))) {
        const Json before = stored->value("creation", Json::object());
        if (before == creation) return reply_of(*std::move(stored), order.out_trade_no.str());
        return refuse(before.value("receivers", Json()) == creation["receivers"] ? kReentryDiffers
                                                                                 : kOtherReceivers,
                      "this out_order_no was used with other content");
    }
    const Instant now = work.context().clock.now();
    if (now < *order.paid_at + kEarliest)
        return refuse(kTooEarly, "an order is shared from one minute after its payment on");
    const Json& receivers = creation["receivers"];
    if (receivers.empty() || receivers.size() > kReceiversMax)
        return refuse(kParamError, fmt::format("wanted: 1 to {} receivers", kReceiversMax));
    std::int64_t sum = 0;
    for (const Json& receiver : receivers) {
        if (!find(work, kReceiverKind, call,
                  receiver_name(call, receiver["type"].get<std::string>(),
                                receiver["account"].get<std::string>())))
            return refuse(kNoReceiver,
                          "receivers are added first: /v3/profitsharing/receivers/add");
        const std::int64_t amount = receiver["amount"];
        if (amount > order.total.count())
            return refuse(kRestTooSmall, "a receiver's amount is above the order's");
        sum += amount;
    }
    Rest rest = rest_of(work, call, order);
    if (rest.requests >= kRequestsMax)
        return refuse(kTooManyRequests, fmt::format("an order is shared {} times", kRequestsMax));
    if (const std::int64_t left = unsplit(order, rest, now); sum > left)
        return refuse(kRestTooSmall, fmt::format("{} fen of the order can be shared", left));
    if (rest.shared + sum > order.total.count() * kMaxRatio / kWhole)
        return refuse(kOverRatio, "at most 30 % of an order are shared");
    if (balance(work, call.merchant) < Fen{sum})
        return refuse(kRestTooSmall, "the merchant's account holds less than the receivers get");
    Json json = new_request(work, call);
    for (const Json& receiver : receivers)
        json["receivers"].push_back(receiver_json(work, receiver));
    json["creation"] = creation;
    rest.shared += sum;
    ++rest.requests;
    rest.is_unfrozen = rest.is_unfrozen || call.flag("unfreeze_unsplit");
    put(work, call, order, rest);
    book(work, call.merchant, FundKind::payout, Fen{-sum}, json["order_id"],
         call.text("out_order_no"), "分账");
    store_request(work, call, json);
    return reply_of(std::move(json), order.out_trade_no.str());
}

Result<Reply, Refusal> unfreeze(const Call& call, Work& work) {
    WXPAY_TRY(const Order order, paid_order(work, call, call.text("transaction_id")));
    if (auto stored = find(work, kSharingKind, call, call.text("out_order_no"))) {
        call.notes.emplace_back(
            "this out_order_no was used before, so nothing happens: unfreezing takes a new one");
        return reply_of(*std::move(stored), order.out_trade_no.str());
    }
    Rest rest = rest_of(work, call, order);
    const std::int64_t left = unsplit(order, rest, work.context().clock.now());
    Json json = new_request(work, call);
    const std::string owner = order.sub_mch_id.empty() ? order.mch_id.str() : order.sub_mch_id;
    json["receivers"].push_back(
        receiver_json(work, Json{{"type", "MERCHANT_ID"},
                                 {"account", owner},
                                 {"amount", left},
                                 {"description", call.text("description")}}));
    rest.is_unfrozen = true;
    put(work, call, order, rest);
    store_request(work, call, json);
    return reply_of(std::move(json), order.out_trade_no.str());
}

Result<Reply, Refusal> query(const Call& call, Work& work) {
    auto json = find(work, kSharingKind, call, call.path("out_order_no"));
    if (!json || json->at("transaction_id") != call.query("transaction_id") ||
        json->value("sub_mchid", "") != sub_mchid_of(call))
        return refuse(kNoRecord, "no such request of this merchant for this transaction_id");
    const std::string out_trade_no = number_of(work, *json);
    return reply_of(*std::move(json), out_trade_no);
}

Result<Reply, Refusal> amounts(const Call& call, Work& work) {
    WXPAY_TRY(const Order order, paid_order(work, call, call.path("transaction_id")));
    const Rest rest = rest_of(work, call, order);
    const Json json{{"transaction_id", order.transaction_id.str()},
                    {"unsplit_amount", unsplit(order, rest, work.context().clock.now())}};
    return reply_about(json, order.out_trade_no.str());
}

Result<Reply, Refusal> add_receiver(const Call& call, Work& work) {
    if (call.text("relation_type") == "CUSTOM" && call.text("custom_relation").empty())
        return Failure{missing(required("custom_relation", 10), "/body/custom_relation")};
    Json json = Json::object();
    put_sub(json, call);
    json["type"] = call.text("type");
    json["account"] = call.text("account");
    json["relation_type"] = call.text("relation_type");
    if (call.has("custom_relation")) json["custom_relation"] = call.text("custom_relation");
    put(work, kReceiverKind, call, receiver_name(call, call.text("type"), call.text("account")),
        json);
    for (const auto& [pointer, plain] : call.decrypted)
        json["name"] = encrypted_for(call.merchant, plain);
    return Reply{.body = dump_json(json)};
}

Result<Reply, Refusal> delete_receiver(const Call& call, Work& work) {
    const auto stored =
        work.store().find_document(kReceiverKind, call.merchant.mch_id,
                                   receiver_name(call, call.text("type"), call.text("account")));
    if (stored) work.store().erase_document(stored->id);
    Json json = Json::object();
    put_sub(json, call);
    json["type"] = call.text("type");
    json["account"] = call.text("account");
    return Reply{.body = dump_json(json)};
}

Result<Reply, Refusal> give_back(const Call& call, Work& work) {
    const std::string out_return_no = call.text("out_return_no");
    std::string out_order_no = call.text("out_order_no");
    if (out_order_no.empty()) {
        if (!call.has("order_id"))
            return Failure{missing(required("order_id", 64), "/body/order_id")};
        if (const auto number = find(work, kOrderIdKind, call, call.text("order_id")))
            out_order_no = number->get<std::string>();
    }
    auto request = find(work, kSharingKind, call, out_order_no);
    if (!request) return refuse(kNoRecord, "no such sharing request of this merchant");
    const std::string return_mchid = call.text("return_mchid");
    const std::int64_t amount = call.number("amount");
    if (const auto stored = find(work, kReturnKind, call, out_return_no)) {
        if (stored->at("out_order_no") != out_order_no || stored->at("amount") != amount ||
            stored->at("return_mchid") != return_mchid)
            return refuse(kReentryDiffers, "this out_return_no was used with other content");
        return reply_about(*stored, number_of(work, *request));
    }
    const Json receivers = (*request)["receivers"];
    const auto receiver = std::find_if(receivers.begin(), receivers.end(), [&](const Json& each) {
        return each["type"] == "MERCHANT_ID" && each["account"] == return_mchid &&
               each["result"] == "SUCCESS";
    });
    const Instant now = work.context().clock.now();
    if (receiver == receivers.end() || !request->contains("creation"))
        return refuse(kNotReturnable, "only what a MERCHANT_ID receiver has got is returned");
    const auto shared_at = parse_rfc3339((*receiver)["create_time"].get<std::string>());
    if (shared_at && now >= *shared_at + kReturnable)
        return refuse(kNotReturnable, "returns end 180 days after the sharing");
    Json& all_returned = (*request)["returned"];
    if (all_returned.is_null()) all_returned = Json::object();
    const std::int64_t returned = all_returned.value(return_mchid, std::int64_t{0}) + amount;
    if (returned > (*receiver)["amount"].get<std::int64_t>())
        return refuse(kReturnTooLarge, "more than this receiver still has of it");
    all_returned[return_mchid] = returned;
    put(work, kSharingKind, call, out_order_no, *request);
    Json json = Json::object();
    put_sub(json, call);
    json["order_id"] = (*request)["order_id"];
    json["out_order_no"] = out_order_no;
    json["out_return_no"] = out_return_no;
    json["return_id"] = "31" + work.context().random.digits(8) +
                        format_compact_time(now).substr(0, 8) + work.context().random.digits(10);
    json["return_mchid"] = return_mchid;
    json["amount"] = amount;
    json["description"] = call.text("description");
    json["result"] = "SUCCESS";
    json["create_time"] = format_rfc3339_seconds(now);
    json["finish_time"] = format_rfc3339_seconds(now);
    put(work, kReturnKind, call, out_return_no, json);
    book(work, call.merchant, FundKind::payout_returned, Fen{amount}, json["return_id"],
         out_return_no, call.text("description"));
    return reply_about(json, number_of(work, *request));
}

Result<Reply, Refusal> query_return(const Call& call, Work& work) {
    const auto json = find(work, kReturnKind, call, call.path("out_return_no"));
    if (!json || json->at("out_order_no") != call.query("out_order_no") ||
        json->value("sub_mchid", "") != sub_mchid_of(call))
        return refuse(kNoRecord, "no such return of this merchant for this out_order_no");
    return Reply{.body = dump_json(*json)};
}

Result<Reply, Refusal> config(const Call& call, Work& /*work*/) {
    return Reply{
        .body = dump_json(Json{{"sub_mchid", call.path("sub_mchid")}, {"max_ratio", kMaxRatio}})};
}

Result<Reply, Refusal> bill(const Call& /*call*/, Work& /*work*/) {
    return refuse(kNoBill, "the sandbox makes no bill of profit sharing");
}

Endpoint post(std::string_view path, std::span<const FieldRule> fields,
              Result<Reply, Refusal> (*handle)(const Call&, Work&), std::string_view appid = {}) {
    return {.method = "POST", .path = path, .fields = fields, .handle = handle, .appid = appid};
}
Endpoint get(std::string_view path, std::span<const FieldRule> fields,
             Result<Reply, Refusal> (*handle)(const Call&, Work&)) {
    return {.method = "GET", .path = path, .fields = fields, .handle = handle};
}

}  // namespace

Endpoint profit_sharing_order() {
    return post("/v3/profitsharing/orders", kOrderFields, share, "appid");
}
Endpoint profit_sharing_query() {
    return get("/v3/profitsharing/orders/{out_order_no}", kQueryFields, query);
}
Endpoint profit_sharing_unfreeze() {
    return post("/v3/profitsharing/orders/unfreeze", kUnfreezeFields, unfreeze);
}
Endpoint profit_sharing_amounts() {
    return get("/v3/profitsharing/transactions/{transaction_id}/amounts", kAmountsFields, amounts);
}
Endpoint profit_sharing_add_receiver() {
    return post("/v3/profitsharing/receivers/add", kAddFields, add_receiver, "appid");
}
Endpoint profit_sharing_delete_receiver() {
    return post("/v3/profitsharing/receivers/delete", kDeleteFields, delete_receiver, "appid");
}
Endpoint profit_sharing_return() {
    return post("/v3/profitsharing/return-orders", kReturnFields, give_back);
}
Endpoint profit_sharing_query_return() {
    return get("/v3/profitsharing/return-orders/{out_return_no}", kQueryReturnFields, query_return);
}
Endpoint profit_sharing_config() {
    return get("/v3/profitsharing/merchant-configs/{sub_mchid}", kConfigFields, config);
}
Endpoint profit_sharing_bill() { return get("/v3/profitsharing/bills", kBillFields, bill); }

}  // namespace wxpay::sandbox::api_v3
