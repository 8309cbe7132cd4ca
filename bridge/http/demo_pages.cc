#include "bridge/http/demo_pages.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/http/demo_files.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"

namespace sluice {
namespace {

constexpr absl::string_view kSettings = "demo.json";

// The pages have all that they need in files of their own, from here.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// The one name that a path has: pages go without their extension.
std::string FileName(absl::string_view path) {
  if (path.empty()) return "index.html";
  const bool page = !absl::StrContains(path, '.') && path != "index";
  return page ? absl::StrCat(path, ".html") : std::string(path);
}

const auto* Find(absl::string_view path) {
  const bool hidden = absl::EndsWith(path, ".html");
  const std::string name = hidden ? "" : FileName(path);
  const auto* file =
      std::find_if(std::begin(kDemoFiles), std::end(kDemoFiles),
                   [&name](const auto& f) { return f.name == name; });
  return file == std::end(kDemoFiles) ? nullptr : file;
}

const char* TypeOf(absl::string_view name) {
  if (absl::EndsWith(name, ".css")) return "text/css; charset=utf-8";
  if (absl::EndsWith(name, ".js")) return "text/javascript; charset=utf-8";
  if (absl::EndsWith(name, ".svg")) return "image/svg+xml";
  return "text/html; charset=utf-8";
}

}  // namespace

bool IsDemoPath(absl::string_view name) {
  return name == kSettings || Find(name) != nullptr;
}

void AnswerDemo(Exchange& exchange, const std::string&,
                httplib::Response& response) {
  response.set_header("Cache-Control", "no-cache");
  response.set_header("X-Content-Type-Options", "nosniff");
  const std::string& path = exchange.request.target.segments[0];
  if (path == kSettings) {
    const bool publishes = exchange.loop().options().http_publish;
    response.set_content(
        absl::StrCat("{\"http_publish\":", publishes ? "true" : "false", "}\n"),
        kJsonType);
    return;
  }
  response.set_header("Content-Security-Policy", kPolicy);
  response.set_header("Referrer-Policy", "no-referrer");
  const auto* file = Find(path);
  response.set_content(file->body.data(), file->body.size(),
                       TypeOf(file->name));
}

}  // namespace sluice
