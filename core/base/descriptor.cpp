#include "core/base/descriptor.hpp"

#include <unistd.h>

namespace wxpay {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace wxpay
