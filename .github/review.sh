#!/usr/bin/env bash
# Runs the review. An input that was not given reaches the step as an empty variable, which means «not given» here, too.
set -euo pipefail
while IFS='=' read -r name value; do
  if [ -z "$value" ]; then unset "$name"; fi
done < <(env | grep -E '^PLIMSOLL_[A-Z_]+=$' || true)
exec plimsoll review
