#include "bridge/grpc/reader_loop.h"

namespace sluice {

ReaderLoop::ReaderLoop()
    : inbox_([this] { thread_.Run([this] { inbox_.RunMarked(); }); }) {}

}  // namespace sluice
