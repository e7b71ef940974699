#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wxpay::sandbox::diagnosis {

/// The known name that is nearest to `name`; empty when none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known);

/// The known path that is nearest to `path`, segment by segment; empty when none is near. "{…}" in
/// a known one stands for any segment.
std::string_view nearest_path(std::string_view path, std::span<const std::string_view> known);

/// What a client has sent, cut short and with nothing in it that is not safe in a header line.
std::string printable(std::string_view text);

}  // namespace wxpay::sandbox::diagnosis
