#include "sandbox/api_v2/endpoints.hpp"

#include <array>

namespace wxpay::sandbox::api_v2 {

// Each of these is one file, <name>.cpp.
Endpoint close_order();
Endpoint download_bill();
Endpoint download_fund_flow();
Endpoint get_sign_key();
Endpoint get_sign_key_xdc();
Endpoint micropay();
Endpoint order_query();
Endpoint refund();
Endpoint refund_query();
Endpoint refund_query_v2();
Endpoint refund_v2();
Endpoint reverse();
Endpoint unified_order();

std::span<const Endpoint> endpoints() {
    static const std::array kEndpoints{
        unified_order(),      order_query(),  close_order(),      micropay(),  refund(),
        refund_query(),       reverse(),      refund_query_v2(),  refund_v2(), download_bill(),
        download_fund_flow(), get_sign_key(), get_sign_key_xdc(),
    };
    return kEndpoints;
}

}  // namespace wxpay::sandbox::api_v2
