#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox run [options] -- CMD…`: a server for one command, with the environment that leads
/// the command there.
/// returns the command's status, 128 + n when signal n ended it; 126 or 127 when it could not be
/// started; 1 when it was good and the verdict, by --fail-on, was not; 2 for wrong use, or when the
/// server cannot start, before the command is
int run_command(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
