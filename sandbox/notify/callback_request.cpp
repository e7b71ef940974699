#include "sandbox/notify/callback_request.hpp"

#include <utility>

namespace wxpay::sandbox {

// source  [C] Content-Type and User-Agent as recalled from captures; the others are plain HTTP
http::Request callback_request(std::string body, std::string_view content_type) {
    http::Request request;
    request.method = "POST";
    request.headers.add("Content-Type", content_type);
    request.headers.add("User-Agent", "Mozilla/4.0");
    request.headers.add("Accept", "*/*");
    request.headers.add("Pragma", "no-cache");
    request.headers.add("Connection", "Keep-Alive");
    request.body = std::move(body);
    return request;
}

}  // namespace wxpay::sandbox
