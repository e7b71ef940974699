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
    std::vector<std::string>& notes;  ///< what is accepted but worth knowing

    std::string_view get(std::string_view name) const { return message.get(name); }
    std::string text(std::string_view name) const { return std::string(message.get(name)); }
    MchId mch_id() const { return merchant.mch_id; }
    /// Only behind a required rule that checked it.
    OutTradeNo out_trade_no() const { return OutTradeNo::parse(get("out_trade_no")).value(); }
};

/// What a handler adds to a successful reply.
struct Reply {
    v2::Message business = {};  ///< behind result_code, in the endpoint's order
    std::string device_info = {};
    bool shows_device_info = false;  ///< also when it is empty
};

/// A V2 endpoint: its path, its fields, and what it does. `handle` runs inside one transaction,
/// which is committed when it succeeds and taken back when it refuses.
struct Endpoint {
    std::string_view path;
    std::span<const FieldRule> fields;
    bool refuses_unknown_fields;
    Result<Reply, Refusal> (*handle)(const Call& call, Work& work);
    /// What must be there depending on other fields; checked behind the required ones. nullptr:
    /// nothing.
    std::optional<Refusal> (*find_missing)(const XmlMessage& message) = nullptr;
};

/// Everything around an endpoint's handler: method, XML, merchant, signature and fields in the
/// order of v2.md 1.5, the transaction, and the signed answer. Fills in what it learns about the
/// exchange.
http::Response answer(const Endpoint& endpoint, const http::Request& request, Context& context,
                      Exchange& exchange);

}  // namespace wxpay::sandbox::api_v2
