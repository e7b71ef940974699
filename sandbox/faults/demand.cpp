#include "sandbox/faults/demand.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/pieces.hpp"

#include "sandbox/faults/fault_json.hpp"

namespace wxpay::sandbox {
namespace {

// Not those of callbacks: no callback belongs to a call yet.
constexpr std::array<std::string_view, 6> kNames{"delay", "err_code", "http_status",
                                                 "drop",  "truncate", "corrupt_sign"};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool is_known(std::string_view part) {
    const std::string_view name = part.substr(0, part.find('='));
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// "name" or "name=value", as all that happens is written, and no err_code or text of WeChat's.
bool is_action(std::string_view part) {
    const std::string_view name = part.substr(0, part.find('='));
    return !name.empty() && std::all_of(name.begin(), name.end(),
                                        [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

nlohmann::json value_of(std::string_view part) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return true;
    const std::string_view text = part.substr(equals + 1);
    if (text == "true") return true;
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view name = part.substr(0, equals);
    if (problem == std::errc{} && end == text.data() + text.size() && name != "delay" &&
        name != "err_code")
        return number;
    return std::string(text);
}

}  // namespace

Result<Effect> read_demand(std::string_view header) {
    header = trimmed(header);
    const std::vector<std::string_view> pieces = pieces_of(header, ',');
    if (std::none_of(pieces.begin(), pieces.end(),
                     [](std::string_view piece) { return is_known(trimmed(piece)); })) {
        if (is_action(header)) {
            return Failure{Error{Errc::invalid_value,
                                 fmt::format("nothing that can be asked for here; known: {}, or an "
                                             "err_code such as SYSTEMERROR",
                                             fmt::join(kNames, ", ")),
                                 std::string(header.substr(0, header.find('=')))}};
        }
        Effect word;
        word.kind = Effect::Kind::err_code;
        word.err_code = header;
        return word;
    }
    nlohmann::json fault{{"on", "api"}, {"do", nlohmann::json::object()}};
    for (const std::string_view piece : pieces) {
        const std::string_view part = trimmed(piece);
        if (is_err_code(part) && !fault["do"].contains("err_code")) {
            fault["do"]["err_code"] = part;
        } else {
            fault["do"][std::string(part.substr(0, part.find('=')))] = value_of(part);
        }
    }
    WXPAY_TRY(const Fault read, fault_from_json(fault));
    return read.effect;
}

bool is_demanded(const Injection& fault) { return fault.id == "header"; }

std::string who_asked_for(const Injection& fault) {
    return is_demanded(fault) ? "asked for by Wechatpay-Negative-Test"
                              : "asked for by fault " + fault.id;
}

}  // namespace wxpay::sandbox
