#include "core/codec/pieces.hpp"

#include <algorithm>

namespace wxpay {

std::vector<std::string_view> pieces_of(std::string_view text, char separator) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::string_view piece = text.substr(0, text.find(separator));
        out.push_back(piece);
        text.remove_prefix(std::min(piece.size() + 1, text.size()));
    }
    return out;
}

}  // namespace wxpay
