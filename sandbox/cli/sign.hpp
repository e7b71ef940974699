#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox sign [FILE|last|ID]`: the message signed anew on stdout, the string to sign, its
/// key masked, on stderr; with --output json both on stdout.
int sign(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
