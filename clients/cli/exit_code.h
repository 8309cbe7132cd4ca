// What `sluice` exits with. Scripts rely on these.
#pragma once

namespace sluice {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
// 128 + SIGINT, as shells report it.
inline constexpr int kExitInterrupted = 130;

}  // namespace sluice
