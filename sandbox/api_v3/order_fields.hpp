#pragma once

#include <array>
#include <cstddef>

#include "core/domain/fen.hpp"

#include "sandbox/api_v3/rules.hpp"

// The fields that calls for orders share, as rules. Limits marked recalled only warn.
// source  spec V3, v3-endpoints.json: [A] pay.weixin.qq.com/doc/v3/merchant/4012791897 and the
// pages of each product
namespace wxpay::sandbox::api_v3 {

/// The rules of both lists, one behind the other.
template <std::size_t A, std::size_t B>
constexpr std::array<FieldRule, A + B> operator+(const std::array<FieldRule, A>& a,
                                                 const std::array<FieldRule, B>& b) {
    std::array<FieldRule, A + B> out{};
    for (std::size_t i = 0; i < A; ++i) out[i] = a[i];
    for (std::size_t i = 0; i < B; ++i) out[A + i] = b[i];
    return out;
}

// Short forms for rows of a table.
constexpr FieldRule required(std::string_view name, std::size_t bytes_max,
                             Limit limit = Limit::documented) {
    return {.name = name, .need = Need::required, .bytes_max = bytes_max, .limit = limit};
}
constexpr FieldRule optional(std::string_view name, std::size_t bytes_max,
                             Limit limit = Limit::documented) {
    return {.name = name, .bytes_max = bytes_max, .limit = limit};
}
constexpr FieldRule object(std::string_view name, Need need = Need::optional) {
    return {.name = name, .need = need, .type = Type::object};
}
constexpr FieldRule list(std::string_view name, Need need = Need::optional) {
    return {.name = name, .need = need, .type = Type::list};
}
constexpr FieldRule flag(std::string_view name) { return {.name = name, .type = Type::boolean}; }
constexpr FieldRule integer(std::string_view name, Need need = Need::optional) {
    return {.name = name, .need = need, .type = Type::integer};
}
/// Fen or pieces of which there must be some.
constexpr FieldRule money(std::string_view name, Need need = Need::required) {
    return {.name = name, .need = need, .type = Type::integer, .least = 1};
}
/// What an order costs. source  [A] spec V3 4.7, of the parts of combined orders
constexpr FieldRule order_total(std::string_view name) {
    FieldRule rule = money(name);
    rule.most = kOrderTotalMax.count();
    return rule;
}
/// A parameter of the query, or a variable of the path.
constexpr FieldRule in_query(FieldRule rule) {
    rule.in = In::query;
    return rule;
}
constexpr FieldRule in_path(FieldRule rule) {
    rule.in = In::path;
    return rule;
}
constexpr FieldRule matching(FieldRule rule, const Pattern& pattern) {
    rule.pattern = &pattern;
    return rule;
}
constexpr FieldRule one_of(FieldRule rule, std::span<const std::string_view> words) {
    rule.one_of = words;
    return rule;
}
constexpr FieldRule encrypted(FieldRule rule) {
    rule.is_encrypted = true;
    return rule;
}
constexpr FieldRule time_at(FieldRule rule) {
    rule.is_time = true;
    return rule;
}
/// Where the user is. source  [A] v3-endpoints.json: IPv4 or IPv6
constexpr FieldRule ip_address(FieldRule rule) {
    rule.is_ip_address = true;
    return rule;
}
/// Bytes over the limit are let pass as long as the characters keep to it.
constexpr FieldRule in_characters(FieldRule rule) {
    rule.counts_characters = true;
    return rule;
}

inline constexpr std::array<std::string_view, 1> kCny{"CNY"};

/// The merchant's order number of ordinary orders.
inline constexpr FieldRule kOutTradeNo = [] {
    FieldRule rule = matching(required("out_trade_no", 32), kOutTradeNoPattern);
    rule.characters_min = 6;
    return rule;
}();
inline constexpr FieldRule kNotifyUrl = matching(required("notify_url", 255), kNotifyUrlPattern);

inline constexpr std::array kDirectParties{required("appid", 32), required("mchid", 32)};
inline constexpr std::array kPartnerParties{required("sp_appid", 32), required("sp_mchid", 32),
                                            optional("sub_appid", 32), required("sub_mchid", 32)};

inline constexpr std::array kGoods{
    object("detail"),
    integer("detail.cost_price"),
    optional("detail.invoice_id", 32, Limit::recalled),
    list("detail.goods_detail"),
    matching(required("detail.goods_detail[].merchant_goods_id", 32, Limit::recalled),
             kGoodsIdPattern),
    optional("detail.goods_detail[].wechatpay_goods_id", 32, Limit::recalled),
    optional("detail.goods_detail[].goods_name", 256, Limit::recalled),
    money("detail.goods_detail[].quantity"),
    integer("detail.goods_detail[].unit_price", Need::required)};

inline constexpr std::array kStore{object("scene_info.store_info"),
                                   required("scene_info.store_info.id", 32, Limit::recalled),
                                   optional("scene_info.store_info.name", 256, Limit::recalled),
                                   optional("scene_info.store_info.area_code", 32, Limit::recalled),
                                   optional("scene_info.store_info.address", 512, Limit::recalled)};

inline constexpr std::array kH5Info{
    object("scene_info.h5_info", Need::required),
    required("scene_info.h5_info.type", 32, Limit::recalled),
    optional("scene_info.h5_info.app_name", 64, Limit::recalled),
    optional("scene_info.h5_info.app_url", 128, Limit::recalled),
    optional("scene_info.h5_info.bundle_id", 128, Limit::recalled),
    optional("scene_info.h5_info.package_name", 128, Limit::recalled)};

}  // namespace wxpay::sandbox::api_v3
