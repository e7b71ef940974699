// What users do with transfers that wait for their word.
#include <utility>

#include <nlohmann/json.hpp>

#include "sandbox/control/render.hpp"
#include "sandbox/control/routes.hpp"
#include "sandbox/products/transfer_bill.hpp"

namespace wxpay::sandbox::control {
namespace {

Result<http::Answer, Problem> confirm(const Call& call) {
    WXPAY_TRY(const nlohmann::json body, call.body({"outcome"}));
    WXPAY_TRY(const std::string word, text_member(body, "outcome", kWordMax));
    const auto outcome = parse_confirm_outcome(word.empty() ? "success" : word);
    if (!outcome) return Failure{bad_request("outcome is success, cancel or fail", "outcome")};
    const std::string& id = call.arguments[0];
    const std::size_t colon = id.find(':');
    const auto mch_id = MchId::parse(std::string_view(id).substr(0, colon));
    Work work(call.context);
    auto bill = mch_id && colon != std::string::npos
                    ? find_transfer_bill(work.store(), *mch_id, id.substr(colon + 1))
                    : std::nullopt;
    if (!bill) return Failure{not_found("no transfer '" + id + "': mch_id:out_bill_no is wanted")};
    if (!confirm_transfer_bill(work, *bill, *outcome)) {
        return Failure{conflict("NOT_WAITING",
                                "the transfer does not wait for its user: it is " + bill->state)};
    }
    auto answer = json_response(dump(transfer_bill_json(*bill)));
    work.commit();
    return answer;
}

constexpr Route kRoutes[] = {
    {.method = "POST",
     .pattern = "/_sandbox/v1/transfers/{id}/confirm",
     .handle = confirm,
     .summary = "The user accepts a transfer (mch_id:out_bill_no), leaves it, or cannot get it",
     .answer = "Transfer",
     .body = "ConfirmRequest"},
};

}  // namespace

std::span<const Route> transfer_routes() { return kRoutes; }

}  // namespace wxpay::sandbox::control
