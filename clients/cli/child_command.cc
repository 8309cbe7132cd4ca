#include "clients/cli/child_command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

// Whether `entry` of the environment is one of `variables`: of a name that is
// there twice, shells differ in which one counts.
bool IsSet(absl::string_view entry, const std::vector<std::string>& variables) {
  const auto name = entry.substr(0, entry.find('=') + 1);
  return std::any_of(variables.begin(), variables.end(),
                     [&](const std::string& variable) {
                       return absl::StartsWith(variable, name);
                     });
}

// As exec wants them; good as long as `texts` is.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn is told besides the program: neither may be copied.
class SpawnSetup {
 public:
  explicit SpawnSetup(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    // Libraries do not set close-on-exec on all that they open.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    // Ignored here, and what is ignored stays so across an exec.
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }

  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  // Returns an errno.
  int Spawn(pid_t& pid, std::vector<std::string> arguments,
            std::vector<std::string> variables) const {
    for (char** one = environ; *one != nullptr; ++one) {
      if (!IsSet(*one, variables)) variables.emplace_back(*one);
    }
    const std::vector<char*> argv = Pointers(arguments);
    const std::vector<char*> envp = Pointers(variables);
    return posix_spawn(&pid, argv[0], &actions_, &attributes_, argv.data(),
                       envp.data());
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// How a child that has exited did so. It stays a zombie, so that nobody else
// gets its number, which is its group's.
siginfo_t Peek(pid_t pid, int options) {
  siginfo_t info = {};
  while (waitid(P_PID, static_cast<id_t>(pid), &info,
                WEXITED | WNOWAIT | options) < 0 &&
         errno == EINTR) {
  }
  return info;
}

absl::Status StartError(int error) {
  return absl::UnavailableError(
      absl::StrCat("can't start /bin/sh: ", strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildCommand>> ChildCommand::Start(
    const std::string& command, const std::vector<std::string>& variables) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return StartError(errno);
  pid_t pid = 0;
  const int error =
      SpawnSetup(ends[1]).Spawn(pid, {"/bin/sh", "-c", command}, variables);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return StartError(error);
  }
  return std::unique_ptr<ChildCommand>(new ChildCommand(pid, ends[0]));
}

ChildCommand::~ChildCommand() {
  if (!HasExited()) Signal(SIGKILL);
  CloseOutput();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::size_t ChildCommand::Read(char* buffer, std::size_t size) {
  if (fd_ < 0) return 0;
  const auto count = read(fd_, buffer, size);
  if (count > 0) return static_cast<std::size_t>(count);
  if (count == 0 || (errno != EINTR && errno != EAGAIN)) CloseOutput();
  return 0;
}

void ChildCommand::Signal(int signal) const { kill(-pid_, signal); }

bool ChildCommand::HasExited() const { return Peek(pid_, WNOHANG).si_pid != 0; }

std::string ChildCommand::Failure() const {
  const siginfo_t info = Peek(pid_, WNOHANG);
  if (info.si_code != CLD_EXITED)
    return absl::StrCat("was ended by ", strsignal(info.si_status));
  return info.si_status == 0 ? ""
                             : absl::StrCat("exited with ", info.si_status);
}

void ChildCommand::CloseOutput() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace sluice
