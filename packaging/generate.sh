#!/usr/bin/env bash
# Writes what a package has beside the program: the manual and the completions, which the program prints itself.
#
#     packaging/generate.sh PROGRAM FOLDER
set -euo pipefail

program=$1
folder=$2
mkdir -p "$folder"
"$program" man > "$folder/wallaroo-tui.1"
"$program" completions bash > "$folder/wallaroo-tui.bash"
"$program" completions zsh > "$folder/_wallaroo-tui"
"$program" completions fish > "$folder/wallaroo-tui.fish"
