#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec/xml.hpp"

#include "sandbox/api_v2/refusals.hpp"

namespace wxpay::sandbox::api_v2 {

enum class Need { required, optional };

/// What a field's length limit counts.
enum class Length {
    bytes,
    characters,  ///< over it in bytes only: accepted with a note
    advisory,    ///< over it: accepted with a note
};

/// One request field. `wire` tells what is wanted, for hints (ASCII).
struct FieldRule {
    std::string_view name;
    Need need;
    std::size_t length_max;
    std::string_view wanted = "any text";
    bool (*accepts)(std::string_view value) = nullptr;  ///< nullptr: any text
    Words refusal = kParamFormat;  ///< for a value that is too long or not accepted
    Length length = Length::bytes;
};

/// The fields that every call has; the pipeline deals with them before an endpoint's own rules.
std::span<const FieldRule> common_fields();

/// The first element that neither the common fields nor `rules` know, as a refusal that guesses
/// what was meant.
std::optional<Refusal> find_unknown(const XmlMessage& message, std::span<const FieldRule> rules);

/// The first required element that is not there at all.
std::optional<Refusal> find_missing(const XmlMessage& message, std::span<const FieldRule> rules);

/// The first value that breaks its rule, in the order of the rules. What is accepted but worth
/// knowing is added to `notes`. An optional field with an empty value counts as absent.
std::optional<Refusal> find_malformed(const XmlMessage& message, std::span<const FieldRule> rules,
                                      std::vector<std::string>& notes);

// Patterns, for `accepts`.
bool is_out_trade_no(std::string_view value);
bool is_out_refund_no(std::string_view value);
bool is_transaction_id(std::string_view value);
bool is_compact_time(std::string_view value);
bool is_ip_address(std::string_view value);
bool is_notify_url(std::string_view value);
bool is_total_fee(std::string_view value);
bool is_yes_or_no(std::string_view value);
bool is_json(std::string_view value);

}  // namespace wxpay::sandbox::api_v2
