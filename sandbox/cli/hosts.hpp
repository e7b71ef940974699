#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox hosts`: lines for /etc/hosts that lead WeChat's names to the sandbox.
int hosts(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
