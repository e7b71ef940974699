#include "sandbox/api_v2/endpoints.hpp"

#include <array>

namespace wxpay::sandbox::api_v2 {

// Each of these is one file, <name>.cpp.
Endpoint unified_order();
Endpoint order_query();
Endpoint close_order();

std::span<const Endpoint> endpoints() {
    static const std::array kEndpoints{unified_order(), order_query(), close_order()};
    return kEndpoints;
}

}  // namespace wxpay::sandbox::api_v2
