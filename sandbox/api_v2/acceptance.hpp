#pragma once

#include <span>

#include "sandbox/api_v2/pipeline.hpp"

namespace wxpay::sandbox::api_v2 {

/// Tencent's acceptance sandbox (仿真测试系统): the V2 calls once more below /sandboxnew/ and
/// /xdc/apiv2sandbox/, with a ledger and a key of their own, without certificates, and without
/// users: the amount decides what happens.
/// source  [B] juejin.cn/post/6911574490166558728; [A] github.com/TheNorthMemory/wechatpay-openapi
/// docs/v2/sandboxnew and docs/v2/xdc
std::span<const Endpoint> acceptance_endpoints();

}  // namespace wxpay::sandbox::api_v2
