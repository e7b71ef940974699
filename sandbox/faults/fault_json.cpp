#include "sandbox/faults/fault_json.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/duration.hpp"
#include "core/domain/ids.hpp"

#include "sandbox/limits.hpp"

namespace wxpay::sandbox {
namespace {

using Json = nlohmann::json;
using Kind = Effect::Kind;

constexpr std::size_t kIdMax = 64;
constexpr std::size_t kGlobMax = 256;
constexpr std::size_t kWordMax = 64;
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr int kCopiesMax = 100;
constexpr std::size_t kChangesMax = 50;
constexpr std::size_t kValueMax = 4096;

Failure<Error> wrong(std::string field, std::string detail) {
    return Failure{Error{Errc::invalid_value, std::move(detail), std::move(field)}};
}

Result<void> allow(const Json& json, std::span<const std::string_view> known,
                   const std::string& prefix) {
    for (const auto& [name, value] : json.items()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return wrong(prefix + name,
                         fmt::format("unknown member; known: {}", fmt::join(known, ", ")));
    }
    return {};
}

/// The member's value; null and absent are the same.
const Json* member(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found == json.end() || found->is_null() ? nullptr : &*found;
}

Result<void> read_text(const Json& json, const char* name, std::size_t bytes_max,
                       std::string& out) {
    const Json* const value = member(json, name);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<const std::string&>().empty() ||
        value->get_ref<const std::string&>().size() > bytes_max)
        return wrong(name, fmt::format("{} is a text of 1 to {} bytes", name, bytes_max));
    out = value->get<std::string>();
    return {};
}

/// A whole number in this range; `out` stays as it is when there is no such member.
Result<void> read_number(const Json& json, const char* name, const std::string& field,
                         std::int64_t from, std::int64_t to, std::optional<std::int64_t>& out) {
    const Json* const value = member(json, name);
    if (value == nullptr) return {};
    // Comparing a JSON number beyond 64 signed bits would wrap around.
    const bool fits = value->is_number_integer() &&
                      (!value->is_number_unsigned() ||
                       value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
    if (!fits || value->get<std::int64_t>() < from || value->get<std::int64_t>() > to)
        return wrong(field, fmt::format("{} is a whole number from {} to {}", name, from, to));
    out = value->get<std::int64_t>();
    return {};
}

bool is_id(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

bool is_for_api(Kind kind) {
    switch (kind) {
        case Kind::none:
        case Kind::err_code:
        case Kind::http_status:
        case Kind::drop_before:
        case Kind::drop_after:
        case Kind::truncate:
        case Kind::corrupt_sign:
            return true;
        case Kind::duplicate:
        case Kind::reorder:
        case Kind::tamper:
        case Kind::forge:
        case Kind::lose:
            return false;
    }
    return false;
}

/// A merchant's answer has no err_code of WeChat's.
bool is_for_notify(Kind kind) { return kind != Kind::err_code; }

Result<std::vector<Effect::Change>> read_changes(const Json& json, const std::string& field) {
    if (!json.is_object() || json.empty() || json.size() > kChangesMax)
        return wrong(field,
                     field.substr(3) + R"( is an object of fields, such as {"total_fee":1})");
    std::vector<Effect::Change> out;
    for (const auto& [name, value] : json.items()) {
        const bool is_element = !name.empty() && name.size() <= kWordMax && is_id(name) &&
                                (name[0] < '0' || name[0] > '9') && name[0] != '-' &&
                                name[0] != '.';
        if (!is_element || name == "sign") {
            return wrong(field + "." + name, name == "sign"
                                                 ? "sign is not changed by hand: see corrupt_sign"
                                                 : "not the name of an XML element");
        }
        Effect::Change change{name, std::monostate{}};
        if (value.is_number_integer() && !value.is_number_unsigned()) {
            change.value = value.get<std::int64_t>();
        } else if (value.is_number_unsigned() &&
                   value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)) {
            change.value = static_cast<std::int64_t>(value.get<std::uint64_t>());
        } else if (value.is_string() && value.get_ref<const std::string&>().size() <= kValueMax) {
            change.value = value.get<std::string>();
        } else if (!value.is_null()) {
            return wrong(field + "." + name, "a text, a whole number, or null to leave it out");
        }
        out.push_back(std::move(change));
    }
    return out;
}

Result<void> read_kind(const Json& json, const std::string& name, Effect& out) {
    const std::string field = "do." + name;
    const Json& value = json.at(name);
    const auto number = [&](std::int64_t from, std::int64_t to) -> Result<std::int64_t> {
        std::optional<std::int64_t> count;
        WXPAY_CHECK(read_number(json, name.c_str(), field, from, to, count));
        if (!count) return wrong(field, name + " is a whole number");
        return *count;
    };
    const auto flag = [&](Kind kind) -> Result<void> {
        if (value != true) return wrong(field, name + " is true, or is left out");
        out.kind = kind;
        return {};
    };
    if (name == "err_code") {
        if (!value.is_string() || !is_err_code(value.get_ref<const std::string&>()))
            return wrong(field, "err_code is a word such as SYSTEMERROR");
        out.kind = Kind::err_code;
        out.err_code = value.get<std::string>();
    } else if (name == "http_status") {
        WXPAY_TRY(const std::int64_t status, number(200, 599));
        out.kind = Kind::http_status;
        out.http_status = static_cast<int>(status);
    } else if (name == "drop") {
        if (value != "before" && value != "after")
            return wrong(field, "drop is before or after the work is done");
        out.kind = value == "before" ? Kind::drop_before : Kind::drop_after;
    } else if (name == "truncate") {
        WXPAY_TRY(const std::int64_t bytes, number(0, kCountMax));
        out.kind = Kind::truncate;
        out.truncate_at = static_cast<std::size_t>(bytes);
    } else if (name == "corrupt_sign") {
        return flag(Kind::corrupt_sign);
    } else if (name == "duplicate") {
        WXPAY_TRY(const std::int64_t copies, number(1, kCopiesMax));
        out.kind = Kind::duplicate;
        out.copies = static_cast<int>(copies);
    } else if (name == "reorder") {
        return flag(Kind::reorder);
    } else if (name == "lose") {
        return flag(Kind::lose);
    } else {
        WXPAY_TRY(out.changes, read_changes(value, field));
        out.kind = name == "tamper" ? Kind::tamper : Kind::forge;
    }
    return {};
}

Result<Effect> read_effect(const Json& json) {
    static constexpr std::array<std::string_view, 11> kKnown{
        "delay",     "err_code", "http_status", "drop",  "truncate", "corrupt_sign",
        "duplicate", "reorder",  "tamper",      "forge", "lose"};
    if (!json.is_object() || json.empty())
        return wrong("do", R"(do says what goes wrong, such as {"delay":"2s"})");
    WXPAY_CHECK(allow(json, kKnown, "do."));
    Effect out;
    for (const auto& [name, value] : json.items()) {
        if (name == "delay") {
            if (!value.is_string()) return wrong("do.delay", "delay is a text such as 2s");
            auto delay = parse_delay(value.get_ref<const std::string&>());
            if (!delay) return wrong("do.delay", std::move(delay.error().detail));
            out.delay = *delay;
        } else if (out.kind != Kind::none) {
            return wrong("do." + name, fmt::format("beside {} only a delay is possible: make two "
                                                   "faults",
                                                   wire_name(out.kind)));
        } else {
            WXPAY_CHECK(read_kind(json, name, out));
        }
    }
    return out;
}

/// What may go wrong where.
Result<void> check_place(const Fault& fault) {
    const Kind kind = fault.effect.kind;
    const std::string field = fmt::format("do.{}", wire_name(kind));
    if (fault.on == Fault::On::api && !is_for_api(kind)) {
        return wrong(field,
                     fmt::format("{} is for callbacks (\"on\":\"notify\"); calls take delay, "
                                 "err_code, http_status, drop, truncate, corrupt_sign",
                                 wire_name(kind)));
    }
    if (fault.on == Fault::On::notify && !is_for_notify(kind)) {
        return wrong(field,
                     fmt::format("{} is for calls (\"on\":\"api\"); callbacks take delay, "
                                 "http_status, drop, truncate, corrupt_sign, duplicate, reorder, "
                                 "tamper, forge, lose",
                                 wire_name(kind)));
    }
    if (kind == Kind::reorder && fault.effect.delay)
        return wrong("do.delay", "reorder is a delay already: until the merchant's next callback");
    return {};
}

}  // namespace

bool is_err_code(std::string_view text) {
    return !text.empty() && text.size() <= kWordMax &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
           });
}

Result<Effect::Delay> parse_delay(std::string_view text) {
    const std::size_t dots = text.find("..");
    const auto from = parse_duration(text.substr(0, dots));
    const auto to = dots == std::string_view::npos ? from : parse_duration(text.substr(dots + 2));
    if (!from || !to || *from > *to || *to > Millis(kFaultDelayMax)) {
        return wrong("delay", fmt::format("a delay is a duration of at most {}, or two: 2s, "
                                          "200ms..2s",
                                          format_duration(kFaultDelayMax)));
    }
    return Effect::Delay{*from, *to};
}

Result<Fault> fault_from_json(const Json& json) {
    static constexpr std::array<std::string_view, 10> kKnown{
        "id",    "on",    "endpoint", "mch_id",      "out_trade_no",
        "after", "every", "times",    "probability", "do"};
    if (!json.is_object()) return wrong("", "a fault is a JSON object");
    WXPAY_CHECK(allow(json, kKnown, ""));
    Fault fault;
    WXPAY_CHECK(read_text(json, "id", kIdMax, fault.id));
    if (!is_id(fault.id)) return wrong("id", "id has only letters, digits, '-', '_' and '.'");
    const Json* const on = member(json, "on");
    if (on == nullptr || (*on != "api" && *on != "notify"))
        return wrong("on", "on is api (calls) or notify (callbacks)");
    fault.on = *on == "api" ? Fault::On::api : Fault::On::notify;
    WXPAY_CHECK(read_text(json, "endpoint", kGlobMax, fault.endpoint));
    if (!fault.endpoint.empty() && fault.endpoint[0] != '/' && fault.endpoint[0] != '*')
        return wrong("endpoint", "endpoint is a path such as /pay/unifiedorder or /pay/*");
    WXPAY_CHECK(read_text(json, "mch_id", kWordMax, fault.mch_id));
    if (!fault.mch_id.empty() && !MchId::parse(fault.mch_id))
        return wrong("mch_id", "mch_id is 8 to 10 digits");
    WXPAY_CHECK(read_text(json, "out_trade_no", kGlobMax, fault.out_trade_no));
    std::optional<std::int64_t> after;
    std::optional<std::int64_t> every;
    std::optional<std::int64_t> times;
    WXPAY_CHECK(read_number(json, "after", "after", 0, kCountMax, after));
    WXPAY_CHECK(read_number(json, "every", "every", 1, kCountMax, every));
    WXPAY_CHECK(read_number(json, "times", "times", 1, kCountMax, times));
    fault.after = static_cast<std::uint64_t>(after.value_or(0));
    fault.every = static_cast<std::uint64_t>(every.value_or(1));
    if (times) fault.times = static_cast<std::uint64_t>(*times);
    if (const Json* const value = member(json, "probability")) {
        fault.probability = value->is_number() ? value->get<double>() : -1;
        if (!(fault.probability >= 0 && fault.probability <= 1))
            return wrong("probability", "probability is a number from 0 to 1");
    }
    const Json* const effect = member(json, "do");
    WXPAY_TRY(fault.effect, read_effect(effect == nullptr ? Json() : *effect));
    WXPAY_CHECK(check_place(fault));
    return fault;
}

nlohmann::ordered_json to_json(const Effect& effect) {
    auto out = nlohmann::ordered_json::object();
    if (effect.delay) {
        out["delay"] = format_duration(effect.delay->from);
        if (effect.delay->to > effect.delay->from)
            out["delay"] = fmt::format("{}..{}", format_duration(effect.delay->from),
                                       format_duration(effect.delay->to));
    }
    const std::string name(wire_name(effect.kind));
    switch (effect.kind) {
        case Kind::none:
            break;
        case Kind::err_code:
            out[name] = effect.err_code;
            break;
        case Kind::http_status:
            out[name] = effect.http_status;
            break;
        case Kind::drop_before:
            out[name] = "before";
            break;
        case Kind::drop_after:
            out[name] = "after";
            break;
        case Kind::truncate:
            out[name] = effect.truncate_at;
            break;
        case Kind::duplicate:
            out[name] = effect.copies;
            break;
        case Kind::corrupt_sign:
        case Kind::reorder:
        case Kind::lose:
            out[name] = true;
            break;
        case Kind::tamper:
        case Kind::forge:
            for (const Effect::Change& change : effect.changes) {
                auto& value = out[name][change.name];
                if (const auto* const text = std::get_if<std::string>(&change.value)) value = *text;
                if (const auto* const count = std::get_if<std::int64_t>(&change.value))
                    value = *count;
            }
            break;
    }
    return out;
}

nlohmann::ordered_json to_json(const Fault& fault) {
    nlohmann::ordered_json out;
    out["id"] = fault.id;
    out["on"] = fault.on == Fault::On::api ? "api" : "notify";
    if (!fault.endpoint.empty()) out["endpoint"] = fault.endpoint;
    if (!fault.mch_id.empty()) out["mch_id"] = fault.mch_id;
    if (!fault.out_trade_no.empty()) out["out_trade_no"] = fault.out_trade_no;
    if (fault.after != 0) out["after"] = fault.after;
    if (fault.every != 1) out["every"] = fault.every;
    out["times"] = nullptr;
    if (fault.times) out["times"] = *fault.times;
    out["probability"] = fault.probability;
    out["do"] = to_json(fault.effect);
    return out;
}

nlohmann::ordered_json to_json(const FaultSet::Counted& counted) {
    auto out = to_json(counted.fault);
    out["matched"] = counted.matched;
    out["injected"] = counted.injected;
    return out;
}

}  // namespace wxpay::sandbox
