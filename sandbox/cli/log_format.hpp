#pragma once

#include <memory>

namespace spdlog {
class formatter;
}

namespace wxpay::sandbox::cli {

/// "12:00:00.000 info MESSAGE"; control characters of the message are escaped, for it may quote
/// what a client sent.
std::unique_ptr<spdlog::formatter> text_log_format();

/// A JSON object a line: time, level, message, and the LogFields of the thread.
std::unique_ptr<spdlog::formatter> json_log_format();

}  // namespace wxpay::sandbox::cli
