#include "sandbox/log_fields.hpp"

#include <utility>

namespace wxpay::sandbox {
namespace {

thread_local const nlohmann::ordered_json* fields_of_this_thread = nullptr;

}  // namespace

LogFields::LogFields(const nlohmann::ordered_json& fields)
    : before_(std::exchange(fields_of_this_thread, &fields)) {}

LogFields::~LogFields() { fields_of_this_thread = before_; }

const nlohmann::ordered_json* LogFields::current() { return fields_of_this_thread; }

}  // namespace wxpay::sandbox
