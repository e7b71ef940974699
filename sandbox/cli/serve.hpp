#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox [serve] [options]`: runs the server in the foreground until SIGTERM or SIGINT.
/// returns 0 after an orderly stop; 2 for wrong use or when it cannot start, with one line on
/// stderr that says why
int serve(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
