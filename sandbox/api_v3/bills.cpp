#include "sandbox/api_v3/bills.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/assert.hpp"
#include "core/codec/beijing_time.hpp"
#include "core/codec/hex.hpp"
#include "core/codec/json.hpp"
#include "core/crypto/digest.hpp"

namespace wxpay::sandbox::api_v3 {
namespace {

using Json = nlohmann::json;

// source  the codes: spec V3, v3-endpoints.json; the words are our choice
constexpr Words kLinkOver{400, "INVALID_REQUEST", "账单下载链接已失效，请重新申请"};
constexpr Words kNotYours{403, "NO_AUTH", "无权限下载该账单"};

/// source  spec V3 6: old pages say 30 s, current ones five minutes [C]
constexpr std::chrono::minutes kLinkLife{5};

/// What the store keeps of links: see Document.
constexpr std::string_view kDocument = "bill";

/// A token is a secret and then the number of the document that has it.
constexpr std::size_t kSecretLetters = 32;

std::string hash_of(std::string_view text) {
    std::string out;
    append_hex(out, sha1(text), HexCase::lower);
    return out;
}

/// Why a day has no bill now.
std::optional<Refusal> check(const BillDay& day, Instant now) {
    switch (progress_of(day, now)) {
        case BillProgress::out_of_range:
            return Refusal{kNoBillOfThatDay,
                           "bills are there for the days before today, for three months"};
        case BillProgress::not_begun:
        case BillProgress::creating:
            return Refusal{kStatementCreating,
                           "a day's bill is there from 10:00 (UTC+8) of the next day on"};
        case BillProgress::ready:
            break;
    }
    return std::nullopt;
}

Json record(const Bill& bill, std::string_view secret, std::string_view hash, Instant until) {
    return {{"kind", bill.kind},
            {"date", bill.date},
            {"type", bill.type},
            {"sub_mchid", bill.sub_mchid},
            {"secret", secret},
            {"hash", hash},
            {"until", format_rfc3339(until)}};
}

/// The token under which the bill can be had from now on. Asked for again, the same bill keeps its
/// token; one that has changed meanwhile gets another.
std::string token_for(const Call& call, const Bill& bill, const std::string& hash, Work& work) {
    Random& random = work.context().random;
    const Instant until = work.context().clock.now() + kLinkLife;
    Document document;
    document.kind = kDocument;
    document.mch_id = call.merchant.mch_id;
    document.name = fmt::format("{}/{}/{}/{}", bill.kind, bill.date, bill.type, bill.sub_mchid);
    std::string secret = random.alphanumeric(kSecretLetters);
    if (auto known = work.store().find_document(kDocument, document.mch_id, document.name)) {
        document = std::move(*known);
        const Json before = parse_json(document.text).value();
        if (before["hash"] == hash) secret = before["secret"].get<std::string>();
        document.text = dump_json(record(bill, secret, hash, until));
        work.store().update_document(document);
    } else {
        document.text = dump_json(record(bill, secret, hash, until));
        const bool is_new = work.store().insert_document(document);
        WXPAY_ASSERT(is_new);
    }
    return fmt::format("{}{}", secret, document.id);
}

/// The document that the token names; nothing when its secret is another one.
std::optional<std::pair<Document, Json>> find(std::string_view token, Work& work) {
    if (token.size() <= kSecretLetters) return std::nullopt;
    const std::string_view number = token.substr(kSecretLetters);
    std::int64_t id = 0;
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (problem != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    auto document = work.store().find_document(id);
    if (!document || document->kind != kDocument) return std::nullopt;
    Json json = parse_json(document->text).value();
    if (json["secret"] != token.substr(0, kSecretLetters)) return std::nullopt;
    return std::pair{std::move(*document), std::move(json)};
}

}  // namespace

BillDay Bill::day() const {
    std::string digits = date;
    std::erase(digits, '-');
    return BillDay::parse(digits).value();
}

std::string text_of(const Bill& bill, const MchId& mch_id, Work& work) {
    return bill.kind == kFundBill ? fund_bill_text(bill, mch_id, work)
                                  : trade_bill_text(bill, mch_id, work);
}

Result<Reply, Refusal> offer(const Call& call, const Bill& bill, Work& work) {
    if (auto refusal = check(bill.day(), work.context().clock.now()))
        return Failure{std::move(*refusal)};
    const std::string text = text_of(bill, call.merchant.mch_id, work);
    if (text.empty()) return Failure{Refusal{kNoStatement, "nothing was booked on that day"}};
    const std::string hash = hash_of(text);
    const char* const packed = call.query("tar_type") == "GZIP" ? "&tartype=gzip" : "";
    const Json json{
        {"download_url", fmt::format("{}/v3/billdownload/file?token={}{}", call.base_url,
                                     token_for(call, bill, hash, work), packed)},
        {"hash_type", "SHA1"},
        {"hash_value", hash}};
    return Reply{.body = dump_json(json)};
}

Result<std::string, Refusal> redeem(const Call& call, std::string_view token, Work& work) {
    const auto found = find(token, work);
    if (!found) return Failure{Refusal{kLinkOver, "no such token; ask for the bill again"}};
    const auto& [document, json] = *found;
    if (document.mch_id != call.merchant.mch_id)
        return Failure{Refusal{kNotYours, "another merchant asked for this bill"}};
    const auto until = parse_rfc3339(json["until"].get<std::string>());
    if (!until || work.context().clock.now() > *until)
        return Failure{Refusal{kLinkOver, "the link is older than five minutes"}};
    const Bill bill{json["kind"], json["date"], json["type"], json["sub_mchid"]};
    std::string text = text_of(bill, document.mch_id, work);
    if (hash_of(text) != json["hash"]) {
        return Failure{Refusal{kLinkOver,
                               "a refund of that day has ended since the bill was asked for, so it "
                               "is another file now; ask again"}};
    }
    return text;
}

}  // namespace wxpay::sandbox::api_v3
