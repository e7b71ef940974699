file(READ "${SOURCE}" text)
file(WRITE "${TARGET}" "#pragma once\n#include <string_view>\ninline constexpr std::string_view ${NAME} = R\"embedded(${text})embedded\";\n")
