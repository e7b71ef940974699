#pragma once

#include <string>

#include "core/base/result.hpp"

namespace wxpay {

/// The text of a bill's file, which may be packed or not. Fails with malformed when it is damaged,
/// or holds more than any bill.
Result<std::string> text_of_bill_file(std::string file);

}  // namespace wxpay
