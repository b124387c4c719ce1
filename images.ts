/**
 * Images of the starter catalogue. For each distribution there is a base, an image that builds for others, and one to work in; the services are on
 * Debian, on a base that ov makes itself. docs/catalogue.md lists them all.
 */
import { debootstrap, image } from 'ov'
import {
  age,
  ansible,
  buildEssential,
  caddy,
  chrome,
  cloudInit,
  cmake,
  containerNesting,
  dbus,
  debugTools,
  direnv,
  dockerCe,
  dockerClient,
  eza,
  filebrowser,
  fish,
  gh,
  git,
  gitDelta,
  gitea,
  gocryptfs,
  golang,
  grafana,
  helm,
  hyperfine,
  java,
  jq,
  jupyter,
  just,
  kubectl,
  languageServers,
  lazygit,
  locales,
  mariadb,
  maven,
  memcached,
  mosquitto,
  neovim,
  networkTools,
  nginx,
  nodeExporter,
  nodejs,
  ollama,
  pixi,
  pnpm,
  postgresql,
  preCommit,
  prometheus,
  python,
  qemuGuestAgent,
  rclone,
  restic,
  ripgrep,
  rust,
  shellTools,
  shellcheck,
  skopeo,
  socat,
  sqlite,
  sshd,
  starship,
  sudo,
  syncthing,
  systemPython,
  systemd,
  tailscale,
  terminal,
  traefik,
  typescript,
  uv,
  valkey,
  yay,
  zoxide,
  zsh,
} from './layers.ts'

// Bases

/** Debian, made on this machine from its own archive. */
export const debian = image({
  name: 'debian',
  base: debootstrap({ suite: 'trixie' }),
  description: 'Debian 13 with an account to work as.',
  layers: [locales],
})
/** Fedora, from its registry. */
export const fedora = image({
  name: 'fedora',
  base: 'quay.io/fedora/fedora:43',
  distro: ['fedora:43', 'fedora'],
  description: 'Fedora 43 with an account to work as.',
  layers: [locales],
})
/** Ubuntu; its account is the one that it ships. */
export const ubuntu = image({
  name: 'ubuntu',
  base: 'docker.io/library/ubuntu:24.04',
  distro: ['ubuntu:24.04', 'ubuntu', 'debian'],
  description: 'Ubuntu 24.04 LTS with its own account.',
  layers: [locales],
})
/** Arch, whose packages are those of the day. */
export const arch = image({
  name: 'arch',
  base: 'docker.io/library/archlinux:latest',
  distro: 'arch',
  build: ['pac', 'aur'],
  description: 'Arch Linux with an account to work as.',
  layers: [locales],
})

// Builders: they bring what manifests of layers are built with

/** Builds npm packages and Rust programs. */
export const debianBuilder = image({
  name: 'debian-builder',
  base: debian,
  description: 'Builds npm packages and Rust programs for images on Debian.',
  layers: [buildEssential, git, nodejs, rust],
  builds: ['npm', 'cargo'],
})
/** Builds environments of Python too; pixi's release is not in Debian's archive. */
export const debianPixiBuilder = image({
  name: 'debian-pixi-builder',
  base: debianBuilder,
  description: 'Builds Python environments for images on Debian.',
  layers: [pixi],
  builds: ['pixi', 'npm', 'cargo'],
})
export const fedoraBuilder = image({
  name: 'fedora-builder',
  base: fedora,
  description: 'Builds Python environments, npm packages and Rust programs for images on Fedora.',
  layers: [buildEssential, git, nodejs, rust, pixi],
  builds: ['pixi', 'npm', 'cargo'],
})
export const ubuntuBuilder = image({
  name: 'ubuntu-builder',
  base: ubuntu,
  description: 'Builds Python environments, npm packages and Rust programs for images on Ubuntu.',
  layers: [buildEssential, git, nodejs, rust, pixi],
  builds: ['pixi', 'npm', 'cargo'],
})
export const archBuilder = image({
  name: 'arch-builder',
  base: arch,
  description: 'Builds Python environments, npm packages, Rust programs and packages of the AUR for images on Arch.',
  layers: [buildEssential, git, nodejs, rust, pixi, yay],
  builds: ['pixi', 'npm', 'cargo', 'aur'],
})

// To work in

/** A place to work in, reached by ssh. */
export const coder = image({
  name: 'coder',
  base: debian,
  description: 'A place to work in: terminal, JavaScript and TypeScript, reached by ssh.',
  layers: [
    terminal,
    sudo,
    networkTools,
    systemPython,
    nodejs,
    typescript,
    pnpm,
    languageServers,
    direnv,
    neovim,
    gitDelta,
    preCommit,
    shellcheck,
    just,
    sshd,
  ],
  builder: { npm: debianBuilder },
})
/** For those who like their shell to help. */
export const comfort = image({
  name: 'comfort',
  base: coder,
  description: 'The place to work in, with more shells and what makes them comfortable.',
  layers: [zsh, fish, starship, zoxide, eza, lazygit, hyperfine],
})
/** Work on Go. */
export const goCoder = image({
  name: 'go-coder',
  base: coder,
  description: 'The place to work in, for Go.',
  layers: [golang, debugTools],
})
/** Work on Rust and C. */
export const rustCoder = image({
  name: 'rust-coder',
  base: coder,
  description: 'The place to work in, for Rust, C and C++.',
  layers: [rust, cmake, debugTools],
})
/** Work on Java. */
export const javaCoder = image({
  name: 'java-coder',
  base: coder,
  description: 'The place to work in, for Java.',
  layers: [java, maven],
})
/** Work on containers, with containers. */
export const containerCoder = image({
  name: 'container-coder',
  base: coder,
  description: 'The place to work in, with Podman inside.',
  layers: [containerNesting, skopeo, dockerClient],
})
/** Work on data. */
export const pythonCoder = image({
  name: 'python-coder',
  base: coder,
  description: 'The place to work in, for Python from conda-forge.',
  layers: [python, uv],
  builder: { pixi: debianPixiBuilder, npm: debianBuilder },
})
export const fedoraCoder = image({
  name: 'fedora-coder',
  base: fedora,
  description: 'A place to work in, on Fedora.',
  layers: [
    terminal,
    sudo,
    networkTools,
    python,
    uv,
    nodejs,
    typescript,
    languageServers,
    golang,
    rust,
    gh,
    direnv,
    neovim,
    preCommit,
    shellcheck,
    just,
    containerNesting,
    sshd,
  ],
  builder: { pixi: fedoraBuilder, npm: fedoraBuilder },
})
export const ubuntuCoder = image({
  name: 'ubuntu-coder',
  base: ubuntu,
  description: 'A place to work in, on Ubuntu.',
  layers: [
    terminal,
    sudo,
    networkTools,
    python,
    uv,
    nodejs,
    typescript,
    golang,
    rust,
    java,
    gh,
    kubectl,
    dockerCe,
    direnv,
    neovim,
    preCommit,
    shellcheck,
    just,
    sshd,
  ],
  builder: { pixi: ubuntuBuilder, npm: ubuntuBuilder },
})
export const archCoder = image({
  name: 'arch-coder',
  base: arch,
  description: 'A place to work in, on Arch.',
  layers: [
    terminal,
    sudo,
    networkTools,
    python,
    uv,
    nodejs,
    typescript,
    languageServers,
    golang,
    rust,
    java,
    gh,
    kubectl,
    dockerCe,
    direnv,
    neovim,
    preCommit,
    shellcheck,
    just,
    zsh,
    starship,
    zoxide,
    eza,
    lazygit,
    sshd,
  ],
  builder: { pixi: archBuilder, npm: archBuilder, aur: archBuilder },
})

// For scripts, and for work on machines

/** For scripts: small, and without services. */
export const tools = image({
  name: 'tools',
  base: debian,
  description: 'For scripts: search, JSON, git and SQLite.',
  layers: [shellTools, ripgrep, jq, git, sqlite],
})
/** For work on other machines. */
export const operations = image({
  name: 'operations',
  base: debian,
  description: 'For work on clusters, clouds and other machines.',
  layers: [terminal, networkTools, gh, kubectl, ansible, restic, rclone, age, gocryptfs, skopeo, dockerClient],
})
/** The same with what only its makers publish. */
export const operationsPlus = image({
  name: 'operations-plus',
  base: operations,
  description: 'For work on other machines, with Helm, Docker and Tailscale from their makers.',
  layers: [helm, dockerCe, tailscale],
})
/** What a virtual machine has, but for its kernel. */
export const guest = image({
  name: 'guest',
  base: debian,
  description: 'Debian that boots: systemd, cloud-init and the guest agent, without a kernel.',
  layers: [systemd, cloudInit, qemuGuestAgent, sudo],
  init: 'systemd',
})

// Services

export const web = image({ name: 'web', base: debian, description: 'A web server: nginx.', layers: [nginx] })
export const caddyImage = image({ name: 'caddy', base: debian, description: 'A web server: Caddy.', layers: [caddy] })
export const cache = image({
  name: 'cache',
  base: debian,
  description: 'Stores of keys and values: Valkey, which keeps them, and memcached, which does not.',
  layers: [valkey, memcached],
})
export const database = image({ name: 'database', base: debian, description: 'PostgreSQL.', layers: [postgresql] })
export const mariadbImage = image({ name: 'mariadb', base: debian, description: 'MariaDB.', layers: [mariadb] })
export const broker = image({
  name: 'broker',
  base: debian,
  description: 'An MQTT broker: Mosquitto.',
  layers: [mosquitto],
})
export const metrics = image({
  name: 'metrics',
  base: debian,
  description: 'Prometheus with the node exporter.',
  layers: [prometheus, nodeExporter],
})
export const notebooks = image({ name: 'notebooks', base: debian, description: 'JupyterLab.', layers: [jupyter] })
export const sync = image({ name: 'sync', base: debian, description: 'Syncthing.', layers: [syncthing] })
export const shell = image({
  name: 'shell',
  base: debian,
  description: 'A machine to jump through: ssh, a session bus and relays.',
  layers: [sshd, dbus, socat, networkTools],
})
export const proxy = image({ name: 'proxy', base: debian, description: 'A reverse proxy: Traefik.', layers: [traefik] })
export const forge = image({ name: 'forge', base: debian, description: 'Gitea.', layers: [gitea] })
export const files = image({ name: 'files', base: debian, description: 'File Browser.', layers: [filebrowser] })
export const models = image({ name: 'models', base: debian, description: 'Ollama.', layers: [ollama] })
export const dashboards = image({ name: 'dashboards', base: debian, description: 'Grafana.', layers: [grafana] })
export const browser = image({
  name: 'browser',
  base: debian,
  description: 'Chromium for programs.',
  layers: [chrome],
})
