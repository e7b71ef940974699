#include "core/http/reasons.hpp"

#include <cctype>

namespace wxpay::http {

std::string for_people(Millis time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

std::string for_people(const std::error_code& error) {
    std::string text = error.message();
    // "Connection refused" in the middle of a sentence; "SSL …" stays.
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0)
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

}  // namespace wxpay::http
