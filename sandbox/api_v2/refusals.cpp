#include "sandbox/api_v2/refusals.hpp"

namespace wxpay::sandbox::api_v2 {

std::string text_of(const Refusal& refusal) {
    std::string text(refusal.words.text);
    if (const std::size_t at = text.find("{}"); at != std::string::npos)
        text.replace(at, 2, refusal.field);
    return text;
}

}  // namespace wxpay::sandbox::api_v2
