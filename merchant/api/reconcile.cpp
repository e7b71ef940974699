#include "merchant/reconcile/reconcile.hpp"

#include <nlohmann/json.hpp>

#include "merchant/api/routes.hpp"

namespace wxpay::merchant::api {
namespace {

bool is_loopback(std::string_view address) {
    return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

}  // namespace

/// POST /api/reconcile: one round now, for the operator and for tests. Only from this machine, for
/// each round costs WeChat up to kReconcileBatch queries.
Outcome reconcile_now(const Call& call, const Context& context) {
    if (!is_loopback(call.request.remote_address))
        return Failure{Problem{403, "not_local", "call it from the shop's own machine"}};
    const Round round = reconcile(context);
    return json_answer(200, {{"checked", round.checked},
                             {"credited", round.credited},
                             {"closed", round.closed},
                             {"failed", round.failed}});
}

}  // namespace wxpay::merchant::api
