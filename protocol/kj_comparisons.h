// KJ leaves these out where the compiler can turn a comparison round by itself. One that follows
// P2468 (clang 16 and later, g++ 13 and later) does not turn round what has an operator!= beside
// it, as KJ's have, and the headers of Cap'n Proto 0.9 do not compile. The build puts this file in
// front of every source that includes them, for such compilers only.
#pragma once

#include <kj/string.h>

namespace kj {

inline bool operator==(const char* a, const StringPtr& b) { return b == StringPtr(a); }
inline bool operator!=(const char* a, const StringPtr& b) { return b != StringPtr(a); }
inline bool operator==(const char* a, const String& b) { return b == StringPtr(a); }
inline bool operator!=(const char* a, const String& b) { return b != StringPtr(a); }

}  // namespace kj
