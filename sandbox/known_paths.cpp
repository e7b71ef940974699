#include "sandbox/known_paths.hpp"

#include <algorithm>

#include "core/codec/pieces.hpp"

#include "sandbox/api_v2/acceptance.hpp"
#include "sandbox/api_v2/endpoints.hpp"
#include "sandbox/api_v2/not_simulated.hpp"
#include "sandbox/api_v3/endpoints.hpp"

namespace wxpay::sandbox {
namespace {

bool fits(std::string_view path, std::string_view known) {
    const auto given = pieces_of(path, '/');
    const auto wanted = pieces_of(known, '/');
    return std::equal(given.begin(), given.end(), wanted.begin(), wanted.end(),
                      [](std::string_view segment, std::string_view pattern) {
                          return segment == pattern || pattern.starts_with('{');
                      });
}

}  // namespace

std::vector<std::string_view> known_paths() {
    std::vector<std::string_view> out;
    for (const auto all : {api_v2::endpoints(), api_v2::acceptance_endpoints()}) {
        for (const api_v2::Endpoint& endpoint : all) out.push_back(endpoint.path);
    }
    for (const api_v2::DirectCall& call : api_v2::direct_calls()) out.push_back(call.path);
    for (const api_v3::Endpoint& endpoint : api_v3::endpoints()) out.push_back(endpoint.path);
    return out;
}

bool is_known_path(std::string_view path) {
    const auto known = known_paths();
    return api_v2::is_known_elsewhere(path) || api_v3::is_known_elsewhere(path) ||
           std::any_of(known.begin(), known.end(),
                       [path](std::string_view each) { return fits(path, each); });
}

}  // namespace wxpay::sandbox
