import { defineBuilder } from '../../dsl/vocabulary.ts'
import { shellWord } from '../format/shell.ts'

/** Rust programs, built in the image itself: the toolchain must be in it. `/ctx` is read-only, so the work goes elsewhere. (IMG-41) */
export const cargo = defineBuilder({
  name: 'cargo',
  detect: [['Cargo.toml', 'src/']],
  companions: ['Cargo.lock'],
  caches: [{ path: '/tmp/cargo-cache', owned: true }],
  results: ({ home }) => [`${home}/.cargo/bin/*`],
  inline: ({ directory, home }) => [
    'export CARGO_HOME=/tmp/cargo-cache CARGO_TARGET_DIR=/tmp/cargo-target',
    `cargo install --path ${shellWord(directory)} --root ${home}/.cargo`,
    'rm -rf /tmp/cargo-target',
  ],
})
