#pragma once

#include <span>
#include <string_view>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// Tencent's acceptance sandbox (仿真测试系统): the V2 calls once more below /sandboxnew/ and
/// /xdc/apiv2sandbox/, with a ledger and a key of their own, without certificates, and without
/// users: the amount decides what happens.
/// source  [B] juejin.cn/post/6911574490166558728; [A] github.com/TheNorthMemory/wechatpay-openapi
/// docs/v2/sandboxnew and docs/v2/xdc
std::span<const Endpoint> acceptance_endpoints();

/// The call of this path, in production or in the acceptance sandbox; null when it is none.
const Endpoint* find_endpoint(std::string_view path);

}  // namespace wxpay::sandbox::api_v2
