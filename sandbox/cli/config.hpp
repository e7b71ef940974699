#pragma once

namespace wxpay::sandbox::cli {

/// `wxpay-sandbox config schema`: the JSON Schema of --config's file.
int config_verb(int argc, char** argv);

}  // namespace wxpay::sandbox::cli
