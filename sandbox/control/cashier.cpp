// What a phone does with the arguments of wx.requestPayment before it asks for a finger.
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/crypto/digest.hpp"
#include "core/v2/pay_sign.hpp"
#include "core/v3/sign.hpp"

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/diagnosis/signature.hpp"
#include "sandbox/ledger/combination.hpp"
#include "sandbox/ledger/payment.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/verdict/traces.hpp"

namespace wxpay::sandbox::control {
namespace {

constexpr std::string_view kPackagePrefix = "prepay_id=";

using verdict::Slip;

/// What the phone says no to, and which known mistake it is.
struct Refused {
    Problem problem;
    Slip slip = Slip::none;
    std::optional<Order> order = {};  ///< that it was about, as far as it can be told
};

Problem problem(std::string code, std::string words, std::string field, std::string hint) {
    return {400, std::move(code), std::move(words), std::move(field), std::move(hint)};
}

// The words of the WeChat client; grades: FIDELITY.md "Cashier". It says the same for everything
// about the package.
Failure<Refused> bad_package(std::string hint, Slip slip = Slip::none) {
    return Failure{Refused{
        problem("bad_package", "调用支付JSAPI缺少参数：total_fee", "package", std::move(hint)),
        slip}};
}
Failure<Refused> bad_signature(std::string field, std::string hint, Slip slip = Slip::signature) {
    return Failure{Refused{
        problem("sign_error", "支付验证签名失败", std::move(field), std::move(hint)), slip}};
}

Result<v2::JsapiPayment, Problem> payment_from(const Call& call) {
    WXPAY_TRY(const nlohmann::json body,
              call.body({"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}));
    if (const auto stamp = body.find("timeStamp"); stamp != body.end() && stamp->is_number()) {
        return Failure{
            problem("parameter_error",
                    "requestPayment:fail parameter error: parameter.timeStamp should be String "
                    "instead of Number;",
                    "timeStamp", "timeStamp must be a string")};
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
        return Failure{problem("missing_parameter", "调用支付JSAPI缺少参数：appId", "appId",
                               "appId is missing")};
    }
    return payment;
}

/// What the client says of an order of API V3, where it tells more apart.
/// source  [A] spec V3 8
Failure<Refused> bad_v3_appid(std::string hint) {
    return Failure{
        Refused{problem("bad_appid", "商户传入的appid参数不正确", "appId", std::move(hint))}};
}
Failure<Refused> outdated(const Order& order) {
    const char* const hint = "the prepay_id is older than 2 hours";
    if (order.api == ApiVersion::v2) return bad_package(hint, Slip::prepay_expired);
    return Failure{
        Refused{problem("prepay_expired", "支付请求已失效，请重新发起支付", "package", hint),
                Slip::prepay_expired}};
}

std::optional<Order> find_by_prepay_id(std::string_view text, Context& context) {
    const auto prepay_id = PrepayId::parse(text);
    return prepay_id ? context.store.begin()->find_order(*prepay_id) : std::nullopt;
}

Result<Order, Refused> order_of(const v2::JsapiPayment& payment, Context& context) {
    const std::string_view package = payment.package;
    if (package.empty()) return bad_package("package is empty: did the unifiedorder call fail?");
    if (!package.starts_with(kPackagePrefix)) {
        auto refused = bad_package("package is not 'prepay_id=...'", Slip::package_prefix);
        refused.error.order = find_by_prepay_id(package, context);
        return refused;
    }
    auto order = find_by_prepay_id(package.substr(kPackagePrefix.size()), context);
    if (!order) return bad_package("no order has this prepay_id");
    return *std::move(order);
}

/// Whether the order can be paid by this prepay_id, and by this app.
Result<void, Refused> check_order(const v2::JsapiPayment& payment, const Order& order,
                                  Instant now) {
    if (now - order.prepaid_at >= kPrepayLife) return outdated(order);
    if (payment.app_id == order.appid.str() || payment.app_id == order.sub_appid) return {};
    const char* const hint = "appId is not the appid of the order";
    return order.api == ApiVersion::v3 ? bad_v3_appid(hint) : bad_package(hint);
}

/// The mistake that would explain a wrong paySign.
struct Explanation {
    std::string hint;
    Slip slip = Slip::signature;
};

Explanation explain(const v2::JsapiPayment& payment, const Order& order, const Merchant& merchant,
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
            return {"signed with '" + std::string(wrong) + "'; the name is '" +
                    std::string(fields[index].name) + "'"};
        }
    }
    auto without_app = fields;
    without_app.erase(without_app.begin());
    if (is(without_app)) return {"appId was left out of the signature"};
    auto bare = fields;
    bare[2].value.remove_prefix(kPackagePrefix.size());
    if (is(bare)) return {"package was signed without 'prepay_id='", Slip::package_prefix};
    bare[2].name = "prepay_id";
    if (is(bare)) {
        return {"signed with 'prepay_id'; the name is 'package', its value 'prepay_id=...'",
                Slip::package_prefix};
    }
    const auto found = diagnosis::diagnose_signature(
        diagnosis::Signed{fields, {}}, payment.pay_sign, merchant, directory, order.sign_type);
    if (!found.findings.empty()) return {found.hint};
    return {
        "not the signature of appId, nonceStr, package, signType and timeStamp under the "
        "merchant's API key"};
}

std::string v3_string(const v2::JsapiPayment& payment, std::string_view last) {
    return v3::pay_string(payment.app_id, payment.time_stamp, payment.nonce_str, last);
}

/// The four lines of V3's string to sign in other orders, with other ends, or as V2 joins them;
/// empty: none of these explains the signature.
std::string explain_v3_lines(const v2::JsapiPayment& payment, const Merchant& merchant,
                             const std::function<bool(std::string_view)>& is) {
    using Line = std::pair<std::string_view, std::string_view>;
    const std::array<Line, 4> lines{
        Line{"appId", payment.app_id}, Line{"timeStamp", payment.time_stamp},
        Line{"nonceStr", payment.nonce_str}, Line{"package", payment.package}};
    const auto joined = [](const auto& all, std::string_view end) {
        std::string out;
        for (const Line& line : all) out.append(line.second).append(end);
        return out;
    };
    if (is(joined(lines, "\r\n"))) return "the lines end with CR LF; each ends with one LF";
    if (is(joined(lines, "\\n"))) return "the lines end with a backslash and an n; wanted is a LF";
    if (is(joined(lines, ""))) return "the lines have no ends; each ends with a LF";
    std::array<std::size_t, 4> order{0, 1, 2, 3};
    while (std::next_permutation(order.begin(), order.end())) {
        std::array<Line, 4> other;
        for (std::size_t i = 0; i < order.size(); ++i) other[i] = lines[order[i]];
        if (is(joined(other, "\n"))) {
            return fmt::format(
                "the lines are in another order: {}, {}, {}, {}; wanted: appId, timeStamp, "
                "nonceStr, package",
                other[0].first, other[1].first, other[2].first, other[3].first);
        }
    }
    for (const bool with_type : {true, false}) {
        std::string pairs = fmt::format("appId={}&nonceStr={}&package={}{}&timeStamp={}",
                                        payment.app_id, payment.nonce_str, payment.package,
                                        with_type ? "&signType=RSA" : "", payment.time_stamp);
        if (is(pairs) || is(fmt::format("{}&key={}", pairs, merchant.api_key.reveal())))
            return "signed over name=value pairs, as V2 does; V3 signs four lines, values only";
    }
    return {};
}

/// The same of a V3 order's.
Explanation explain_v3(const v2::JsapiPayment& payment, const Merchant& merchant,
                       const Directory& directory) {
    const auto signature = base64_decode(payment.pay_sign);
    if (!signature) {
        constexpr std::size_t kHexOfMd5 = 32;
        constexpr std::size_t kHexOfSha256 = 64;
        const std::size_t size = payment.pay_sign.size();
        return {size == kHexOfMd5 || size == kHexOfSha256
                    ? "paySign is one of API V2 (MD5 or HMAC-SHA256); the order was made with V3: "
                      "RSA"
                    : "paySign is no base64 in one line"};
    }
    const std::string right = v3_string(payment, payment.package);
    const auto is = [&](std::string_view text) {
        return merchant.public_key && merchant.public_key->verify_sha256(text, *signature);
    };
    if (is(v3_string(payment, std::string_view(payment.package).substr(kPackagePrefix.size())))) {
        return {"signed over the bare prepay_id, as apps do; JSAPI signs 'prepay_id=...'",
                Slip::package_prefix};
    }
    if (is(std::string_view(right).substr(0, right.size() - 1)))
        return {"the last line of the string to sign lacks its newline"};
    using Scheme = RsaPublicKey::Scheme;
    if (merchant.public_key && merchant.public_key->verify(Scheme::pss_sha256, right, *signature))
        return {"signed with PSS padding; paySign is RSA with PKCS#1 v1.5 and SHA-256"};
    if (merchant.public_key && merchant.public_key->verify(Scheme::pkcs1_sha1, right, *signature))
        return {"signed with SHA-1; paySign is RSA with PKCS#1 v1.5 and SHA-256"};
    if (std::string found = explain_v3_lines(payment, merchant, is); !found.empty())
        return {std::move(found)};
    for (const Merchant* const other : directory.merchants()) {
        if (other->public_key && other->public_key->verify_sha256(right, *signature))
            return {"signed with the key of merchant " + other->mch_id.str() +
                    "; the order is of " + merchant.wire_id()};
    }
    return {
        "not the signature of appId, timeStamp, nonceStr and package, each with a newline, "
        "under the merchant's private key"};
}

/// source  [A] spec V3 8
Result<void, Refused> check_v3_signature(const v2::JsapiPayment& payment, const Merchant& merchant,
                                         const Directory& directory) {
    if (payment.sign_type != "RSA") {
        return bad_signature("signType",
                             "the prepay_id is of API V3: signType must be RSA, and paySign made "
                             "with the merchant's private key");
    }
    constexpr std::size_t kDigits = 10;
    if (payment.time_stamp.size() != kDigits) {
        return bad_signature("timeStamp",
                             "timeStamp is 10 digits: seconds since 1970, not milliseconds");
    }
    const auto signature = base64_decode(payment.pay_sign);
    if (signature && merchant.public_key &&
        merchant.public_key->verify_sha256(v3_string(payment, payment.package), *signature))
        return {};
    auto [hint, slip] = explain_v3(payment, merchant, directory);
    return bad_signature("paySign", std::move(hint), slip);
}

Result<void, Refused> check_signature(const v2::JsapiPayment& payment, const Order& order,
                                      const Context& context) {
    const Merchant* const merchant = context.directory.find_merchant(order.mch_id.str());
    if (merchant == nullptr)
        return bad_package("the order's merchant does not exist here any more");
    if (order.api == ApiVersion::v3)
        return check_v3_signature(payment, *merchant, context.directory);
    if (payment.sign_type == "RSA") {
        return bad_signature("signType",
                             "the prepay_id is of API V2: signType must be the sign_type of the "
                             "unifiedorder call, RSA is V3's");
    }
    if (payment.sign_type != v2::wire_name(order.sign_type)) {
        return bad_signature("signType",
                             "signType must be the sign_type of the unifiedorder call: " +
                                 std::string(v2::wire_name(order.sign_type)));
    }
    const std::string right = v2::pay_sign(payment, merchant->api_key, order.sign_type);
    if (!equal_in_constant_time(right, payment.pay_sign)) {
        auto [hint, slip] = explain(payment, order, *merchant, context.directory);
        return bad_signature("paySign", std::move(hint), slip);
    }
    return {};
}

/// The order, once the phone has found nothing wrong with what it was given.
Result<Order, Refused> accept(const v2::JsapiPayment& payment, Context& context) {
    WXPAY_TRY(Order order, order_of(payment, context));
    auto checked = check_order(payment, order, context.clock.now());
    if (checked) checked = check_signature(payment, order, context);
    if (checked) return order;
    checked.error().order = std::move(order);
    return Failure{std::move(checked).error()};
}

/// The verdict knows the mistakes that go live most often.
void remember(const Refused& refused, Context& context) {
    if (refused.slip == Slip::none) return;
    verdict::Invocation invocation{.at = context.clock.now(),
                                   .slip = refused.slip,
                                   .error = refused.problem.message,
                                   .hint = refused.problem.hint};
    if (refused.order) {
        const auto whole = combination_of(*context.store.begin(), *refused.order);
        invocation.mch_id = (whole ? whole->mch_id : refused.order->mch_id).str();
        invocation.out_trade_no = (whole ? whole->number : refused.order->out_trade_no).str();
    }
    context.traces.see(invocation);
}

Result<http::Answer, Problem> open(const Call& call) {
    WXPAY_TRY(const v2::JsapiPayment payment, payment_from(call));
    const auto accepted = accept(payment, call.context);
    if (!accepted) {
        remember(accepted.error(), call.context);
        return Failure{accepted.error().problem};
    }
    const Order& order = *accepted;
    if (order.trade_type != TradeType::jsapi) {
        return Failure{problem("wrong_scene", "支付场景非法", "package",
                               "the order's trade_type is not JSAPI")};
    }
    if (const auto why = why_not_payable(order, call.context.clock.now()))
        return Failure{conflict(*why)};
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
