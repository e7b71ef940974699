#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox explain [FILE|last|ID] [--mine FILE]`: the diagnosis of a message's sign, or the
/// one that the server made of an exchange; with --mine also where the merchant's own string to
/// sign differs.
int explain(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
