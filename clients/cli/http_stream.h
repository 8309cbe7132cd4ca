// One HTTP request whose answer is read as it comes, by a loop that may wait
// for other things at the same time.
//
// Threads: one.
#pragma once

#include <curl/curl.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice {

struct HttpRequest {
  // http or https.
  std::string url;
  // `Name: value` each.
  std::vector<std::string> headers;
  // Makes it a POST.
  absl::optional<std::string> body;
  bool follow_redirects = false;
};

class HttpStream {
 public:
  explicit HttpStream(const HttpRequest& request);
  ~HttpStream();
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  // Reads what is there, or waits up to `timeout` until something is, until one
  // of `wakeups` is readable, or until the pipe `output` (-1: none) has lost
  // its reader. May return early. While it is not called nothing is read: that
  // is the backpressure.
  void Wait(absl::Duration timeout, std::initializer_list<int> wakeups,
            int output = -1);

  // What of the body has come since the last call.
  std::string Take();

  // The status of the answer, redirects followed; 0 until its body begins or it
  // is complete.
  int status() const { return status_; }
  // Its Content-Type, as it was sent; empty if there is none.
  const std::string& content_type() const { return content_type_; }
  // Whether that is an event stream's.
  bool is_event_stream() const;

  // Whether the answer is over. result(): OK if it is complete; UNAVAILABLE,
  // with a phrase that says why, if no connection could be made or it was lost;
  // INVALID_ARGUMENT: not a URL that can be asked.
  bool done() const { return done_; }
  const absl::Status& result() const { return result_; }

  // Whether a result() of OK can be told from a loss: the answer has a last
  // chunk, a length or an end of its own. Without any of them (HTTP/1.0) it may
  // have been cut anywhere.
  bool has_end() const { return has_end_; }

 private:
  // CURL and CURLM are both void to C++.
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count,
                            void* self);
  void Configure(const HttpRequest& request);
  void TakeHead();
  bool FindEnd() const;
  void TakeResult(CURLcode code);

  std::unique_ptr<curl_slist, FreeList> headers_;
  char error_[CURL_ERROR_SIZE] = "";
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::unique_ptr<CURL, FreeEasy> easy_;

  std::string received_;
  int status_ = 0;
  std::string content_type_;
  bool done_ = false;
  absl::Status result_;
  bool has_end_ = false;
};

// `text` with everything percent-encoded but the unreserved characters of RFC
// 3986 2.3.
std::string PercentEncode(const std::string& text);

}  // namespace sluice
