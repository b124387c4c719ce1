/** Languages: compilers, interpreters, and what builds with them. */
import { download, layer } from 'ov'

/** What C and C++ need, and every language that compiles some of them along. */
export const buildEssential = layer({
  name: 'build-essential',
  version: '2026.325.1200',
  description: 'C and C++ compilers, make and pkg-config.',
  status: 'working',
  deb: { packages: ['build-essential', 'pkgconf'] },
  rpm: { packages: ['gcc', 'gcc-c++', 'make', 'pkgconf-pkg-config'] },
  pac: { packages: ['base-devel'] },
  eval: [
    { command: 'printf "int main(void){return 0;}" | cc -x c -o /tmp/compiled - && /tmp/compiled' },
    { command: 'make --version', stdout: { contains: 'GNU Make' } },
    { command: 'pkg-config --version' },
  ],
})

/** The build system of many C and C++ projects. */
export const cmake = layer({
  name: 'cmake',
  version: '2026.325.1200',
  description: 'CMake with Ninja.',
  status: 'working',
  depends: [buildEssential],
  packages: ['cmake'],
  distros: {
    debian: { packages: ['ninja-build'] },
    ubuntu: { packages: ['ninja-build'] },
    fedora: { packages: ['ninja-build'] },
    arch: { packages: ['ninja'] },
  },
  eval: [{ command: 'cmake --version', stdout: { contains: 'cmake version' } }, { command: 'ninja --version' }],
})

/** Go. Modules and installed programs are in the home directory. */
export const golang = layer({
  name: 'golang',
  version: '2026.325.1200',
  description: 'The Go toolchain of the distribution; it stays on that version.',
  status: 'working',
  deb: { packages: ['golang-go', 'ca-certificates'] },
  rpm: { packages: ['golang'] },
  pac: { packages: ['go'] },
  env: { GOPATH: '~/go', GOTOOLCHAIN: 'local' },
  pathAppend: ['~/go/bin'],
  eval: [
    { command: 'go version', stdout: { contains: 'go version go1.' } },
    { command: 'test "$(go env GOPATH)" = ~/go' },
    {
      command:
        'cd $(mktemp -d) && printf "package main\\nfunc main() { println(6 * 7) }\\n" > a.go && go run a.go 2>&1',
      stdout: '42',
      timeout: '120s',
    },
  ],
})

/** Rust. What `cargo install` installs is on the PATH. */
export const rust = layer({
  name: 'rust',
  version: '2026.325.1200',
  description: 'rustc and cargo of the distribution, with formatter and linter.',
  status: 'working',
  depends: [buildEssential],
  deb: { packages: ['rustc', 'cargo', 'rustfmt', 'rust-clippy'] },
  rpm: { packages: ['rust', 'cargo', 'rustfmt', 'clippy'] },
  pac: { packages: ['rust'] },
  env: { CARGO_HOME: '~/.cargo' },
  pathAppend: ['~/.cargo/bin'],
  eval: [
    { command: 'cargo --version', stdout: { matches: '^cargo 1\\.' } },
    { command: 'rustfmt --version' },
    {
      command: 'cd $(mktemp -d) && echo "fn main() { print!(\\"{}\\", 6 * 7) }" > a.rs && rustc a.rs && ./a',
      stdout: '42',
      timeout: '120s',
    },
  ],
})

/** Java, to build and to run, without graphics. */
export const java = layer({
  name: 'java',
  version: '2026.325.1200',
  description: "The distribution's default JDK.",
  status: 'working',
  deb: { packages: ['default-jdk-headless'] },
  rpm: { packages: ['java-latest-openjdk-devel'] },
  pac: { packages: ['jdk-openjdk'] },
  eval: [
    { command: 'javac --version', stdout: { matches: '^javac \\d+' } },
    {
      command:
        'cd $(mktemp -d) && echo "class A { public static void main(String[] a) { System.out.print(6 * 7); } }" > A.java && java A.java',
      stdout: '42',
      timeout: '60s',
    },
  ],
})

/** The build tool of many Java projects. */
export const maven = layer({
  name: 'maven',
  version: '2026.325.1200',
  description: 'Apache Maven.',
  status: 'working',
  depends: [java],
  packages: ['maven'],
  eval: [{ command: 'mvn --version', stdout: { contains: 'Apache Maven' }, timeout: '30s' }],
})

/** JavaScript, for building and running. */
export const nodejs = layer({
  name: 'nodejs',
  version: '2026.325.1200',
  description: 'Node.js and npm of the distribution; global packages go to the home directory.',
  status: 'working',
  deb: { packages: ['nodejs', 'npm', 'ca-certificates'] },
  rpm: { packages: ['nodejs', 'nodejs-npm'] },
  pac: { packages: ['nodejs', 'npm'] },
  env: { NPM_CONFIG_PREFIX: '~/.npm-global' },
  pathAppend: ['~/.npm-global/bin'],
  eval: [
    { command: 'node --print "6 * 7"', stdout: '42' },
    { command: 'test "$(npm prefix --global)" = ~/.npm-global' },
  ],
})

/** The compiler, and a runner of TypeScript files. `layers/typescript/package.json` names them. */
export const typescript = layer({
  name: 'typescript',
  version: '2026.325.1200',
  description: 'TypeScript: tsc and tsx.',
  status: 'working',
  depends: [nodejs],
  eval: [
    { command: 'tsc --version', stdout: { matches: '^Version \\d' } },
    { command: 'cd $(mktemp -d) && echo "const n: number = 6 * 7; console.log(n)" > a.ts && tsx a.ts', stdout: '42' },
  ],
})

/** A package manager for JavaScript that shares what projects have in common. */
export const pnpm = layer({
  name: 'pnpm',
  version: '2026.325.1200',
  description: 'pnpm.',
  status: 'working',
  depends: [nodejs],
  eval: [{ command: 'pnpm --version', stdout: { matches: '^\\d+\\.' } }],
})

/** What editors ask about code. `layers/language-servers/package.json` names them. */
export const languageServers = layer({
  name: 'language-servers',
  version: '2026.325.1200',
  description: 'Language servers for TypeScript, Python, shell, YAML, Containerfiles, HTML, CSS and JSON.',
  status: 'working',
  depends: [typescript],
  eval: [
    { command: 'typescript-language-server --version' },
    { command: 'bash-language-server --version' },
    { command: 'pyright --version', stdout: { contains: 'pyright' } },
    { file: '${HOME}/.npm-global/bin/yaml-language-server' },
    { file: '${HOME}/.npm-global/bin/docker-langserver' },
    { file: '${HOME}/.npm-global/bin/vscode-json-language-server' },
  ],
})

/** Builds Python and conda environments. It belongs into builder images; images with such an environment get it by themselves. */
export const pixi = layer({
  name: 'pixi',
  version: '2026.325.1200',
  description: 'pixi, the package manager for conda environments, as its release.',
  info: 'Its release comes from GitHub.',
  vars: { PIXI_VERSION: 'v0.50.2' },
  tasks: [
    download(
      'https://github.com/prefix-dev/pixi/releases/download/${PIXI_VERSION}/pixi-${BUILD_ARCH}-unknown-linux-musl.tar.gz',
      { extract: 'tar.gz', to: '/usr/local/bin', include: ['pixi'], mode: '0755' },
    ),
  ],
  eval: [{ command: 'pixi --version', stdout: { contains: 'pixi' } }],
})

/** Python for work on projects, whatever the distribution has. `layers/python/pixi.toml` says which. */
export const python = layer({
  name: 'python',
  version: '2026.325.1200',
  description: 'Python from conda-forge in an environment of the image’s user, made by pixi.',
  info: 'Its packages come from conda-forge.',
  eval: [{ command: 'python --version', stdout: { contains: 'Python 3.13' } }],
})

/** Python as the distribution has it, for scripts. */
export const systemPython = layer({
  name: 'system-python',
  version: '2026.325.1200',
  description: 'The distribution’s own Python, with pip and virtual environments.',
  status: 'working',
  deb: { packages: ['python3', 'python3-pip', 'python3-venv'] },
  rpm: { packages: ['python3', 'python3-pip'] },
  pac: { packages: ['python', 'python-pip'] },
  eval: [
    { command: 'python3 -c "print(6 * 7)"', stdout: '42' },
    { command: 'python3 -m venv /tmp/venv && /tmp/venv/bin/pip --version', timeout: '60s' },
  ],
})
