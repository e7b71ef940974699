#include "sandbox/diagnosis/mistake.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

struct Row {
    Mistake mistake;
    std::string_view name;
    std::string_view hint;  ///< {}: the finding's detail
    std::string_view advice;
};

constexpr std::array kRows{
    Row{Mistake::lower_case_hex, "lower_case_hex",
        "the sign is in lower case; WeChat wants upper-case hex",
        "Turn the sign into upper case as the last step (签名结果转大写)."},
    Row{Mistake::base64, "base64", "the sign is base64; WeChat wants upper-case hex",
        "Write the digest as upper-case hex digits: 32 for MD5, 64 for HMAC-SHA256."},
    Row{Mistake::hmac_not_announced, "hmac_not_announced",
        "signed by HMAC-SHA256, but sign_type=HMAC-SHA256 was not sent",
        "Send sign_type=HMAC-SHA256, and sign it like any other field; without it WeChat expects "
        "MD5."},
    Row{Mistake::md5_despite_sign_type, "md5_despite_sign_type",
        "sign_type says HMAC-SHA256, but the sign is an MD5",
        "Sign with HMAC-SHA256, or leave sign_type out (or MD5) and keep signing with MD5."},
    Row{Mistake::plain_sha256, "plain_sha256", "signed by a plain SHA-256; HMAC-SHA256 is wanted",
        "HMAC-SHA256 is keyed with the API key, and its text ends in &key= and that key as well."},
    Row{Mistake::other_merchants_key, "other_merchants_key",
        "signed with the API key of merchant {}",
        "Key and mch_id belong together. In provider mode (服务商) the provider's key signs, never "
        "the sub-merchant's."},
    Row{Mistake::sandbox_key_in_production, "sandbox_key_in_production",
        "signed with the acceptance sandbox's key of {}; this call wants the API key",
        "The key from getsignkey (sandbox_signkey) is for paths below /sandboxnew/ only."},
    Row{Mistake::production_key_in_sandbox, "production_key_in_sandbox",
        "signed with the API key of {}; this call wants the acceptance sandbox's key",
        "Fetch sandbox_signkey from getsignkey and sign every other sandbox call with it."},
    Row{Mistake::known_key_not_given, "known_key_not_given",
        "signed with the demo key of {}, not with the key given",
        "Without a key given, a message is checked by the sandbox's own key of its mch_id."},
    Row{Mistake::api_v3_key, "api_v3_key",
        "signed with the APIv3 key of {}; V2 has a key of its own",
        "The merchant platform keeps two keys: APIv2密钥 signs V2 messages, APIv3密钥 only "
        "decrypts "
        "V3 callbacks."},
    Row{Mistake::app_secret, "app_secret", "signed with the AppSecret of {} instead of the API key",
        "AppSecret is for login (jscode2session); payments are signed with the merchant's API "
        "key."},
    Row{Mistake::key_with_white_space, "key_with_white_space",
        "signed with the right key and {} behind it",
        "Trim the key where it is read: a line end or a space from a file or a variable came "
        "along."},
    Row{Mistake::key_in_other_case, "key_in_other_case", "signed with the right key in {} case",
        "Letters of the key count as they are: nothing may turn the string to sign into upper or "
        "lower case."},
    Row{Mistake::key_missing, "key_missing", "signed without the key: {}",
        "The string to sign ends in &key= and the API key. An empty, null or undefined key most "
        "often means that the configuration was not read."},
    Row{Mistake::key_without_its_name, "key_without_its_name",
        "the key was appended {}; the string to sign ends in '&key=' and the key",
        "Append exactly '&key=' and the API key."},
    Row{Mistake::key_among_the_fields, "key_among_the_fields",
        "the key was sorted among the fields{}",
        "Sort the fields first and append '&key=' and the key behind all of them, once."},
    Row{Mistake::empty_values_signed, "empty_values_signed", "empty values were signed{}",
        "Leave fields with an empty value out of the string to sign (参数的值为空不参与签名)."},
    Row{Mistake::zero_left_out, "zero_left_out", "a value of 0 was left out of the signature",
        "0 is a value: only empty texts stay out of the string to sign. Filters for falsy values "
        "drop it."},
    Row{Mistake::sorted_without_case, "sorted_without_case",
        "names were sorted without regard to case",
        "Sort by byte value (ASCII码): upper-case letters come before lower-case ones."},
    Row{Mistake::sorted_by_number, "sorted_by_number",
        "numbers in names were sorted by value; wanted is byte order",
        "Sort by byte value (ASCII码): coupon_fee_10 comes before coupon_fee_2."},
    Row{Mistake::not_sorted, "not_sorted",
        "the fields were signed in the order in which they were sent",
        "Sort the names by byte value (ASCII码从小到大) before joining them."},
    Row{Mistake::url_encoded, "url_encoded", "values were URL-encoded before signing",
        "Sign the values as they are; URL encoding has no place in a V2 message."},
    Row{Mistake::url_encoded_lower, "url_encoded_lower",
        "values were URL-encoded (lower-case hex) before signing",
        "Sign the values as they are; URL encoding has no place in a V2 message."},
    Row{Mistake::form_encoded, "form_encoded",
        "values were form-encoded (space as +) before signing",
        "Sign the values as they are: http_build_query, URLSearchParams and the like encode them."},
    Row{Mistake::sent_url_encoded, "sent_url_encoded",
        "the plain values were signed, but URL-encoded ones were sent",
        "Send in the XML exactly the values that were signed."},
    Row{Mistake::trimmed, "trimmed", "trimmed values were signed, but untrimmed ones were sent",
        "Trim before signing and sending, or not at all: both need the same value."},
    Row{Mistake::xml_escaped, "xml_escaped", "XML-escaped values were signed",
        "Sign the plain characters (&, <), then escape them or use CDATA when writing the XML."},
    Row{Mistake::sent_escaped_twice, "sent_escaped_twice",
        "the plain values were signed, but they were XML-escaped twice when sent",
        "Escape once: inside CDATA nothing is escaped, and an XML writer escapes by itself."},
    Row{Mistake::xml_as_written, "xml_as_written",
        "values were signed as they are written in the XML, with CDATA marks or escapes",
        "Sign the plain characters, without <![CDATA[ ]]>, and without escapes."},
    Row{Mistake::line_ends, "line_ends",
        "values were signed with CR LF line ends, which XML turns into LF",
        "Use LF in values before signing: every XML reader sees CR LF as LF."},
    Row{Mistake::gbk, "gbk", "the text was signed in GBK; WeChat wants UTF-8",
        "Take the bytes of the string to sign in UTF-8, for example getBytes(\"UTF-8\")."},
    Row{Mistake::question_marks, "question_marks",
        "characters beyond ASCII were signed as '?': the signer's charset has none of them",
        "Take the bytes of the string to sign in UTF-8; the default charset of the process is "
        "another one (LANG=C, -Dfile.encoding)."},
    Row{Mistake::sent_as_latin1, "sent_as_latin1",
        "the signed text was right, but its UTF-8 was sent as if it were Latin-1",
        "Send the same UTF-8 bytes that were signed: the HTTP client encoded them once more."},
    Row{Mistake::sign_included, "sign_included", "the field 'sign' itself was signed{}",
        "Leave sign out of the string to sign; take it out before a message is signed again."},
    Row{Mistake::field_not_signed, "field_not_signed", "'{}' was sent but not signed",
        "Every field that is sent with a value is signed, sign_type too. Add it before signing."},
    Row{Mistake::field_not_sent, "field_not_sent", "'{}' was signed but not sent",
        "Send every field that was signed."},
    Row{Mistake::v3_last_line_end, "v3_last_line_end", "the last line end is missing: {}",
        "Each of the five lines ends with one LF, the last one too. Without a body the fifth line "
        "is empty, so the string ends with two of them."},
    Row{Mistake::v3_line_ends, "v3_line_ends", "the lines were signed with {} as line ends",
        "Every line ends with the one byte 0x0A, on every system; in PHP \"\\n\" stands in double "
        "quotes."},
    Row{Mistake::v3_query_left_out, "v3_query_left_out", "the query string was not signed",
        "Sign path and query together, exactly as they stand on the request line."},
    Row{Mistake::v3_target_form, "v3_target_form", "path and query were signed {}",
        "Sign path and query byte for byte as they stand on the request line: no other encoding, "
        "order or case."},
    Row{Mistake::v3_full_url, "v3_full_url", "the URL was signed with {}; wanted: from the path on",
        "The second line is the path with the query; scheme and host are no part of it."},
    Row{Mistake::v3_path_variable_in_query, "v3_path_variable_in_query",
        "path variables stood in the query as well when {}",
        "A variable of the path stands in the path only: take it out of the parameters before the "
        "client makes a query string of them."},
    Row{Mistake::v3_method, "v3_method", "the method was signed as {}",
        "The first line is the method of the request line in upper case: a helper that always "
        "signs "
        "GET or POST, or lower case, breaks it."},
    Row{Mistake::v3_body_left_out, "v3_body_left_out", "the body was sent but not signed",
        "The fifth line is the body, byte for byte. Some clients sign before they serialise the "
        "JSON: serialise first, sign that text, and send it as it is."},
    Row{Mistake::v3_body_not_sent, "v3_body_not_sent", "a body was signed ({}) but none was sent",
        "Without a body the fifth line is empty: not {}, not null. If a body was meant to be sent, "
        "see where the HTTP client loses it."},
    Row{Mistake::v3_body_serialised_anew, "v3_body_serialised_anew",
        "the body was serialised twice: signed was its JSON {}",
        "Serialise once, sign that text, and send the same bytes: HTTP clients that take an object "
        "write it in a form of their own."},
    Row{Mistake::v3_timestamp, "v3_timestamp",
        "signed with timestamp {}, but the header has another one",
        "Take the time once, in seconds, and use the same text in the string to sign and in the "
        "header."},
    Row{Mistake::v3_nonce, "v3_nonce", "nonce_str was signed {}",
        "Make one nonce_str and use the same text in the string to sign and in the header."},
    Row{Mistake::v3_line_order, "v3_line_order", "the lines were signed in another order: {}",
        "The order is method, path with query, timestamp, nonce_str, body."},
    Row{Mistake::v3_other_merchants_key, "v3_other_merchants_key",
        "signed with the private key of merchant {}",
        "mchid, serial_no and private key belong together; a provider signs with its own, never "
        "with the sub-merchant's."},
    Row{Mistake::v3_pss, "v3_pss", "signed with RSA-PSS; wanted is RSASSA-PKCS1-v1_5 with SHA-256",
        "Choose SHA256withRSA (PKCS#1 v1.5), not PSS: in libraries often the padding's name."},
    Row{Mistake::v3_sha1, "v3_sha1", "signed with SHA-1; wanted is SHA-256 with RSA",
        "Name SHA-256 when signing: SHA256withRSA, OPENSSL_ALGO_SHA256; some defaults are SHA-1."},
    Row{Mistake::v3_signature_form, "v3_signature_form", "the signature is written {}",
        "Write the signature as base64 in one line: with '+', '/' and '=', no line ends, no hex, "
        "no "
        "URL encoding."},
};

const Row& row(Mistake mistake) {
    const auto found = std::find_if(kRows.begin(), kRows.end(),
                                    [mistake](const Row& each) { return each.mistake == mistake; });
    WXPAY_ASSERT(found != kRows.end());
    return *found;
}

}  // namespace

std::string_view name(Mistake mistake) { return row(mistake).name; }

std::vector<std::string> names(const std::vector<Finding>& findings) {
    std::vector<std::string> out;
    for (const Finding& finding : findings) out.emplace_back(name(finding.mistake));
    return out;
}

std::string hint(const Finding& finding) {
    return fmt::format(fmt::runtime(row(finding.mistake).hint), finding.detail);
}

std::string hints(const std::vector<Finding>& findings) {
    std::string out;
    for (const Finding& finding : findings) {
        if (!out.empty()) out += "; and ";
        out += hint(finding);
    }
    return out;
}

std::string_view advice(Mistake mistake) { return row(mistake).advice; }

}  // namespace wxpay::sandbox::diagnosis
