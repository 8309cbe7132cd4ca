#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice {

// How one error looks on every side of the bridge. The whole table is in
// bridge/README.md.
struct ErrorRow {
  absl::StatusCode code;  // the number is gRPC's too
  absl::string_view
      name;  // google.rpc.Code, as JSON bodies and the error event carry it
  int http_status;  // google/rpc/code.proto's mapping, 409 and 413 where HTTP
                    // says it better
};

// The row of `code`; of UNKNOWN for a number that is none of the sixteen.
const ErrorRow& ErrorRowOf(absl::StatusCode code);
const ErrorRow& ErrorRowOf(int code);

// The row whose name is `name` ("NOT_FOUND"), or null.
const ErrorRow* FindErrorRow(absl::string_view name);

}  // namespace sluice
