// What a phone does with the arguments of wx.requestPayment before it asks for a finger.
#include <span>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/crypto/digest.hpp"
#include "core/v2/pay_sign.hpp"

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::control {
namespace {

constexpr std::string_view kPackagePrefix = "prepay_id=";

Failure<Problem> fail(std::string code, std::string words, std::string field, std::string hint) {
    return Failure{
        Problem{400, std::move(code), std::move(words), std::move(field), std::move(hint)}};
}

// The words of the WeChat client; grades: FIDELITY.md "Cashier". It says the same for everything
// about the package.
Failure<Problem> bad_package(std::string hint) {
    return fail("bad_package", "调用支付JSAPI缺少参数：total_fee", "package", std::move(hint));
}
Failure<Problem> bad_signature(std::string field, std::string hint) {
    return fail("sign_error", "支付验证签名失败", std::move(field), std::move(hint));
}

Result<v2::JsapiPayment, Problem> payment_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body,
              call.body({"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}));
    if (const auto stamp = body.find("timeStamp"); stamp != body.end() && stamp->is_number()) {
        return fail("parameter_error",
                    "requestPayment:fail parameter error: parameter.timeStamp should be String "
                    "instead of Number;",
                    "timeStamp", "timeStamp must be a string");
    }
    v2::JsapiPayment payment;
    const std::pair<const char*, std::string*> members[] = {
        {"appId", &payment.app_id},       {"timeStamp", &payment.time_stamp},
        {"nonceStr", &payment.nonce_str}, {"package", &payment.package},
        {"signType", &payment.sign_type}, {"paySign", &payment.pay_sign}};
    for (const auto& [name, member] : members) {
        const auto found = body.find(name);
        if (found == body.end()) continue;
        if (!found->is_string()) return Failure{bad_request("must be a string", name)};
        *member = found->get<std::string>();
    }
    if (payment.app_id.empty()) {
        return fail("missing_parameter", "调用支付JSAPI缺少参数：appId", "appId",
                    "appId is missing");
    }
    return payment;
}

Result<Order, Problem> order_of(const v2::JsapiPayment& payment, Context& context) {
    if (payment.package.empty())
        return bad_package("package is empty: did the unifiedorder call fail?");
    if (!payment.package.starts_with(kPackagePrefix))
        return bad_package("package is not 'prepay_id=...'");
    const auto prepay_id =
        PrepayId::parse(std::string_view(payment.package).substr(kPackagePrefix.size()));
    auto order = prepay_id ? context.store.begin()->find_order(*prepay_id) : std::nullopt;
    if (!order) return bad_package("no order has this prepay_id");
    if (context.clock.now() - order->prepaid_at >= kPrepayLife)
        return bad_package("the prepay_id is older than 2 hours");
    if (payment.app_id != order->appid.str() && payment.app_id != order->sub_appid) {
        return bad_package("appId is not the appid of the order");
    }
    return std::move(*order);
}

/// The mistake that would explain a wrong paySign.
std::string explain(const v2::JsapiPayment& payment, const Order& order, const Merchant& merchant,
                    const Directory& directory) {
    const auto is = [&](std::span<const FieldView> fields) {
        return v2::verify(fields, payment.pay_sign, merchant.api_key, order.sign_type);
    };
    std::vector<FieldView> fields{{"appId", payment.app_id},
                                  {"nonceStr", payment.nonce_str},
                                  {"package", payment.package},
                                  {"signType", payment.sign_type},
                                  {"timeStamp", payment.time_stamp}};
    constexpr std::pair<std::size_t, std::string_view> kMisnamed[] = {
        {0, "appid"}, {1, "noncestr"}, {3, "signtype"}, {4, "timestamp"}};
    for (const auto& [index, wrong] : kMisnamed) {
        auto renamed = fields;
        renamed[index].name = wrong;
        if (is(renamed)) {
            return "signed with '" + std::string(wrong) + "'; the name is '" +
                   std::string(fields[index].name) + "'";
        }
    }
    auto without_app = fields;
    without_app.erase(without_app.begin());
    if (is(without_app)) return "appId was left out of the signature";
    auto bare = fields;
    bare[2].value.remove_prefix(kPackagePrefix.size());
    if (is(bare)) return "package was signed without 'prepay_id='";
    bare[2].name = "prepay_id";
    if (is(bare))
        return "signed with 'prepay_id'; the name is 'package', its value 'prepay_id=...'";
    const auto found = diagnosis::diagnose_signature(
        diagnosis::Signed{fields, {}}, payment.pay_sign, merchant, directory, order.sign_type);
    if (!found.findings.empty()) return found.hint;
    return "not the signature of appId, nonceStr, package, signType and timeStamp under the "
           "merchant's API key";
}

Result<void, Problem> check_signature(const v2::JsapiPayment& payment, const Order& order,
                                      const Context& context) {
    const Merchant* const merchant = context.directory.find_merchant(order.mch_id.str());
    if (merchant == nullptr)
        return bad_package("the order's merchant does not exist here any more");
    if (payment.sign_type != v2::wire_name(order.sign_type)) {
        return bad_signature("signType",
                             "signType must be the sign_type of the unifiedorder call: " +
                                 std::string(v2::wire_name(order.sign_type)));
    }
    const std::string right = v2::pay_sign(payment, merchant->api_key, order.sign_type);
    if (!equal_in_constant_time(right, payment.pay_sign)) {
        return bad_signature("paySign", explain(payment, order, *merchant, context.directory));
    }
    return {};
}

Result<http::Answer, Problem> open(const Call& call) {
    WXPAY_TRY(const v2::JsapiPayment payment, payment_from(call));
    WXPAY_TRY(const Order order, order_of(payment, call.context));
    WXPAY_CHECK(check_signature(payment, order, call.context));
    if (order.trade_type != TradeType::jsapi) {
        return fail("wrong_scene", "支付场景非法", "package",
                    "the order's trade_type is not JSAPI");
    }
    if (const auto problem = why_not_payable(order, call.context.clock.now()))
        return Failure{conflict(*problem)};
    return json_response(dump(to_json(order, *call.context.store.begin())));
}

constexpr Route kRoutes[] = {
    {.method = "POST",
     .pattern = "/_sandbox/v1/cashier",
     .handle = open,
     .summary =
         "What a phone does with wx.requestPayment's arguments: checks them, opens the cashier",
     .answer = "Order",
     .body = "CashierRequest"},
};

}  // namespace

std::span<const Route> cashier_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
