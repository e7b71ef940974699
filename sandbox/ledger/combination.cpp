#include "sandbox/ledger/combination.hpp"

#include <nlohmann/json.hpp>

#include "core/codec/json.hpp"

#include "sandbox/ledger/payment.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kKind = "combine";

std::string text_of(const Combination& combination) {
    Json json{
        {"appid", combination.appid.str()},     {"device_id", combination.device_id},
        {"notify_url", combination.notify_url}, {"platform_serial", combination.platform_serial},
        {"creation", combination.creation},     {"parts", Json::array()}};
    for (const auto& [mch_id, number] : combination.parts)
        json["parts"].push_back({mch_id.str(), number.str()});
    return dump_json(json);
}

/// Our own documents are what text_of() has written.
Combination combination_from(const Document& document) {
    const Json json = parse_json(document.text).value();
    Combination out;
    out.mch_id = document.mch_id;
    out.number = OutTradeNo::parse(document.name).value();
    out.appid = AppId::parse(json.at("appid").get<std::string>()).value();
    out.device_id = json.at("device_id");
    out.notify_url = json.at("notify_url");
    out.platform_serial = json.at("platform_serial");
    out.creation = json.at("creation");
    for (const Json& part : json.at("parts")) {
        out.parts.emplace_back(MchId::parse(part.at(0).get<std::string>()).value(),
                               OutTradeNo::parse(part.at(1).get<std::string>()).value());
    }
    return out;
}

}  // namespace

bool add_combination(Work& work, const Combination& combination, std::vector<Order>& parts) {
    Document document;
    document.kind = kKind;
    document.mch_id = combination.mch_id;
    document.name = combination.number.str();
    document.text = text_of(combination);
    if (!work.store().insert_document(document)) return false;
    for (Order& part : parts) {
        if (!add_order(work, part)) return false;
        work.changed(part);
    }
    return true;
}

std::optional<Combination> find_combination(Transaction& transaction, const MchId& mch_id,
                                            const OutTradeNo& number) {
    const auto document = transaction.find_document(kKind, mch_id, number.str());
    if (!document) return std::nullopt;
    return combination_from(*document);
}

std::optional<Combination> combination_of(Transaction& transaction, const Order& part) {
    if (part.combine_out_trade_no.empty()) return std::nullopt;
    // Whose combination it is stands with what else its creation has said.
    const auto creation = parse_json(part.creation);
    if (!creation) return std::nullopt;
    const auto mch_id = MchId::parse(creation->value("combine_mchid", ""));
    const auto number = OutTradeNo::parse(part.combine_out_trade_no);
    if (!mch_id || !number) return std::nullopt;
    return find_combination(transaction, *mch_id, *number);
}

std::vector<Order> parts_of(Transaction& transaction, const Combination& combination) {
    std::vector<Order> out;
    for (const auto& [mch_id, number] : combination.parts) {
        if (auto part = transaction.find_order(mch_id, number)) out.push_back(*std::move(part));
    }
    return out;
}

std::vector<Order> together_with(Transaction& transaction, const Order& order) {
    if (const auto combination = combination_of(transaction, order))
        return parts_of(transaction, *combination);
    return {order};
}

std::vector<Order> orders_named(Transaction& transaction, const MchId& mch_id,
                                const OutTradeNo& number) {
    if (auto order = transaction.find_order(mch_id, number)) return {*std::move(order)};
    if (const auto combination = find_combination(transaction, mch_id, number))
        return parts_of(transaction, *combination);
    return {};
}

}  // namespace wxpay::sandbox
