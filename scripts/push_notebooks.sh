#!/usr/bin/env bash
# Put a folder of notebooks on a branch of their own, alone and without a past. Colab opens them there.
#   push_notebooks.sh FOLDER REPOSITORY BRANCH
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$1"
export GIT_DIR="$scratch" GIT_WORK_TREE=.
git init --quiet
git add --all --force
git -c user.name="The book" -c user.email="" commit --quiet --message "The notebooks, as the site has them"
git push --quiet --force "$2" "HEAD:refs/heads/$3"
