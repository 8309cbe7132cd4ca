#pragma once

#include <httplib.h>

#include <functional>
#include <string>
#include <utility>

#include "bridge/http/exchange.h"

namespace sluice {

// cpp-httplib without its sockets and threads: its Server, made to process one
// request out of memory and into memory. Routing, handlers, responses and chunk
// framing are cpp-httplib's; everything that its versions do differently, or
// that must not reach it, is dealt with in this file and nowhere else.
//
// Thread safety: none; one a loop.
class HttplibAdapter final : private httplib::Server {
 public:
  using Handler = std::function<void(Exchange&, const httplib::Request&,
                                     httplib::Response&)>;

  // `handler` answers every request: what matches no route is its 404 too.
  explicit HttplibAdapter(Handler handler);

  // The bytes of the response to `exchange`'s request: its head, and its body
  // or a stream's opening. Unspecified if the exchange is waiting afterwards.
  std::string Process(Exchange& exchange);

 private:
  // process_request has taken the peer's addresses since 0.15; the one whose
  // arguments fit is the one there is.
  template <typename Self>
  static auto ProcessRequest(Self& self, httplib::Stream& stream, int)
      -> decltype(self.process_request(stream, false, std::declval<bool&>(),
                                       nullptr)) {
    bool closed = false;
    return self.process_request(stream, false, closed, nullptr);
  }
  template <typename Self>
  static auto ProcessRequest(Self& self, httplib::Stream& stream, long)
      -> decltype(self.process_request(stream, "", 0, "", 0, false,
                                       std::declval<bool&>(), nullptr)) {
    bool closed = false;
    return self.process_request(stream, "", 0, "", 0, false, closed, nullptr);
  }

  const Handler handler_;
  Exchange* exchange_ = nullptr;  // the one being processed
};

}  // namespace sluice
