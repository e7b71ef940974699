#pragma once

#include <nlohmann/json_fwd.hpp>

namespace wxpay::sandbox {

/// What a log line is about, as members of its JSON object with --log-format json. They belong to
/// the lines that this thread writes while it lives.
class LogFields {
  public:
    /// `fields` is an object, and must outlive this.
    explicit LogFields(const nlohmann::ordered_json& fields);
    ~LogFields();
    LogFields(const LogFields&) = delete;
    LogFields& operator=(const LogFields&) = delete;

    /// Of this thread; null when there are none.
    static const nlohmann::ordered_json* current();

  private:
    const nlohmann::ordered_json* const before_;
};

}  // namespace wxpay::sandbox
