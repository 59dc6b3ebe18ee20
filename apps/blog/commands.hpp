// What `blog` does for each of its commands. Each runs to its end and gives the exit code: 0 done, 1 failed, 2 wrong settings.
#pragma once

#include "apps/blog/options.hpp"

namespace blog {

int serve(const options& chosen);
int import_posts(const options& chosen);
int export_posts(const options& chosen);
int serve_engine(const options& chosen);

}  // namespace blog
