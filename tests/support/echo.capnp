# The smallest interface that exercises a transport: bytes there, bytes back, an answer that never comes.
@0xb2b7c1d1a4f0e6d3;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("permitd::tests");

interface Echo {
  # `extraSize` bytes more than were sent come back.
  echo @0 (payload :Data, extraSize :UInt32) -> (payload :Data);
  # Is answered when the connection ends, that is, not at all.
  wait @1 () -> ();
  # Answered after so many milliseconds of the server's loop.
  delay @2 (ms :UInt32) -> ();
  # Who the kernel says the caller is.
  peer @3 () -> (isUnix :Bool, uid :UInt32, isLoopback :Bool);
}
