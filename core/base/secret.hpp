#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace wxpay {

/// A key or password. It has no <<, no formatter and no JSON, so that it cannot slip into a log:
/// search for reveal() to see every use.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string_view reveal() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }

  private:
    std::string bytes_;
};

}  // namespace wxpay
