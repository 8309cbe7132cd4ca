#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice {

// One response as a client reads it (RFC 9112), and apart from all that writes
// responses in the bridge.
struct SeenResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // lower-case names
  std::string body;     // what has come of it, without its framing
  bool whole = false;   // all of it has come
  bool stream = false;  // only a close or the last chunk ends it

  // The value of the field of that name; empty if there is none.
  std::string Field(const std::string& name) const;
};

// Takes the responses to requests of these methods out of `bytes`, all that
// has come on a connection; the last one may be cut off. There may be one more
// than there are methods: the answer to what is no request. Ends the process if
// the bytes are not responses.
std::vector<SeenResponse> ReadResponses(
    std::string bytes, const std::vector<std::string>& methods);

}  // namespace sluice
