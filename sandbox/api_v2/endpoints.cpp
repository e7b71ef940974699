#include "sandbox/api_v2/endpoints.hpp"

#include <array>

namespace wxpay::sandbox::api_v2 {

// Each of these is one file, <name>.cpp.
Endpoint auth_code_to_openid();
Endpoint batch_query_comment();
Endpoint close_order();
Endpoint download_bill();
Endpoint download_fund_flow();
Endpoint get_public_key();
Endpoint get_red_pack_info();
Endpoint get_transfer_info();
Endpoint get_sign_key();
Endpoint get_sign_key_xdc();
Endpoint micropay();
Endpoint order_query();
Endpoint refund();
Endpoint refund_query();
Endpoint refund_query_v2();
Endpoint refund_v2();
Endpoint report();
Endpoint reverse();
Endpoint send_red_pack();
Endpoint short_url();
Endpoint transfers();
Endpoint unified_order();
DirectCall access_token();
DirectCall default_report();  // report.cpp
DirectCall js_code_to_session();

std::span<const Endpoint> endpoints() {
    static const std::array kEndpoints{
        unified_order(),
        order_query(),
        close_order(),
        micropay(),
        refund(),
        refund_query(),
        reverse(),
        refund_query_v2(),
        refund_v2(),
        download_bill(),
        download_fund_flow(),
        short_url(),
        auth_code_to_openid(),
        report(),
        batch_query_comment(),
        get_public_key(),
        transfers(),
        get_transfer_info(),
        send_red_pack(),
        get_red_pack_info(),
        get_sign_key(),
        get_sign_key_xdc(),
    };
    return kEndpoints;
}

std::span<const DirectCall> direct_calls() {
    static const std::array kDirectCalls{js_code_to_session(), access_token(), default_report()};
    return kDirectCalls;
}

}  // namespace wxpay::sandbox::api_v2
