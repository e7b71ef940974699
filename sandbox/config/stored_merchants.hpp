#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.hpp"

#include "sandbox/config/reader.hpp"

namespace wxpay::sandbox {
class Directory;
class Store;
}  // namespace wxpay::sandbox

namespace wxpay::sandbox::config {

/// Adds a merchant while the server runs, or replaces the one with its number; the store keeps it
/// for the next start. Nothing has changed when it fails.
Result<const Merchant*, Problem> add_merchant(const nlohmann::json& json, Directory& directory,
                                              Store& store);

/// Brings back those that were added before. One that makes no sense any more, because the
/// configuration has lost its app for example, is left out, with a line in the log.
void add_stored_merchants(Directory& directory, Store& store);

}  // namespace wxpay::sandbox::config
