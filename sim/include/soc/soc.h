// SPDX-License-Identifier: Apache-2.0
/** Address map: see sim.h for where the regions really are. */
#pragma once

#include "soc/soc_caps.h"
