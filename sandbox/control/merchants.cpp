// Who exists here: the list, one more, one of the range with its keys.
#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/acceptance_twin.hpp"
#include "sandbox/config/stored_merchants.hpp"
#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/limits.hpp"

namespace wxpay::sandbox::control {
namespace {

using Json = nlohmann::ordered_json;

std::string_view wire_name(MerchantOrigin origin) {
    switch (origin) {
        case MerchantOrigin::demo:
            return "demo";
        case MerchantOrigin::config:
            return "config";
        case MerchantOrigin::api:
            return "api";
        case MerchantOrigin::range:
            break;
    }
    return "range";
}

/// Without its keys.
Json to_json(const Merchant& merchant) {
    Json json{{"mch_id", merchant.mch_id.str()}, {"origin", wire_name(merchant.origin)},
              {"appids", Json::array()},         {"products", Json::array()},
              {"pays_out", merchant.pays_out},   {"top_up", merchant.top_up.count()},
              {"provider", merchant.provider}};
    for (const AppId& appid : merchant.appids) json["appids"].push_back(appid.str());
    for (const TradeType type : merchant.products)
        json["products"].push_back(wxpay::wire_name(type));
    if (!merchant.sub_mch_ids.empty()) json["sub_mch_ids"] = merchant.sub_mch_ids;
    if (!merchant.bizpay_url.empty()) json["bizpay_url"] = merchant.bizpay_url;
    if (!merchant.refund_notify_url.empty()) json["refund_notify_url"] = merchant.refund_notify_url;
    json["announces_sign_type"] = merchant.announces_sign_type;
    json["has_certificate"] = merchant.certificate.has_value();
    if (merchant.certificate) {
        json["serial_no"] = merchant.serial_no;
        json["certificate_state"] = sandbox::wire_name(merchant.certificate_state);
    }
    json["verification"] = sandbox::wire_name(merchant.verification);
    return json;
}

Result<http::Answer, Problem> list(const Call& call) {
    WXPAY_TRY(const std::size_t limit, call.limit());
    WXPAY_TRY(const auto cursor, call.cursor());
    const auto wanted = call.query("mch_id");
    Json out{{"merchants", Json::array()}};
    const auto all = call.context.directory.merchants();
    auto at = std::min(static_cast<std::size_t>(cursor.value_or(0)), all.size());
    for (; at < all.size() && out["merchants"].size() < limit; ++at) {
        if (!wanted || all[at]->mch_id.str() == *wanted)
            out["merchants"].push_back(to_json(*all[at]));
    }
    if (at < all.size()) out["next_cursor"] = std::to_string(at);
    return json_response(dump(out));
}

/// The keys of a merchant that made itself are told, or nobody could use it; those that somebody
/// gave us are not.
Result<http::Answer, Problem> show(const Call& call) {
    const std::string& mch_id = call.arguments[0];
    const Merchant* const merchant = find_on_wire(call.context.directory, mch_id);
    if (merchant == nullptr) return Failure{not_found("no merchant '" + mch_id + "'")};
    Json json = to_json(*merchant);
    if (merchant->origin == MerchantOrigin::range) {
        json["api_key"] = merchant->api_key.reveal();
        json["api_v3_key"] = merchant->api_v3_key.reveal();
    }
    return json_response(dump(json));
}

Result<http::Answer, Problem> add(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.object());
    const auto added = config::add_merchant(body, call.context.directory, call.context.store);
    if (!added) {
        const config::Problem& problem = added.error();
        return Failure{problem.path.empty() ? conflict("too_many_merchants", problem.message)
                                            : bad_request(problem.message, problem.path)};
    }
    return json_response(dump(to_json(**added)));
}

constexpr Route kRoutes[] = {
    {.method = "GET",
     .pattern = "/_sandbox/v1/merchants",
     .handle = list,
     .summary = "Who exists here",
     .answer = "MerchantList",
     .query = "mch_id limit cursor"},
    {.method = "POST",
     .pattern = "/_sandbox/v1/merchants",
     .handle = add,
     .summary = "Adds a merchant, or replaces the one with its number",
     .answer = "Merchant",
     .body = "MerchantRequest"},
    {.method = "GET",
     .pattern = "/_sandbox/v1/merchants/{mch_id}",
     .handle = show,
     .summary = "One of them; with its keys when the sandbox made them",
     .answer = "Merchant"},
};

}  // namespace

std::span<const Route> merchant_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
