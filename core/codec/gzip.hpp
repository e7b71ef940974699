#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wxpay {

/// A gzip file (RFC 1952) of the bytes. The same bytes give the same file.
std::string gzip(std::string_view bytes);

/// What a gzip file holds, all its members joined. Nothing when it is damaged, when it goes on with
/// something else, or when it holds more than `bytes_max`.
std::optional<std::string> gunzip(std::string_view file, std::size_t bytes_max);

}  // namespace wxpay
