#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sandbox/api_v3/refusals.hpp"

namespace wxpay::sandbox::api_v3 {

enum class In { body, query, path };
enum class Type { text, integer, boolean, object, list };
enum class Need { optional, required };
/// Where a limit was read. A recalled one only warns: it may be wrong (spec V3, v3-endpoints.json).
enum class Limit { documented, recalled };

/// What a text must look like: the expression that WeChat's message quotes, and what it accepts.
struct Pattern {
    std::string_view expression;
    bool (*accepts)(std::string_view value);
};

/// One request field. Its name is dotted, "[]" marks the items of a list: "amount.total",
/// "sub_orders[].mchid". A required member is required where its parent is there.
struct FieldRule {
    std::string_view name;
    Need need = Need::optional;
    Type type = Type::text;
    std::size_t bytes_max = 0;  ///< texts; 0: no limit
    Limit limit = Limit::documented;
    In in = In::body;
    std::size_t characters_min = 1;  ///< texts; a required one must not be empty
    std::int64_t least = std::numeric_limits<std::int64_t>::min();  ///< integers
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const Pattern* pattern = nullptr;
    std::span<const std::string_view> one_of = {};  ///< empty: any text
    bool is_time = false;                           ///< RFC 3339
    bool is_ip_address = false;                     ///< IPv4 or IPv6
    bool is_encrypted = false;            ///< by the platform key that Wechatpay-Serial names
    bool counts_characters = false;       ///< over bytes_max in bytes only: accepted with a note
    int number_when_missing = 268435461;  ///< of the Request-ID
    std::string_view label = {};          ///< the Chinese name; empty: that of label_of()
};

/// The Chinese name of a field, which messages quote; the last part of its own name when unknown.
std::string_view label_of(const FieldRule& rule);

/// What a call brings: its body, and texts that stand in the query and in the path.
struct Fields {
    using Texts = std::vector<std::pair<std::string, std::string>>;
    const nlohmann::json& body;
    Texts query;
    Texts path;

    /// The value at a dotted name in the body; null when it is not there.
    const nlohmann::json* find(std::string_view name) const;
};

/// The refusal of a required field that is not there.
Refusal missing(const FieldRule& rule, std::string pointer);

/// The texts in the body at the rule's places, each with its JSON pointer.
std::vector<std::pair<std::string, std::string>> texts_at(const Fields& fields,
                                                          const FieldRule& rule);

/// The first field that breaks its rule: what is missing first, then types and limits, then members
/// and parameters that no rule knows. What is accepted but worth knowing is added to `notes`.
/// source  the messages: spec V3 1.6, [B] quoted from live answers
std::optional<Refusal> check_fields(const Fields& fields, std::span<const FieldRule> rules,
                                    bool strict, std::vector<std::string>& notes);

/// Takes members that are null out: they count as absent. Whether there were any.
bool remove_nulls(nlohmann::json& json);

// What several endpoints' rules share.
// source  [B] quoted in live answers; spec V3 1.6 and v3-endpoints.json
bool is_v3_out_trade_no(std::string_view value);
bool is_v3_goods_id(std::string_view value);
bool is_v3_combine_no(std::string_view value);
bool is_v3_out_refund_no(std::string_view value);
bool is_v3_transfer_no(std::string_view value);
bool is_v3_notify_url(std::string_view value);
bool is_date(std::string_view value);
inline constexpr Pattern kOutTradeNoPattern{R"(^[0-9a-zA-Z_\-|\*]{6,32}$)", is_v3_out_trade_no};
inline constexpr Pattern kGoodsIdPattern{R"(^[0-9a-zA-Z_\-]{1,32}$)", is_v3_goods_id};
/// Of combined orders and their parts.
inline constexpr Pattern kCombineNoPattern{R"(^[0-9a-zA-Z_\-|\*@]{1,32}$)", is_v3_combine_no};
inline constexpr Pattern kOutRefundNoPattern{R"(^[0-9a-zA-Z_\-|\*@]{1,64}$)", is_v3_out_refund_no};
/// Of transfers and their batches.
inline constexpr Pattern kTransferNoPattern{R"(^[0-9A-Za-z]{1,32}$)", is_v3_transfer_no};
inline constexpr Pattern kNotifyUrlPattern{
    R"(^https?://([^\s/?#\[\]\@]+\@)?([^\s/?#\@:]+)(?::\d{2,5})?([^\s?#\[\]]*)$)",
    is_v3_notify_url};
inline constexpr Pattern kDatePattern{R"(^\d{4}-\d{2}-\d{2}$)", is_date};

}  // namespace wxpay::sandbox::api_v3
