#include "core/codec/base64.hpp"

#include <algorithm>

#include <openssl/evp.h>

namespace wxpay {

std::string base64_encode(std::span<const unsigned char> bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock writes a final NUL
    const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                        static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(written));
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out(text.size() / 4 * 3, '\0');
    // OpenSSL skips blanks, decodes padding to zeros and overlooks spare bits; encoding it again
    // shows whether it did any of that.
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size())) != static_cast<int>(out.size())) {
        return std::nullopt;
    }
    out.resize(out.size() - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
    if (base64_encode({reinterpret_cast<const unsigned char*>(out.data()), out.size()}) != text)
        return std::nullopt;
    return out;
}

std::string base64url_encode(std::span<const unsigned char> bytes) {
    std::string out = base64_encode(bytes);
    out.erase(std::find(out.begin(), out.end(), '='), out.end());
    std::replace(out.begin(), out.end(), '+', '-');
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

}  // namespace wxpay
