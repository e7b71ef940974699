#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/codec/xml.hpp"
#include "core/http/message.hpp"
#include "core/v2/message.hpp"

#include "sandbox/api_v2/refusals.hpp"
#include "sandbox/api_v2/rules.hpp"
#include "sandbox/context.hpp"
#include "sandbox/ledger/work.hpp"

namespace wxpay::sandbox::api_v2 {

/// A call that has passed the checks: known merchant and app, right signature, every field by its
/// rule.
struct Call {
    const XmlMessage& message;
    const Merchant& merchant;
    v2::SignType sign_type;
    std::vector<std::string>& notes;      ///< what is accepted but worth knowing
    std::string_view negative_test = {};  ///< the Wechatpay-Negative-Test header

    std::string_view get(std::string_view name) const { return message.get(name); }
    std::string text(std::string_view name) const { return std::string(message.get(name)); }
    MchId mch_id() const { return merchant.mch_id; }
    /// Only behind a required rule that checked it.
    OutTradeNo out_trade_no() const { return OutTradeNo::parse(get("out_trade_no")).value(); }
};

/// What a handler answers.
struct Reply {
    v2::Message business = {};  ///< behind result_code, in the endpoint's order
    std::string device_info = {};
    bool shows_device_info = false;  ///< also when it is empty
    std::string body = {};           ///< Style::own: all of the answer
    bool never_arrives = false;      ///< the work is done, and the caller waits in vain
};

/// What a successful answer looks like.
enum class Style {
    usual,   ///< the common elements, sign behind nonce_str, then the business elements
    sorted,  ///< the same, brought into byte order of the names
    own,     ///< the handler's body and nothing else; neither it nor a refusal is signed
};

/// Other words for a refusal of the common checks.
struct Rephrased {
    Words from;
    Words to;
    std::string_view field = {};  ///< only when this field is at fault; empty: whichever is
};

/// A V2 endpoint: its path, its fields, and what it does. `handle` runs inside one transaction,
/// which is committed when it succeeds and taken back when it refuses. What has a default is right
/// for most.
struct Endpoint {
    std::string_view path;
    std::span<const FieldRule> fields;
    Result<Reply, Refusal> (*handle)(const Call& call, Work& work);
    bool refuses_unknown_fields = false;
    /// What must be there depending on other fields; checked behind the required ones.
    std::optional<Refusal> (*find_missing)(const XmlMessage& message) = nullptr;
    Style style = Style::usual;
    bool in_acceptance = false;             ///< Tencent's acceptance sandbox: see acceptance.hpp
    bool needs_certificate = false;         ///< mTLS: asked for over TLS, and everywhere if strict
    std::string_view appid_name = "appid";  ///< empty: the call names no app
    std::string_view mch_id_name = "mch_id";
    bool names_sub_merchant = true;  ///< a provider must say for whom it calls
    std::optional<v2::SignType> only_sign_type = {};
    /// A field that may come percent-encoded and signed as it was before: when the sign does not
    /// match what came, it is read a second time.
    std::string_view encoded_field = {};
    std::span<const Rephrased> rephrased = {};  ///< the first that fits counts
    /// Documented refusals that no honest call earns (load, banks, risk control): a call gets one
    /// by its err_code in a Wechatpay-Negative-Test header.
    std::span<const Words> on_demand = {};
    /// Adds what the endpoint's business failures have behind err_code_des. nullptr: nothing.
    void (*complete)(Refusal& refusal) = nullptr;
    /// Style::own: the body of a refusal. nullptr: return_code, return_msg and, for a business
    /// failure, result_code, err_code, err_code_des.
    std::string (*refuse)(const Refusal& refusal, const XmlMessage* message) = nullptr;
};

/// Everything around an endpoint's handler: certificate, method, XML, merchant, signature and
/// fields in the order of v2.md 1.5, the transaction, and the signed answer. Fills in what it
/// learns about the exchange. Nothing: the answer never arrives.
std::optional<http::Response> answer(const Endpoint& endpoint, const http::Request& request,
                                     Context& context, Exchange& exchange);

/// 200 with WeChat's headers and this body.
http::Response respond(std::string body, Context& context);

}  // namespace wxpay::sandbox::api_v2
