# Sourced by packaging/build and packaging/wheel, in the repository's root: what makes a binary the same in every folder.
# Sets the compilers' flags that leave this machine's paths out, the time of the commit, the commit itself, and how much is inlined.
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
flags=(
    "--remap-path-prefix=$PWD=/bedrock-access"
    "--remap-path-prefix=$cargo_home=/cargo"
    "--remap-path-prefix=$(rustc --print sysroot)=/rust"
)
# A unit separator between the flags lets a path hold spaces, which RUSTFLAGS does not.
CARGO_ENCODED_RUSTFLAGS="$(IFS=$'\x1f'; echo "${flags[*]}")"
# The C and assembler sources of dependencies name their folder too.
CFLAGS="${CFLAGS:-} -ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$PWD=/bedrock-access"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
BEDROCK_ACCESS_COMMIT="${BEDROCK_ACCESS_COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)}"
# Windows starts no shell script as a program, and builds without it. A wrapper of the user's own, such as a cache, stays.
case "$(uname -s)" in
Linux | Darwin) export RUSTC_WRAPPER="${RUSTC_WRAPPER:-$PWD/packaging/rustc}" ;;
esac
export CARGO_ENCODED_RUSTFLAGS CFLAGS SOURCE_DATE_EPOCH BEDROCK_ACCESS_COMMIT
