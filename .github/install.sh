#!/usr/bin/env bash
# Puts `plimsoll` on the PATH of the job: the release's static binary, whose SHA-256 is stamped into action.yml beside its
# version; from source where no release is stamped, which takes minutes and needs a Rust toolchain.
set -euo pipefail
bin="${RUNNER_TEMP:?}/plimsoll-bin"
mkdir -p "$bin"

if [ -z "${PLIMSOLL_RELEASE:-}" ]; then
  echo "no release is stamped into this action: Plimsoll is built from source, which takes some minutes" >&2
  command -v cargo >/dev/null || { echo "::error::building Plimsoll from source needs a Rust toolchain on the runner" >&2; exit 2; }
  cargo install --locked --path "$GITHUB_ACTION_PATH" --root "$RUNNER_TEMP/plimsoll-build" >&2
  cp "$RUNNER_TEMP"/plimsoll-build/bin/plimsoll* "$bin/"
else
  case "$RUNNER_OS-$RUNNER_ARCH" in
    Linux-X64) target=x86_64-unknown-linux-musl sum=$SHA256_LINUX_X86_64 ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl sum=$SHA256_LINUX_AARCH64 ;;
    macOS-ARM64) target=aarch64-apple-darwin sum=$SHA256_MACOS_AARCH64 ;;
    macOS-X64) target=x86_64-apple-darwin sum=$SHA256_MACOS_X86_64 ;;
    Windows-X64) target=x86_64-pc-windows-msvc sum=$SHA256_WINDOWS_X86_64 ;;
    *) echo "::error::there is no Plimsoll binary for $RUNNER_OS on $RUNNER_ARCH" >&2; exit 2 ;;
  esac
  archive="$RUNNER_TEMP/plimsoll-$target.tar.gz"
  # The repository of the action is that of the release, also in a fork or a mirror.
  url="${GITHUB_SERVER_URL:?}/${GITHUB_ACTION_REPOSITORY:?}/releases/download/v$PLIMSOLL_RELEASE/plimsoll-$target.tar.gz"
  curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --retry 3 --output "$archive" "$url"
  echo "$sum  $archive" | if command -v sha256sum >/dev/null; then sha256sum --check --quiet; else shasum -a 256 --check --quiet; fi
  tar -xzf "$archive" -C "$bin"
fi
echo "$bin" >>"${GITHUB_PATH:?}"
