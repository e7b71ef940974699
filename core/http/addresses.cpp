#include "core/http/addresses.hpp"

#include <algorithm>
#include <chrono>

#include <asio/ip/address.hpp>

namespace wxpay::http {
namespace {

constexpr Millis kAttemptMax = std::chrono::seconds(2);

}  // namespace

AddressesToTry addresses_to_try(const std::string& host, const std::vector<std::string>& found,
                                const AllowAddress& allow) {
    AddressesToTry out;
    for (const std::string& text : found) {
        asio::error_code not_an_address;
        std::string address = asio::ip::make_address(text, not_an_address).to_string();
        if (not_an_address) continue;
        if (!allow || allow(host, address)) {
            out.addresses.push_back(std::move(address));
        } else if (out.refused.empty()) {
            out.refused = std::move(address);
        }
    }
    std::reverse(out.addresses.begin(), out.addresses.end());
    return out;
}

Millis time_of_attempt(Millis left, std::size_t waiting) {
    const Millis all = std::max(left, Millis{0});
    return waiting > 1 ? std::min(all / static_cast<Millis::rep>(waiting), kAttemptMax) : all;
}

}  // namespace wxpay::http
