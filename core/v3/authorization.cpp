#include "core/v3/authorization.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/v3/sign.hpp"

namespace wxpay::v3 {
namespace {

constexpr std::string_view kBlanks = " \t";

struct Parameter {
    std::string_view name;
    std::string Authorization::*value;
};
/// In the order of WeChat's own samples.
constexpr std::array<Parameter, 5> kParameters{{{"mchid", &Authorization::mchid},
                                                {"nonce_str", &Authorization::nonce_str},
                                                {"timestamp", &Authorization::timestamp},
                                                {"serial_no", &Authorization::serial_no},
                                                {"signature", &Authorization::signature}}};

Failure<BadAuthorization> malformed(std::string what) {
    return Failure{BadAuthorization{AuthorizationProblem::malformed, std::move(what)}};
}

/// Walks over a header; knows where it is.
class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text), rest_(text) {}

    bool at_end() const { return rest_.empty(); }
    std::string place() const { return "byte " + std::to_string(text_.size() - rest_.size()); }
    void skip_blanks() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
    }
    bool skip(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    /// Whether `word` comes next, and after it a blank or the end.
    bool is_at_word(std::string_view word) const {
        return rest_.starts_with(word) &&
               (rest_.size() == word.size() ||
                kBlanks.find(rest_[word.size()]) != std::string_view::npos);
    }
    /// What comes before the next of `ends`, or the rest.
    std::string_view until(std::string_view ends) { return take(rest_.find_first_of(ends)); }
    std::string_view until(char end) { return take(rest_.find(end)); }

  private:
    std::string_view take(std::size_t size) {
        const auto out = rest_.substr(0, size);
        rest_.remove_prefix(out.size());
        return out;
    }

    std::string_view text_;
    std::string_view rest_;
};

/// One name="value".
Result<void, BadAuthorization> read_parameter(Cursor& cursor, Authorization& into) {
    const Cursor begin = cursor;
    const std::string_view name = cursor.until(" \t,=\"");
    if (name.empty() || !cursor.skip("=\""))
        return malformed(begin.place() + ": no name=\"value\"");
    const std::string_view value = cursor.until('"');
    if (!cursor.skip("\"")) return malformed(begin.place() + ": a value without its closing quote");
    for (const Parameter& parameter : kParameters) {
        if (name != parameter.name) continue;
        std::string& known = into.*parameter.value;
        if (!known.empty()) return malformed(std::string(name) + " stands twice");
        if (value.empty()) return malformed(std::string(name) + " is empty");
        known = value;
    }
    return {};  // a name that nobody knows means nothing
}

}  // namespace

Result<Authorization, BadAuthorization> parse_authorization(std::string_view header) {
    Cursor cursor(header);
    cursor.skip_blanks();
    if (cursor.at_end()) return malformed("no Authorization");
    const std::string_view scheme = cursor.until(kBlanks);
    Authorization out;
    for (;;) {
        cursor.skip_blanks();
        if (cursor.is_at_word(kScheme))
            return malformed(cursor.place() + ": the scheme stands twice");
        WXPAY_CHECK(read_parameter(cursor, out));
        cursor.skip_blanks();
        if (cursor.at_end()) break;
        if (!cursor.skip(",")) return malformed(cursor.place() + ": no comma");
    }
    for (const Parameter& parameter : kParameters) {
        if ((out.*parameter.value).empty()) return malformed("no " + std::string(parameter.name));
    }
    // Last, as the service seems to: whatever is no such list is malformed, under any scheme.
    if (scheme != kScheme) {
        return Failure{BadAuthorization{AuthorizationProblem::other_scheme,
                                        "the scheme is not " + std::string(kScheme)}};
    }
    return out;
}

std::string render_authorization(const Authorization& authorization) {
    std::string out(kScheme);
    char before = ' ';
    for (const Parameter& parameter : kParameters) {
        out += before;
        out.append(parameter.name).append("=\"");
        out.append(authorization.*parameter.value).push_back('"');
        before = ',';
    }
    return out;
}

}  // namespace wxpay::v3
