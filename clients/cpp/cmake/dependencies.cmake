# What the library links, for its build and for those who find it installed. Protobuf brings a package file of its own
# where CMake built it, as it must be from 22 on; Debian's 3.21 has none, and CMake's module finds it.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf CONFIG QUIET)
  if(NOT Protobuf_FOUND)
    find_dependency(Protobuf MODULE)
  endif()
endif()
find_dependency(absl)
find_dependency(gRPC)
