#!/bin/sh
# Software OpenGL for machines without a GPU driver: installed if we may, named if we may not.
missing=""
for package in libegl1 libgl1-mesa-dri; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
command -v ldconfig >/dev/null && ldconfig -p | grep -q 'libEGL\.so' && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing (software OpenGL)"
  # shellcheck disable=SC2086  # a list of package names
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing; } >/dev/null && exit 0
fi
echo "MuJoCo's pictures need OpenGL. Install it with: sudo apt-get install$missing" >&2
exit 0
