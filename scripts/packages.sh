#!/bin/sh
# SPDX-FileCopyrightText: 2026 The heaptrail authors
# SPDX-License-Identifier: Apache-2.0
# Install the packages of packages.txt (or of the list PACKAGES) that are missing. Silent when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."
list=${PACKAGES:-packages.txt}
command -v dpkg-query >/dev/null 2>&1 || { echo "packages: no Debian here; needed: $(grep -v '^#' "$list" | xargs)"; exit 0; }
missing=
for package in $(grep -v '^#' "$list"); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "packages: installing$missing"
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq || echo "packages: apt-get update reported an error; going on with the lists at hand"
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >/tmp/heaptrail-packages.log 2>&1 || {
    tail -20 /tmp/heaptrail-packages.log
    echo "packages: apt-get could not install:$missing"
    exit 1
}
