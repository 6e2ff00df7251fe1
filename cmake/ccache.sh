#!/bin/bash
# Runs the compiler through ccache: ccache.sh CCACHE SOURCE_DIR BUILD_DIR COMPILER ARGUMENTS...
#
# CMake names precompiled headers by absolute paths after -Xclang. ccache leaves those as they are, so
# its cache would be of no use to a checkout in another folder. They become relative here.
ccache=$1 source=$2 build=$3
shift 3
arguments=()
for argument in "$@"; do arguments+=("${argument/#"$build/"/}"); done
# ccache keeps precompiled headers only when told that their time stamps do not matter.
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
export CCACHE_BASEDIR=$source CCACHE_NOHASHDIR=1
exec "$ccache" "${arguments[@]}"
