#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace wxpay::sandbox::config {

/// The path of an object's member: "merchants[0].api_key".
std::string member_path(const std::string& path, std::string_view key);

/// The line, from 1, on which each value of a JSON text begins, or its key where it has one; by its
/// path: "merchants[0].api_key", "" for the whole. The text must be JSON.
std::map<std::string, std::size_t> lines_of(std::string_view json);

}  // namespace wxpay::sandbox::config
