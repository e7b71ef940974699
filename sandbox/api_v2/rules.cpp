#include "sandbox/api_v2/rules.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/beijing_time.hpp"
#include "core/codec/utf8.hpp"
#include "core/domain/fen.hpp"
#include "core/domain/ids.hpp"
#include "core/http/url.hpp"

#include "sandbox/diagnosis/nearest.hpp"

namespace wxpay::sandbox::api_v2 {
namespace {

constexpr std::array kCommon{
    FieldRule{"appid", Need::required, 32},
    FieldRule{"mch_id", Need::required, 32},
    FieldRule{"sub_appid", Need::optional, 32},
    FieldRule{"sub_mch_id", Need::optional, 32},
    FieldRule{"nonce_str", Need::required, 32, "1 to 32 random characters"},
    FieldRule{"sign", Need::required, 64},
    FieldRule{"sign_type", Need::optional, 32},
};

bool knows(std::span<const FieldRule> rules, std::string_view name) {
    return std::any_of(rules.begin(), rules.end(),
                       [name](const FieldRule& rule) { return rule.name == name; });
}

Refusal refuse_format(const FieldRule& rule, std::string why) {
    return Refusal{rule.refusal, std::string(rule.name), std::move(why)};
}

std::optional<Refusal> check_length(const FieldRule& rule, std::string_view value,
                                    std::vector<std::string>& notes) {
    if (value.size() <= rule.length_max) return std::nullopt;
    const std::string too_long = fmt::format("{} has {} bytes, at most {} are allowed", rule.name,
                                             value.size(), rule.length_max);
    const bool accepted =
        rule.length == Length::advisory ||
        (rule.length == Length::characters && utf8_length(value) <= rule.length_max);
    if (!accepted) return refuse_format(rule, too_long);
    notes.push_back(too_long + " by the documentation; accepted");
    return std::nullopt;
}

}  // namespace

std::span<const FieldRule> common_fields() { return kCommon; }

std::optional<Refusal> find_unknown(const XmlMessage& message, std::span<const FieldRule> rules) {
    for (const FieldView& field : message.fields()) {
        if (knows(kCommon, field.name) || knows(rules, field.name)) continue;
        std::vector<std::string_view> names;
        for (const FieldRule& rule : kCommon) names.push_back(rule.name);
        for (const FieldRule& rule : rules) names.push_back(rule.name);
        const std::string_view meant = diagnosis::nearest(field.name, names);
        std::string hint = fmt::format("the element '{}' is unknown to this call",
                                       diagnosis::printable(field.name));
        if (!meant.empty()) hint += fmt::format("; did you mean '{}'?", meant);
        return Refusal{kParamUnknown, std::string(field.name), std::move(hint)};
    }
    return std::nullopt;
}

std::optional<Refusal> find_missing(const XmlMessage& message, std::span<const FieldRule> rules) {
    for (const FieldRule& rule : rules) {
        if (rule.need == Need::required && !message.find(rule.name)) {
            return Refusal{kParamMissing, std::string(rule.name),
                           fmt::format("'{}' is missing", rule.name)};
        }
    }
    return std::nullopt;
}

std::optional<Refusal> find_malformed(const XmlMessage& message, std::span<const FieldRule> rules,
                                      std::vector<std::string>& notes) {
    for (const FieldRule& rule : rules) {
        const auto value = message.find(rule.name);
        if (!value || (value->empty() && rule.need == Need::optional)) continue;
        if (value->empty()) return refuse_format(rule, fmt::format("'{}' is empty", rule.name));
        if (auto refusal = check_length(rule, *value, notes)) return refusal;
        if (rule.accepts != nullptr && !rule.accepts(*value)) {
            return refuse_format(rule, fmt::format("{} is '{}', wanted: {}", rule.name,
                                                   diagnosis::printable(*value), rule.wanted));
        }
    }
    return std::nullopt;
}

bool is_out_trade_no(std::string_view value) { return OutTradeNo::parse(value).has_value(); }

bool is_out_refund_no(std::string_view value) {
    constexpr std::size_t kMax = 64;
    // Twice the length of an order's number, of the same characters.
    const std::size_t half = std::min<std::size_t>(value.size(), kMax / 2);
    return value.size() <= kMax && is_out_trade_no(value.substr(0, half)) &&
           (value.size() == half || is_out_trade_no(value.substr(half)));
}

bool is_transaction_id(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_compact_time(std::string_view value) { return parse_compact_time(value).has_value(); }

bool is_ip_address(std::string_view value) {
    const std::string text(value);
    in6_addr ignored{};
    return inet_pton(AF_INET, text.c_str(), &ignored) == 1 ||
           inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool is_notify_url(std::string_view value) {
    const std::size_t host = value.find("://");
    return http::Url::parse(value).has_value() &&
           value.find('/', host + 3) != std::string_view::npos;
}

bool is_total_fee(std::string_view value) { return parse_total_fee(value).has_value(); }

bool is_yes_or_no(std::string_view value) { return value == "Y" || value == "N"; }

bool is_json(std::string_view value) { return nlohmann::json::accept(value); }

}  // namespace wxpay::sandbox::api_v2
