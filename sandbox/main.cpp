#include "sandbox/cli/serve.hpp"

int main(int argc, char** argv) { return wxpay::sandbox::cli::serve(argc, argv); }
