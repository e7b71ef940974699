// The reader of Authorization headers: what it takes has all five values and means the same when it
// is written and read again; what it refuses, it refuses in plain words.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/v3/authorization.hpp"
#include "core/v3/sign.hpp"

namespace {

using wxpay::v3::Authorization;
using wxpay::v3::AuthorizationProblem;
using wxpay::v3::parse_authorization;
using wxpay::v3::render_authorization;

bool same(const Authorization& a, const Authorization& b) {
    return a.mchid == b.mchid && a.nonce_str == b.nonce_str && a.timestamp == b.timestamp &&
           a.serial_no == b.serial_no && a.signature == b.signature;
}

void check_taken(const Authorization& read, std::string_view header) {
    for (const std::string* value :
         {&read.mchid, &read.nonce_str, &read.timestamp, &read.serial_no, &read.signature}) {
        WXPAY_ASSERT(!value->empty() && value->find('"') == std::string::npos);
        WXPAY_ASSERT(header.find('"' + *value + '"') != std::string_view::npos);
    }
    const std::string written = render_authorization(read);
    const auto again = parse_authorization(written);
    WXPAY_ASSERT(again && same(*again, read));
    WXPAY_ASSERT(render_authorization(*again) == written);
    const auto with_blanks = parse_authorization(" " + written + "\t");
    WXPAY_ASSERT(with_blanks && same(*with_blanks, read));
    const std::string scheme(wxpay::v3::kScheme);
    const auto twice = parse_authorization(scheme + " " + written);
    WXPAY_ASSERT(!twice && twice.error().problem == AuthorizationProblem::malformed);
    const auto other = parse_authorization("X" + written);
    WXPAY_ASSERT(!other && other.error().problem == AuthorizationProblem::other_scheme);
    const auto repeated = parse_authorization(written + ",mchid=\"1\"");
    WXPAY_ASSERT(!repeated && repeated.error().problem == AuthorizationProblem::malformed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view header(reinterpret_cast<const char*>(data), size);
    if (const auto read = parse_authorization(header)) {
        check_taken(*read, header);
    } else {
        WXPAY_ASSERT(!read.error().what.empty());
        for (const char c : read.error().what) WXPAY_ASSERT(c >= ' ' && c <= '~');
        // Under the right scheme there is nothing else to be wrong.
        const bool is_right = header.starts_with(std::string(wxpay::v3::kScheme) + ' ');
        WXPAY_ASSERT(read.error().problem == AuthorizationProblem::malformed || !is_right);
    }
    return 0;
}
