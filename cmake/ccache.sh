#!/bin/bash
# Runs the compiler through ccache: ccache.sh CCACHE SOURCE_DIR BUILD_DIR COMPILER ARGUMENTS...
#
# A checkout in another folder is to find what this one has compiled. CMake names precompiled headers by
# absolute paths after -Xclang, which ccache leaves as they are: they become relative here. A precompiled
# header itself holds absolute paths, so it is always compiled, and ccache takes the checksum of its
# sources for that of the header. Make runs the compiler in other folders than the top one: there the paths
# stay as they are.
ccache=$1 source=$2 build=$3
shift 3
arguments=("$@")
if [[ $PWD == "$build" ]]; then
  arguments=()
  for argument in "$@"; do arguments+=("${argument/#"$build/"/}"); done
fi

if [[ " $* " == *" -emit-pch "* ]]; then
  "$@" || exit
  for ((i = 1; i < $#; ++i)); do
    [[ ${!i} != -o ]] || { next=$((i + 1)); header=${!next}; }
    [[ ${!i} != -MF ]] || { next=$((i + 1)); dependencies=${!next}; }
  done
  {
    "$1" --version
    printf '%s\n' "${arguments[@]//"$source/"/}"
    sed 's/^[^ ]*: //; s/\\$//' "$dependencies" | xargs cat
  } | sha256sum >"$header.sum"
  exit
fi

export CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
# ccache works with precompiled headers only when told that their time stamps do not matter.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
exec "$ccache" "${arguments[@]}"
