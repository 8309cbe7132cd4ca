#!/usr/bin/env bash
# Makes the pictures of the demo's pages again, which README.md shows: scripts/screenshots.sh
#   SLUICE_BIN  the programs, build/release/bin unless set; scripts/run.sh builds them
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_packages chromium fonts-inter pngquant
folder=$root/clients/web/demo/screenshots
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT

# The fonts of a page are those of whoever looks; in the pictures they are the same on every machine.
cat >"$raw/fonts.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="strong"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
</fontconfig>
XML

say 'Taking pictures, which takes two minutes'
FONTCONFIG_FILE=$raw/fonts.conf SLUICE_BIN=${SLUICE_BIN:-$root/build/release/bin} node "$root/tests/e2e/screenshots.js" "$raw"
mkdir -p "$folder"
for picture in "$raw"/*.png; do
  pngquant --force --strip --speed 1 --output "$folder/${picture##*/}" 128 "$picture"
done
ls -l "$folder"
