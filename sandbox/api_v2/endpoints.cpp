#include "sandbox/api_v2/endpoints.hpp"

#include <array>

namespace wxpay::sandbox::api_v2 {

// Each of these is one file, <name>.cpp.
Endpoint unified_order();
Endpoint order_query();
Endpoint close_order();
Endpoint short_url();
Endpoint auth_code_to_openid();
Endpoint report();
Endpoint batch_query_comment();
Endpoint get_public_key();
Endpoint transfers();
Endpoint get_transfer_info();
Endpoint send_red_pack();
Endpoint get_red_pack_info();
DirectCall js_code_to_session();
DirectCall access_token();
DirectCall default_report();  // report.cpp

std::span<const Endpoint> endpoints() {
    static const std::array kEndpoints{
        unified_order(),       order_query(),         close_order(),
        short_url(),           auth_code_to_openid(), report(),
        batch_query_comment(), get_public_key(),      transfers(),
        get_transfer_info(),   send_red_pack(),       get_red_pack_info()};
    return kEndpoints;
}

std::span<const DirectCall> direct_calls() {
    static const std::array kDirectCalls{js_code_to_session(), access_token(), default_report()};
    return kDirectCalls;
}

}  // namespace wxpay::sandbox::api_v2
