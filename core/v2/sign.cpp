#include "core/v2/sign.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/codec/hex.hpp"
#include "core/crypto/digest.hpp"

namespace wxpay::v2 {
namespace {

/// Appends the string to sign, up to and with "key=".
void append_text(std::string& out, std::span<const FieldView> fields) {
    static thread_local std::vector<FieldView> sorted;
    sorted.clear();
    for (const FieldView& field : fields) {
        if (!field.value.empty() && field.name != "sign") sorted.push_back(field);
    }
    // string_view compares as unsigned bytes. Messages have 5 to 40 fields; names are unique, so
    // any sort will do.
    std::sort(sorted.begin(), sorted.end(),
              [](const FieldView& a, const FieldView& b) { return a.name < b.name; });
    for (const FieldView& field : sorted) {
        out += field.name;
        out += '=';
        out += field.value;
        out += '&';
    }
    out += "key=";
}

}  // namespace

std::string_view wire_name(SignType type) { return type == SignType::md5 ? "MD5" : "HMAC-SHA256"; }

std::optional<SignType> parse_sign_type(std::string_view word) {
    if (word == "MD5") return SignType::md5;
    if (word == "HMAC-SHA256") return SignType::hmac_sha256;
    return std::nullopt;
}

std::string string_to_sign(std::span<const FieldView> fields) {
    std::string out;
    append_text(out, fields);
    return out;
}

std::string sign(std::span<const FieldView> fields, const Secret& key, SignType type) {
    static thread_local std::string text;
    text.clear();
    append_text(text, fields);
    text += key.reveal();
    std::string out;
    out.reserve(64);
    if (type == SignType::md5) {
        append_hex(out, md5(text), HexCase::upper);
    } else {
        append_hex(out, hmac_sha256(key, text), HexCase::upper);
    }
    // The buffer is kept for the next message; the key is not.
    std::fill(text.end() - static_cast<std::ptrdiff_t>(key.reveal().size()), text.end(), '\0');
    return out;
}

bool verify(std::span<const FieldView> fields, std::string_view signature, const Secret& key,
            SignType type) {
    return equal_in_constant_time(sign(fields, key, type), signature);
}

}  // namespace wxpay::v2
