// All rows of a list that the daemon gives page by page. One thread of KJ, see context.h.
#pragma once

#include "cli/context.h"
#include "cli/reader_client.h"

namespace permitd::cli {

/// `ask(page)` sends, `take(response)` uses a page.
template <class Ask, class Take>
void all_pages(Context& context, Ask ask, Take take) {
  PageSpec page;
  for (bool done = false; !done;) {
    auto response = context.wait(ask(page));
    take(response);
    done = response.getEnd().getDone();
    page.cursor = response.getEnd().getCursor();
  }
}

}  // namespace permitd::cli
