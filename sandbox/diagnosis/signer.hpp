#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/secret.hpp"
#include "core/codec/fields.hpp"

namespace wxpay::sandbox::diagnosis {

/// A way in which a merchant's code may sign. The defaults are the right one; each mistake changes
/// a member or two.
struct Signer {
    enum class Hash { md5, hmac_sha256, sha256 };
    enum class Empty { left_out, kept, as_null };
    enum class Order { bytes, without_case, by_number, as_sent };
    enum class Values {
        plain,
        url_encoded,
        url_encoded_lower,
        form_encoded,
        url_decoded,
        trimmed,
        xml_escaped,
        xml_unescaped,
        as_written,  ///< the bytes between the tags
        crlf,
        latin1,  ///< one byte for each character; plain where there is none
    };
    enum class Bytes { utf8, gbk, question_marks };
    /// Where the key stands in the string to sign.
    enum class Key {
        at_end,        ///< "&key=" and the key
        bare,          ///< the key right behind the last value
        ampersand,     ///< "&" and the key
        no_ampersand,  ///< "key=" and the key
        nowhere,
        among_fields,            ///< sorted in as the field "key"
        among_fields_and_at_end  ///< both
    };

    Hash hash = Hash::md5;
    Empty empty = Empty::left_out;
    bool drops_zero = false;
    Order order = Order::bytes;
    Values values = Values::plain;
    Bytes bytes = Bytes::utf8;
    Key key_at = Key::at_end;
    Secret key;
    /// "sign" as one more field: nothing, an empty text, or an earlier sign.
    std::optional<std::string> sign_field = {};
    std::string_view not_signed = {};     ///< the name of a field that is passed over
    std::optional<FieldView> extra = {};  ///< a field that only the signer knows
};

/// What a message holds: its fields in the order sent, and its bytes.
struct Signed {
    std::span<const FieldView> fields;
    std::string_view raw_body;
};

/// The text that this signer hashes, with `key` (for people: a mask) in place of its own.
/// Nothing when the signer's charset cannot write it.
std::optional<std::string> text_of(const Signer& signer, const Signed& message,
                                   std::string_view key);

/// The digest's bytes, 16 or 32.
std::string digest_of(const Signer& signer, std::string_view text);

}  // namespace wxpay::sandbox::diagnosis
