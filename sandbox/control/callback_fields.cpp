#include "sandbox/control/callback_fields.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "sandbox/diagnosis/nearest.hpp"

namespace wxpay::sandbox::control {
namespace {

constexpr std::string_view kPayment[] = {
    "return_code",          "return_msg",       "appid",        "mch_id",        "sub_appid",
    "sub_mch_id",           "device_info",      "nonce_str",    "sign",          "sign_type",
    "result_code",          "err_code",         "err_code_des", "openid",        "is_subscribe",
    "sub_openid",           "sub_is_subscribe", "trade_type",   "bank_type",     "total_fee",
    "settlement_total_fee", "fee_type",         "cash_fee",     "cash_fee_type", "coupon_fee",
    "coupon_count",         "coupon_type_0",    "coupon_id_0",  "coupon_fee_0",  "transaction_id",
    "out_trade_no",         "attach",           "time_end"};

constexpr std::string_view kRefund[] = {"return_code",
                                        "return_msg",
                                        "appid",
                                        "mch_id",
                                        "sub_appid",
                                        "sub_mch_id",
                                        "nonce_str",
                                        "req_info",
                                        "transaction_id",
                                        "out_trade_no",
                                        "refund_id",
                                        "out_refund_no",
                                        "total_fee",
                                        "settlement_total_fee",
                                        "refund_fee",
                                        "settlement_refund_fee",
                                        "refund_status",
                                        "success_time",
                                        "refund_recv_accout",
                                        "refund_account",
                                        "refund_request_source"};

constexpr std::string_view kV3Payment[] = {"id",
                                           "create_time",
                                           "resource_type",
                                           "event_type",
                                           "summary",
                                           "appid",
                                           "mchid",
                                           "sp_appid",
                                           "sp_mchid",
                                           "sub_appid",
                                           "sub_mchid",
                                           "out_trade_no",
                                           "transaction_id",
                                           "trade_type",
                                           "trade_state",
                                           "trade_state_desc",
                                           "bank_type",
                                           "attach",
                                           "success_time",
                                           "payer.openid",
                                           "payer.sp_openid",
                                           "payer.sub_openid",
                                           "amount.total",
                                           "amount.payer_total",
                                           "amount.currency",
                                           "amount.payer_currency",
                                           "scene_info.device_id",
                                           "promotion_detail",
                                           "total_fee"};

constexpr std::string_view kV3Refund[] = {"id",
                                          "create_time",
                                          "resource_type",
                                          "event_type",
                                          "summary",
                                          "mchid",
                                          "sp_mchid",
                                          "sub_mchid",
                                          "out_trade_no",
                                          "transaction_id",
                                          "out_refund_no",
                                          "refund_id",
                                          "refund_status",
                                          "success_time",
                                          "user_received_account",
                                          "amount.total",
                                          "amount.refund",
                                          "amount.payer_total",
                                          "amount.payer_refund",
                                          "total_fee"};

std::span<const std::string_view> fields_of(NotificationKind kind, ApiVersion api) {
    const bool is_payment = kind == NotificationKind::payment;
    if (api == ApiVersion::v3)
        return is_payment ? std::span(kV3Payment) : std::span<const std::string_view>(kV3Refund);
    return is_payment ? std::span(kPayment) : std::span<const std::string_view>(kRefund);
}

/// Of a list the first one stands for all: "coupon_id_0" for "coupon_id_1".
std::string first_of_its_list(std::string_view name) {
    const std::size_t end = name.find_last_not_of("0123456789");
    if (end == std::string_view::npos || end + 1 == name.size() || name[end] != '_')
        return std::string(name);
    return std::string(name.substr(0, end + 1)) + "0";
}

/// Whether the name is the field, or a member of it, or holds it.
bool names(std::string_view name, std::string_view field) {
    const auto is_within = [](std::string_view inner, std::string_view outer) {
        return inner.size() > outer.size() && inner.starts_with(outer) &&
               inner[outer.size()] == '.';
    };
    return name == field || is_within(name, field) || is_within(field, name);
}

}  // namespace

std::string note_on_field(std::string_view name, NotificationKind kind, ApiVersion api) {
    const auto known = fields_of(kind, api);
    const std::string first = first_of_its_list(name);
    if (std::any_of(known.begin(), known.end(),
                    [&](std::string_view field) { return names(first, field); }))
        return {};
    const std::string_view meant = diagnosis::nearest(name, known);
    return fmt::format("'{}' is no field of this callback{}", name,
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

}  // namespace wxpay::sandbox::control
