# SPDX-License-Identifier: Apache-2.0
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
                OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT revision)
  set(revision unknown)
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT
"// Generated at every build.\n#pragma once\n#define RECPIM_VERSION \"${VERSION}\"\n#define RECPIM_GIT \"${revision}\"\n")
