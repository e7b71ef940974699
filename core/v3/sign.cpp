#include "core/v3/sign.hpp"

#include <initializer_list>

namespace wxpay::v3 {
namespace {

std::string lines(std::initializer_list<std::string_view> all) {
    std::size_t size = 0;
    for (const std::string_view line : all) size += line.size() + 1;
    std::string out;
    out.reserve(size);
    for (const std::string_view line : all) out.append(line).push_back('\n');
    return out;
}

}  // namespace

std::string request_string(std::string_view method, std::string_view target,
                           std::string_view timestamp, std::string_view nonce,
                           std::string_view body) {
    return lines({method, target, timestamp, nonce, body});
}

std::string response_string(std::string_view timestamp, std::string_view nonce,
                            std::string_view body) {
    return lines({timestamp, nonce, body});
}

std::string pay_string(std::string_view app_id, std::string_view timestamp, std::string_view nonce,
                       std::string_view last) {
    return lines({app_id, timestamp, nonce, last});
}

}  // namespace wxpay::v3
