#include "sandbox/base_url.hpp"

#include "sandbox/context.hpp"

namespace wxpay::sandbox {

std::string base_url(const http::Request& request, const Settings& settings) {
    if (!settings.public_url.empty()) return settings.public_url;
    return (request.secure ? "https://" : "http://") + std::string(request.headers.get("Host"));
}

}  // namespace wxpay::sandbox
