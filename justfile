# Recipes for daily work; `just` alone lists them.

package := "@etalab/decoupage-administratif"

[private]
default:
    @just --list

# What CI runs: every step, or those named.
check *steps:
    .ci/run {{ steps }}

# Sandbox and service on a demo base.
demo *flags:
    cargo run --release -- demo {{ flags }}

# The tests of the crate, or those whose name has the words given.
test *words:
    cargo test --locked {{ words }}

# Format the code.
fmt:
    cargo fmt

# Write the API's document anew.
openapi:
    cargo run --release -- openapi > target/openapi.json
    mv target/openapi.json openapi/v1.json

# `history` is the last version that has the names since 1943.

# Rebuild the embedded division of France.
reference current="6.0.0" history="0.7.0":
    #!/usr/bin/env bash
    set -euo pipefail
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    for version in {{ current }} {{ history }}; do
        archive=$(npm pack --silent --pack-destination "$folder" "{{ package }}@$version")
        mkdir "$folder/$version"
        tar xzf "$folder/$archive" -C "$folder/$version" --strip-components=1
    done
    cargo run --release -- reference rebuild "$folder/{{ current }}" "$folder/{{ history }}"

# Figures.
bench *flags:
    cargo bench {{ flags }}
