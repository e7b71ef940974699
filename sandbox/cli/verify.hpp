#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox verify [FILE|last|ID]`: one line that says whether the sign is right, or why not.
int verify(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
