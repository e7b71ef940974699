#include "sandbox/diagnosis/signer.hpp"

#include <algorithm>
#include <utility>

#include "core/codec/ascii.hpp"
#include "core/crypto/digest.hpp"
#include "core/http/message.hpp"

#include "sandbox/diagnosis/charset.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

struct Field {
    std::string name;
    std::string value;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::pair<std::string_view, char> kEscapes[] = {
    {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

std::string url_encode(std::string_view text, bool upper, bool form) {
    std::string out;
    for (const char c : text) {
        const std::string encoded = http::percent_encode({&c, 1});
        if (form && c == ' ') {
            out += '+';
        } else if (encoded.size() == 1 || upper) {
            out += encoded;
        } else {
            std::transform(encoded.begin(), encoded.end(), std::back_inserter(out), ascii_lower);
        }
    }
    return out;
}

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto* const found = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                               [c](const auto& each) { return each.second == c; });
        if (found == std::end(kEscapes)) {
            out += c;
        } else {
            out += found->first;
        }
    }
    return out;
}

std::string unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto* const found =
            std::find_if(std::begin(kEscapes), std::end(kEscapes),
                         [text](const auto& each) { return text.starts_with(each.first); });
        const bool is_escape = found != std::end(kEscapes);
        out += is_escape ? found->second : text.front();
        text.remove_prefix(is_escape ? found->first.size() : 1);
    }
    return out;
}

std::string with_crlf(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The bytes between the tags of an element that has no attributes.
std::string_view as_written(std::string_view body, const FieldView& field) {
    const std::string open = '<' + std::string(field.name) + '>';
    const std::string close = "</" + std::string(field.name) + '>';
    const std::size_t begin = body.find(open);
    if (begin == std::string_view::npos) return field.value;
    const std::size_t from = begin + open.size();
    const std::size_t end = body.find(close, from);
    return end == std::string_view::npos ? field.value : body.substr(from, end - from);
}

std::string value_of(const FieldView& field, Signer::Values how, std::string_view raw_body) {
    using Values = Signer::Values;
    switch (how) {
        case Values::plain:
            break;
        case Values::url_encoded:
            return url_encode(field.value, true, false);
        case Values::url_encoded_lower:
            return url_encode(field.value, false, false);
        case Values::form_encoded:
            return url_encode(field.value, true, true);
        case Values::url_decoded:
            return http::percent_decode(field.value);
        case Values::trimmed:
            return std::string(trim(field.value));
        case Values::xml_escaped:
            return escape(field.value);
        case Values::xml_unescaped:
            return unescape(field.value);
        case Values::as_written:
            return std::string(as_written(raw_body, field));
        case Values::crlf:
            return with_crlf(field.value);
        case Values::latin1:
            return to_latin1(field.value).value_or(std::string(field.value));
    }
    return std::string(field.value);
}

bool less_without_case(const Field& a, const Field& b) {
    return std::lexicographical_compare(
        a.name.begin(), a.name.end(), b.name.begin(), b.name.end(),
        [](char x, char y) { return ascii_lower(x) < ascii_lower(y); });
}

/// "coupon_fee_10" as ("coupon_fee_", "10").
std::pair<std::string_view, std::string_view> split_number(std::string_view name) {
    std::size_t at = name.size();
    while (at > 0 && is_digit(name[at - 1])) --at;
    return {name.substr(0, at), name.substr(at)};
}

bool less_by_number(const Field& a, const Field& b) {
    const auto [stem_a, number_a] = split_number(a.name);
    const auto [stem_b, number_b] = split_number(b.name);
    if (stem_a != stem_b) return stem_a < stem_b;
    return std::pair(number_a.size(), number_a) < std::pair(number_b.size(), number_b);
}

void sort(std::vector<Field>& fields, Signer::Order order) {
    switch (order) {
        case Signer::Order::bytes:
            std::stable_sort(fields.begin(), fields.end(),
                             [](const Field& a, const Field& b) { return a.name < b.name; });
            break;
        case Signer::Order::without_case:
            std::stable_sort(fields.begin(), fields.end(), less_without_case);
            break;
        case Signer::Order::by_number:
            std::stable_sort(fields.begin(), fields.end(), less_by_number);
            break;
        case Signer::Order::as_sent:
            break;
    }
}

std::vector<Field> fields_of(const Signer& signer, const Signed& message, std::string_view key) {
    std::vector<Field> out;
    const auto add = [&](std::string name, std::string value) {
        if (value.empty() && signer.empty == Signer::Empty::left_out) return;
        if (value == "0" && signer.drops_zero) return;
        if (value.empty() && signer.empty == Signer::Empty::as_null) value = "null";
        out.push_back({std::move(name), std::move(value)});
    };
    for (const FieldView& field : message.fields) {
        if (field.name == "sign" || field.name == signer.not_signed) continue;
        add(std::string(field.name), value_of(field, signer.values, message.raw_body));
    }
    if (signer.extra) add(std::string(signer.extra->name), std::string(signer.extra->value));
    if (signer.sign_field) out.push_back({"sign", *signer.sign_field});
    if (signer.key_at == Signer::Key::among_fields ||
        signer.key_at == Signer::Key::among_fields_and_at_end)
        out.push_back({"key", std::string(key)});
    sort(out, signer.order);
    return out;
}

std::string_view before_key(Signer::Key where) {
    switch (where) {
        case Signer::Key::at_end:
        case Signer::Key::among_fields_and_at_end:
            return "&key=";
        case Signer::Key::ampersand:
            return "&";
        case Signer::Key::no_ampersand:
            return "key=";
        case Signer::Key::bare:
        case Signer::Key::nowhere:
        case Signer::Key::among_fields:
            break;
    }
    return "";
}

}  // namespace

std::optional<std::string> text_of(const Signer& signer, const Signed& message,
                                   std::string_view key) {
    std::string out;
    for (const Field& field : fields_of(signer, message, key)) {
        if (!out.empty()) out += '&';
        out.append(field.name).append("=").append(field.value);
    }
    out += before_key(signer.key_at);
    if (signer.key_at != Signer::Key::nowhere && signer.key_at != Signer::Key::among_fields)
        out += key;
    switch (signer.bytes) {
        case Signer::Bytes::utf8:
            return out;
        case Signer::Bytes::gbk:
            return to_gbk(out);
        case Signer::Bytes::question_marks:
            return to_question_marks(out);
    }
    return out;
}

std::string digest_of(const Signer& signer, std::string_view text) {
    const auto bytes = [](const auto& digest) { return std::string(digest.begin(), digest.end()); };
    switch (signer.hash) {
        case Signer::Hash::md5:
            return bytes(md5(text));
        case Signer::Hash::hmac_sha256:
            return bytes(hmac_sha256(signer.key, text));
        case Signer::Hash::sha256:
            return bytes(sha256(text));
    }
    return {};
}

}  // namespace wxpay::sandbox::diagnosis
