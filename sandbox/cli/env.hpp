#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox env`: prints the variables with which a shop finds a running server. 1 when none
/// runs.
int env(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
