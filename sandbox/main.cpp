#include "sandbox/cli/cli.hpp"

int main(int argc, char** argv) { return wxpay::sandbox::cli::run(argc, argv); }
