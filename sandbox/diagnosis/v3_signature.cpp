#include "sandbox/diagnosis/v3_signature.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/codec/base64.hpp"
#include "core/codec/json.hpp"
#include "core/codec/pieces.hpp"
#include "core/codec/utf8.hpp"
#include "core/v3/sign.hpp"

#include "sandbox/diagnosis/nearest.hpp"
#include "sandbox/diagnosis/signature.hpp"

namespace wxpay::sandbox::diagnosis {
namespace {

using Scheme = RsaPublicKey::Scheme;

enum Line : std::size_t { method, target, timestamp, nonce, body, kLines };
constexpr std::array<std::string_view, kLines> kLineNames{"method", "URL", "timestamp", "nonce_str",
                                                          "body"};

/// A way in which a client may sign: what stands in the five lines, and how they are joined. As
/// made from the request it is the right one; each mistake changes a member or two.
struct V3Signer {
    std::array<std::string, kLines> lines;
    std::array<std::size_t, kLines> order{method, target, timestamp, nonce, body};
    std::string line_end = "\n";
    int ends_missing = 0;  ///< line ends that are not there at the end
    Scheme scheme = Scheme::pkcs1_sha256;
    const RsaPublicKey* key = nullptr;

    std::string text() const {
        std::string out;
        for (const std::size_t line : order) out.append(lines[line]).append(line_end);
        for (int i = 0; i < ends_missing && out.ends_with(line_end); ++i)
            out.resize(out.size() - line_end.size());
        return out;
    }
};

/// One mistake as a change of the right signer; two with one `about` exclude each other.
struct V3Slip {
    enum class About { end, target, method, body, time, nonce, order, key, scheme };
    Finding finding;
    About about;
    bool combines;
    std::function<void(V3Signer&)> apply;
};

std::string turned(std::string text, int (*letter)(int)) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [letter](unsigned char c) { return static_cast<char>(letter(c)); });
    return text;
}

/// JSON as other libraries write it.
struct Style {
    bool has_blanks = false;       ///< Python: ", " and ": "
    bool escapes_unicode = false;  ///< Python, PHP
    bool escapes_slashes = false;  ///< PHP
};

std::string in_style(std::string_view compact, const Style& style) {
    std::string out;
    bool in_text = false;
    for (std::size_t i = 0; i < compact.size(); ++i) {
        const char c = compact[i];
        if (in_text && c == '\\' && i + 1 < compact.size()) {
            out += c;
            out += compact[++i];
            continue;
        }
        if (c == '"') in_text = !in_text;
        if (in_text && c == '/' && style.escapes_slashes) out += '\\';
        out += c;
        if (!in_text && style.has_blanks && (c == ',' || c == ':')) out += ' ';
    }
    return out;
}

template <class Json>
std::string dumped(const Json& json, const Style& style) {
    constexpr auto kReplace = Json::error_handler_t::replace;
    return in_style(json.dump(-1, ' ', style.escapes_unicode, kReplace), style);
}

/// All slips that this request and these merchants allow, the likely ones first.
class V3Slips {
  public:
    V3Slips(const http::Request& request, const Merchant& merchant, const Directory& directory,
            const V3Signer& right)
        : request_(request), merchant_(merchant), directory_(directory), right_(right) {}

    std::vector<V3Slip> all() {
        ends();
        bodies();
        methods();
        targets();
        keys();
        times();
        likely_orders();
        return std::move(slips_);
    }

    /// Every order of the five lines.
    static std::vector<V3Slip> orders() {
        std::vector<V3Slip> out;
        std::array<std::size_t, kLines> order{method, target, timestamp, nonce, body};
        while (std::next_permutation(order.begin(), order.end())) out.push_back(of_order(order));
        return out;
    }

  private:
    using About = V3Slip::About;

    void add(Mistake mistake, std::string detail, About about, bool combines,
             std::function<void(V3Signer&)> apply) {
        slips_.push_back({{mistake, std::move(detail)}, about, combines, std::move(apply)});
    }
    void line(Mistake mistake, std::string detail, About about, Line at, std::string value,
              bool combines = false) {
        if (value == right_.lines[at]) return;
        add(mistake, std::move(detail), about, combines,
            [at, value = std::move(value)](V3Signer& signer) { signer.lines[at] = value; });
    }

    void ends() {
        add(Mistake::v3_last_line_end, "the fifth line ends with a LF as well", About::end, true,
            [](V3Signer& signer) { signer.ends_missing = 1; });
        if (right_.lines[body].empty()) {
            add(Mistake::v3_last_line_end, "without a body the string ends with two LF", About::end,
                true, [](V3Signer& signer) { signer.ends_missing = 2; });
        }
        add(Mistake::v3_line_ends, "CR LF", About::end, true,
            [](V3Signer& signer) { signer.line_end = "\r\n"; });
        add(Mistake::v3_line_ends, "a backslash and an n", About::end, true,
            [](V3Signer& signer) { signer.line_end = "\\n"; });
        add(Mistake::v3_line_ends, "nothing", About::end, false,
            [](V3Signer& signer) { signer.line_end = ""; });
    }

    void bodies() {
        const std::string& sent = right_.lines[body];
        if (sent.empty()) {
            for (const char* const guess : {"{}", "null", "undefined", "[]", "\"\""})
                line(Mistake::v3_body_not_sent, guess, About::body, body, guess);
            return;
        }
        line(Mistake::v3_body_left_out, "", About::body, body, "", true);
        const auto anew = [this](std::string detail, std::string text, bool combines = false) {
            line(Mistake::v3_body_serialised_anew, std::move(detail), About::body, body,
                 std::move(text), combines);
        };
        anew("as '[object Object]'", "[object Object]");
        anew("with a LF behind it", sent + "\n");
        if (sent.ends_with('\n')) anew("without the LF behind it", sent.substr(0, sent.size() - 1));
        constexpr std::size_t kSerialisedMax = 64 * 1024;
        if (sent.size() > kSerialisedMax || !parse_json(sent)) return;
        // parse_json() has seen that it is JSON of no great depth.
        const auto as_sent = nlohmann::ordered_json::parse(sent, nullptr, false);
        const auto sorted = nlohmann::json::parse(sent, nullptr, false);
        constexpr int kTwo = 2;
        constexpr int kFour = 4;
        constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
        anew("compact", dumped(as_sent, {}), true);
        anew("compact and sorted", dumped(sorted, {}), true);
        anew("with blanks", dumped(as_sent, {.has_blanks = true}), true);
        anew("with blanks and \\u escapes",
             dumped(as_sent, {.has_blanks = true, .escapes_unicode = true}));
        anew("with \\u escapes", dumped(as_sent, {.escapes_unicode = true}));
        anew("with \\u escapes and escaped slashes",
             dumped(as_sent, {.escapes_unicode = true, .escapes_slashes = true}), true);
        anew("with escaped slashes", dumped(as_sent, {.escapes_slashes = true}));
        anew("sorted, with blanks", dumped(sorted, {.has_blanks = true}));
        anew("sorted, with \\u escapes", dumped(sorted, {.escapes_unicode = true}));
        anew("indented by 2", as_sent.dump(kTwo, ' ', false, kReplace));
        anew("indented by 4", as_sent.dump(kFour, ' ', false, kReplace));
        anew("as a JSON text in quotes", dumped(nlohmann::json(sent), {}));
    }

    void methods() {
        const std::string& sent = right_.lines[method];
        for (const char* const other : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
            line(Mistake::v3_method, fmt::format("{}, but {} was sent", other, printable(sent)),
                 About::method, method, other);
        }
        line(Mistake::v3_method, "lower case", About::method, method, turned(sent, std::tolower));
    }

    void targets() {
        const std::string& sent = right_.lines[target];
        const std::size_t mark = std::min(sent.find('?'), sent.size());
        const std::string path = sent.substr(0, mark);
        const std::string query = sent.substr(std::min(mark + 1, sent.size()));
        const auto other = [this](Mistake mistake, std::string detail, std::string value,
                                  bool combines = false) {
            line(mistake, std::move(detail), About::target, target, std::move(value), combines);
        };
        other(Mistake::v3_query_left_out, "", path, true);
        other(Mistake::v3_target_form, "URL-decoded", http::percent_decode(sent), true);
        other(Mistake::v3_target_form, "URL-decoded, '+' as a blank",
              http::percent_decode(sent, true));
        const std::string host(request_.headers.get("Host"));
        other(Mistake::v3_full_url, "scheme and host", "https://api.mch.weixin.qq.com" + sent,
              true);
        other(Mistake::v3_full_url, "scheme and host", "http://" + host + sent, true);
        other(Mistake::v3_full_url, "scheme and host", "https://" + host + sent);
        other(Mistake::v3_full_url, "its host", host + sent);
        path_variables(path, query, other);
        other(Mistake::v3_target_form, "without the leading '/'", sent.substr(1));
        if (sent.starts_with("/v3/"))
            other(Mistake::v3_target_form, "without '/v3'", sent.substr(sizeof "/v3" - 1));
        other(Mistake::v3_target_form, "in lower case", turned(sent, std::tolower));
        other(Mistake::v3_target_form, "with a '?' behind it", sent + "?");
        if (query.empty()) return;
        other(Mistake::v3_target_form, "with the values URL-encoded",
              path + "?" + joined(query, [](std::string_view value) {
                  return http::percent_encode(http::percent_decode(value));
              }));
        std::string sorted = path;
        auto pieces = pieces_of(query, '&');
        std::sort(pieces.begin(), pieces.end());
        for (const auto piece : pieces) {
            sorted += sorted.size() == path.size() ? '?' : '&';
            sorted += piece;
        }
        other(Mistake::v3_target_form, "with the parameters sorted", sorted);
    }

    static std::string joined(std::string_view query,
                              const std::function<std::string(std::string_view)>& write) {
        std::string out;
        for (const auto& [name, value] : http::query_parameters(query)) {
            if (!out.empty()) out += '&';
            out.append(name).append("=").append(write(value));
        }
        return out;
    }

    /// source  [B] github.com/klover2/wechatpay-node-v3-ts/issues/36
    template <class Other>
    void path_variables(const std::string& path, const std::string& query, Other other) {
        const auto segments = pieces_of(path, '/');
        const auto stands_in_path = [&](std::string_view value) {
            return std::find(segments.begin(), segments.end(), value) != segments.end();
        };
        std::string rest;
        for (const auto& [name, value] : http::query_parameters(query)) {
            if (!value.empty() && stands_in_path(value)) continue;
            rest += rest.empty() ? "?" : "&";
            rest.append(name).append("=").append(value);
        }
        other(Mistake::v3_path_variable_in_query, "sent, but were not signed there", path + rest);
        constexpr std::size_t kFirstVariable = 3;
        for (std::size_t i = kFirstVariable; i < segments.size(); ++i) {
            std::string name(segments[i - 1]);
            std::replace(name.begin(), name.end(), '-', '_');
            if (name == "id") name = "transaction_id";
            const std::string pair = name + "=" + std::string(segments[i]);
            other(Mistake::v3_path_variable_in_query, "signed, but were not sent there",
                  path + "?" + (query.empty() ? "" : query + "&") + pair);
            other(Mistake::v3_path_variable_in_query, "signed, but were not sent there",
                  path + "?" + pair + (query.empty() ? "" : "&" + query));
            std::string pattern = path;
            const auto at = static_cast<std::size_t>(segments[i].data() - path.data());
            pattern.replace(at, segments[i].size(), "{" + name + "}");
            other(Mistake::v3_target_form, "with a variable of the path not filled in",
                  pattern + (query.empty() ? "" : "?" + query));
        }
    }

    void keys() {
        add(Mistake::v3_pss, "", About::scheme, true,
            [](V3Signer& signer) { signer.scheme = Scheme::pss_sha256; });
        add(Mistake::v3_sha1, "", About::scheme, true,
            [](V3Signer& signer) { signer.scheme = Scheme::pkcs1_sha1; });
        constexpr std::size_t kOthersMax = 32;
        std::size_t others = 0;
        for (const Merchant* const each : directory_.merchants()) {
            const bool is_other = each->public_key && each->serial_no != merchant_.serial_no;
            if (!is_other || ++others > kOthersMax) continue;
            add(Mistake::v3_other_merchants_key, each->wire_id(), About::key, false,
                [each](V3Signer& signer) { signer.key = &*each->public_key; });
        }
    }

    void times() {
        const std::string& sent = right_.lines[timestamp];
        std::int64_t seconds = 0;
        std::from_chars(sent.data(), sent.data() + sent.size(), seconds);
        const auto other = [&](const std::string& text) {
            line(Mistake::v3_timestamp, text, About::time, timestamp, text);
        };
        other(sent + "000");
        for (const int off : {-1, 1, -2, 2, -3, 3}) other(std::to_string(seconds + off));
        const std::string& word = right_.lines[nonce];
        line(Mistake::v3_nonce, "in upper case", About::nonce, nonce, turned(word, std::toupper));
        line(Mistake::v3_nonce, "in lower case", About::nonce, nonce, turned(word, std::tolower));
        line(Mistake::v3_nonce, "as an empty text", About::nonce, nonce, "");
    }

    static V3Slip of_order(const std::array<std::size_t, kLines>& order) {
        std::string names;
        for (const std::size_t line : order) {
            if (!names.empty()) names += ", ";
            names += kLineNames[line];
        }
        return {{Mistake::v3_line_order, std::move(names)},
                V3Slip::About::order,
                false,
                [order](V3Signer& signer) { signer.order = order; }};
    }
    void likely_orders() {
        slips_.push_back(of_order({method, target, nonce, timestamp, body}));
        slips_.push_back(of_order({timestamp, method, target, nonce, body}));
        slips_.push_back(of_order({timestamp, nonce, method, target, body}));
    }

    const http::Request& request_;
    const Merchant& merchant_;
    const Directory& directory_;
    const V3Signer& right_;
    std::vector<V3Slip> slips_;
};

struct V3Match {
    V3Signer signer;
    std::vector<Finding> findings;
};

class V3Search {
  public:
    explicit V3Search(std::string_view signature) : signature_(signature) {}

    std::optional<V3Match> run(const V3Signer& right, const std::vector<V3Slip>& slips) {
        if (fits(right)) return V3Match{right, {}};
        if (auto match = one_of(right, slips)) return match;
        for (std::size_t i = 0; i < slips.size(); ++i) {
            for (std::size_t j = i + 1; j < slips.size(); ++j) {
                const V3Slip& a = slips[i];
                const V3Slip& b = slips[j];
                if (a.about == b.about || !a.combines || !b.combines) continue;
                V3Signer signer = right;
                a.apply(signer);
                b.apply(signer);
                if (fits(signer)) return V3Match{signer, {a.finding, b.finding}};
            }
        }
        return one_of(right, V3Slips::orders());
    }

  private:
    bool is_exhausted() const { return tries_ >= kVerificationsMax || bytes_ >= kV3HashedBytesMax; }

    std::optional<V3Match> one_of(const V3Signer& right, const std::vector<V3Slip>& slips) {
        for (const V3Slip& slip : slips) {
            V3Signer signer = right;
            slip.apply(signer);
            if (fits(signer)) return V3Match{signer, {slip.finding}};
        }
        return std::nullopt;
    }

    bool fits(const V3Signer& signer) {
        if (is_exhausted()) return false;
        std::string text = signer.text();
        const bool is_plain = signer.scheme == Scheme::pkcs1_sha256;
        const bool is_new =
            seen_.insert({signer.key, !is_plain, std::hash<std::string>{}(text)}).second;
        if (is_plain && !is_new) return false;
        ++tries_;
        bytes_ += text.size();
        return signer.key->verify(signer.scheme, text, signature_);
    }

    const std::string_view signature_;
    std::set<std::tuple<const void*, bool, std::size_t>> seen_;
    std::size_t tries_ = 0;
    std::size_t bytes_ = 0;
};

bool is_hex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        int byte = 0;
        std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        out += static_cast<char>(byte);
    }
    return out;
}

std::string without(std::string text, std::string_view letters) {
    std::erase_if(text, [letters](char c) { return letters.find(c) != std::string_view::npos; });
    return text;
}

/// A signature as bytes, and how else than as base64 it was written.
struct Written {
    std::string bytes;
    std::string_view form = {};
};

std::optional<Written> read_signature_text(const std::string& text) {
    constexpr std::size_t kHexDigits = 512;
    // Before base64, as which its digits can be read too.
    if (text.size() >= kHexDigits && is_hex(text)) return Written{from_hex(text), "as hex"};
    if (auto plain = base64_decode(text)) return Written{*std::move(plain)};
    std::string other = http::percent_decode(text);
    if (other != text) {
        if (auto bytes = base64_decode(other)) return Written{*std::move(bytes), "URL-encoded"};
    }
    other = text;
    std::replace(other.begin(), other.end(), '-', '+');
    std::replace(other.begin(), other.end(), '_', '/');
    constexpr std::size_t kGroup = 4;
    while (other.size() % kGroup != 0) other += '=';
    if (auto bytes = base64_decode(other)) {
        return Written{*std::move(bytes), text.find_first_of("-_") == std::string::npos
                                              ? "without its '=' at the end"
                                              : "as URL-safe base64"};
    }
    other = text;
    std::replace(other.begin(), other.end(), ' ', '+');
    if (auto bytes = base64_decode(other))
        return Written{*std::move(bytes), "with blanks in place of '+'"};
    other = text;
    for (const std::string_view end : {"\\r", "\\n"}) {
        for (std::size_t at = 0; (at = other.find(end)) != std::string::npos;)
            other.erase(at, end.size());
    }
    if (auto bytes = base64_decode(without(other, " \t\r\n")))
        return Written{*std::move(bytes), "with line ends or blanks in it"};
    return std::nullopt;
}

/// Something else than an RSA signature.
std::string why_no_signature(const std::string& text) {
    constexpr std::size_t kMd5 = 32;
    constexpr std::size_t kSha256 = 64;
    if (is_hex(text) && (text.size() == kMd5 || text.size() == kSha256)) {
        return fmt::format(
            "the signature is {} hex digits, a sign of V2; V3 signs with the RSA private key",
            text.size());
    }
    return "the signature is not base64";
}

/// The string to sign for people: each LF as "\n" and a new line.
std::string shown(const V3Signer& signer) {
    constexpr std::size_t kShownMax = 4 * 1024;
    constexpr std::string_view kLineStart = "\n  ";
    const std::string text = signer.text();
    const std::string_view start = is_utf8(text) ? utf8_prefix(text, kShownMax) : text;
    std::string out(kLineStart.substr(1));
    for (const char c : shown_text(start)) {
        if (c == '\n') {
            out.append("\\n").append(kLineStart);
        } else {
            out += c;
        }
    }
    if (out.ends_with(kLineStart)) out.resize(out.size() - kLineStart.size());
    return out + (start.size() < text.size() ? "…" : "");
}

std::string compare_with_yours(const V3Signer& right) {
    return fmt::format(
        "The string to sign as the sandbox computes it, {} bytes (\\n stands for one LF):\n{}\n"
        "Print yours just before it is signed and compare the two. When they are equal, the "
        "private "
        "key is not the one of the certificate that serial_no names: openssl x509 -noout -modulus "
        "and openssl rsa -noout -modulus must print the same.\n",
        right.text().size(), shown(right));
}

V3Diagnosis unknown(const http::Request& request, const Merchant& merchant, const V3Signer& right,
                    std::string_view written) {
    V3Diagnosis out;
    out.hint = fmt::format("not the signature of this request under the key of mchid {}, serial {}",
                           merchant.wire_id(), merchant.serial_no);
    const bool wants_body = request.method != "GET" && request.body.empty();
    if (wants_body) out.hint += "; it came without a body: was one signed that was not sent?";
    if (!written.empty()) out.hint += fmt::format("; and the signature is written {}", written);
    out.explanation = out.hint + ".\nNo known mistake explains it.\n";
    if (wants_body) {
        out.explanation +=
            "A client that signs a JSON text and hands its HTTP library something else, or hands "
            "it "
            "over under another option, signs a body that never leaves: look at Content-Length.\n";
    }
    out.explanation += compare_with_yours(right);
    return out;
}

}  // namespace

V3Diagnosis diagnose_v3_signature(const http::Request& request,
                                  const v3::Authorization& authorization, const Merchant& merchant,
                                  const Directory& directory) {
    V3Signer right;
    right.lines = {request.method, http::target_of(request), authorization.timestamp,
                   authorization.nonce_str, request.body};
    right.key = &*merchant.public_key;
    const auto written = read_signature_text(authorization.signature);
    constexpr std::size_t kBytesLeast = 128;  // RSA of 1024 bits
    if (!written || written->bytes.size() < kBytesLeast) {
        V3Diagnosis out;
        out.hint = written && !is_hex(authorization.signature)
                       ? fmt::format("the signature has {} bytes, too few for an RSA signature",
                                     written->bytes.size())
                       : why_no_signature(authorization.signature);
        out.explanation = out.hint + ".\n" + compare_with_yours(right);
        return out;
    }
    const auto slips = V3Slips(request, merchant, directory, right).all();
    const auto match = V3Search(written->bytes).run(right, slips);
    if (!match) return unknown(request, merchant, right, written->form);
    V3Diagnosis out;
    out.findings = match->findings;
    if (!written->form.empty())
        out.findings.push_back({Mistake::v3_signature_form, std::string(written->form)});
    out.hint = hints(out.findings);
    out.explanation = out.hint + ".\n";
    for (const Finding& finding : out.findings)
        out.explanation.append(advice(finding.mistake)).append("\n");
    out.explanation += fmt::format("Wanted:\n{}\n", shown(right));
    if (match->signer.text() != right.text())
        out.explanation += fmt::format("Signed was:\n{}\n", shown(match->signer));
    return out;
}

std::string why_other_serial(std::string_view given, std::string_view wanted) {
    std::string hex = without(std::string(given), ": ");
    if (hex.size() != given.size() && http::equals_ignoring_case(hex, wanted))
        return "it is written with colons or blanks: the hex digits only";
    if (given.starts_with("0x")) hex.erase(0, 2);
    const std::string bare(wanted.substr(std::min(wanted.find_first_not_of('0'), wanted.size())));
    const std::string mine = hex.substr(std::min(hex.find_first_not_of('0'), hex.size()));
    if (!bare.empty() && http::equals_ignoring_case(mine, bare))
        return "its leading zeros or its form differ: hex as openssl prints it";
    // A number of 160 bits has up to 49 decimal digits.
    constexpr std::size_t kDecimalLeast = 41;
    const bool is_digits = !given.empty() && std::all_of(given.begin(), given.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (is_digits && (given.size() >= kDecimalLeast || 2 * given.size() < wanted.size()))
        return "it looks decimal or cut: wanted is hex as openssl prints it";
    return {};
}

}  // namespace wxpay::sandbox::diagnosis
