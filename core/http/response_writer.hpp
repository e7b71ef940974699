#pragma once

#include <memory>
#include <string>

#include "core/http/message.hpp"

namespace wxpay::http {

/// Writes responses as HTTP/1.1 bytes, by cpp-httplib. One thread at a time.
class ResponseWriter {
  public:
    /// What of the request shapes the answer.
    struct Context {
        bool to_head_request = false;  ///< the answer has no body, only its length
        int minor_version = 1;         ///< the request's
        bool close = false;            ///< nothing follows on this connection
        bool streamed = false;  ///< head only, without a length: the body ends with the connection
    };

    ResponseWriter();
    ~ResponseWriter();

    /// Appends `response` to `out`: its header lines in their order, after which come Connection,
    /// where it differs from the version's default, and Content-Length. An answer that names
    /// Keep-Alive has Content-Length and Connection in front of that line, and loses the line when
    /// the connection closes. Other lines of the response's own about length and connection are
    /// left out. A header that cannot be sent (a line break in it, say) makes the answer a bare
    /// 500.
    void write(Response response, const Context& context, std::string& out);

  private:
    class Speaker;
    std::unique_ptr<Speaker> speaker_;
};

}  // namespace wxpay::http
