#include "core/v3/refund.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/v3/members.hpp"

namespace wxpay::v3 {
namespace {

constexpr std::array<std::pair<RefundStatus, std::string_view>, 4> kStatuses{
    {{RefundStatus::processing, "PROCESSING"},
     {RefundStatus::success, "SUCCESS"},
     {RefundStatus::closed, "CLOSED"},
     {RefundStatus::abnormal, "ABNORMAL"}}};

}  // namespace

std::string_view wire_name(RefundStatus status) {
    for (const auto& [each, word] : kStatuses) {
        if (each == status) return word;
    }
    return {};
}

std::optional<RefundStatus> parse_refund_status(std::string_view word) {
    for (const auto& [status, each] : kStatuses) {
        if (each == word) return status;
    }
    return std::nullopt;
}

Result<RefundResult> parse_refund(std::string_view text) {
    WXPAY_TRY(const nlohmann::json json, parse_object(text));
    RefundResult out;
    WXPAY_TRY(out.mchid, text_member(json, "mchid"));
    WXPAY_TRY(out.out_trade_no, needed_text(json, "out_trade_no"));
    WXPAY_TRY(out.transaction_id, needed_text(json, "transaction_id"));
    WXPAY_TRY(out.out_refund_no, needed_text(json, "out_refund_no"));
    WXPAY_TRY(out.refund_id, needed_text(json, "refund_id"));
    const char* const name = json.contains("refund_status") ? "refund_status" : "status";
    WXPAY_TRY(const std::string word, needed_text(json, name));
    const auto status = parse_refund_status(word);
    if (!status) return Failure{Error{Errc::invalid_value, std::string("unknown ") + name, name}};
    out.status = *status;
    const nlohmann::json& amount = object_member(json, "amount");
    WXPAY_TRY(out.total, needed_fen(amount, "total"));
    WXPAY_TRY(out.refund, needed_fen(amount, "refund"));
    WXPAY_TRY(out.success_time, time_member(json, "success_time"));
    WXPAY_TRY(out.user_received_account, text_member(json, "user_received_account"));
    return out;
}

}  // namespace wxpay::v3
