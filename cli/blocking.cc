#include "cli/blocking.h"

namespace permitd::cli {

BlockingClient::BlockingClient(Address address, ClientOptions options)
    : io_(kj::setupAsyncIo()),
      client_(io_.provider->getTimer(),
              connector_to(io_.provider->getNetwork(), std::move(address)), std::move(options)) {}

}  // namespace permitd::cli
