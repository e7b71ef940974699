#include "core/client/bill_file.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include "core/codec/gzip.hpp"

namespace wxpay {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
/// 600,000 rows; packed, a bill is about a tenth of that.
constexpr std::size_t kBytesMax = 256 * 1024 * 1024;

}  // namespace

Result<std::string> text_of_bill_file(std::string file) {
    if (!file.starts_with(kGzipMagic)) return file;
    auto text = gunzip(file, kBytesMax);
    if (!text) {
        return Failure{Error{Errc::malformed, "the bill is a damaged gzip file, or one too large"}};
    }
    return *std::move(text);
}

}  // namespace wxpay
