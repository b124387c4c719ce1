/** Tools of people who work in a terminal. */
import { cmd, download, layer, write } from 'ov'

/** What nearly every interactive container wants. */
export const shellTools = layer({
  name: 'shell-tools',
  version: '2026.325.1200',
  description: 'Editor, pager, file transfer, archives and process tools.',
  status: 'working',
  packages: ['less', 'nano', 'rsync', 'file', 'bash-completion', 'tree', 'unzip', 'zip'],
  deb: { packages: ['procps', 'xz-utils', 'zstd'] },
  rpm: { packages: ['procps-ng', 'xz', 'zstd'] },
  pac: { packages: ['procps-ng', 'xz', 'zstd'] },
  env: { EDITOR: 'nano', PAGER: 'less' },
  eval: [
    { command: 'nano --version', stdout: { contains: 'GNU nano' } },
    { command: 'rsync --version', stdout: { contains: 'rsync' } },
    { command: 'ps -e' },
    { file: '/usr/share/bash-completion/bash_completion' },
  ],
})

/** Fast search in files. */
export const ripgrep = layer({
  name: 'ripgrep',
  version: '2026.325.1200',
  description: 'ripgrep, which searches text in files.',
  status: 'working',
  packages: ['ripgrep'],
  eval: [{ command: 'rg --version', stdout: { contains: 'ripgrep' } }, { package: 'ripgrep' }],
})

/** Fast search for files. */
export const fd = layer({
  name: 'fd',
  version: '2026.325.1200',
  description: 'fd, which finds files by name.',
  status: 'working',
  deb: { packages: ['fd-find'] },
  rpm: { packages: ['fd-find'] },
  pac: { packages: ['fd'] },
  tasks: [
    cmd('[ -e /usr/bin/fd ] || ln -s /usr/bin/fdfind /usr/local/bin/fd', {
      comment: 'Debian and Ubuntu install it under another name',
    }),
  ],
  eval: [
    { command: 'fd --version', stdout: { contains: '.' } },
    { package: 'fd-find', packageMap: { arch: 'fd' } },
  ],
})

/** Choosing from lists. */
export const fzf = layer({
  name: 'fzf',
  version: '2026.325.1200',
  description: 'fzf, which filters lists as you type, with fd as its source of files.',
  status: 'working',
  depends: [fd],
  packages: ['fzf'],
  env: { FZF_DEFAULT_COMMAND: 'fd --type file' },
  eval: [{ command: 'printf "one\\ntwo\\n" | fzf --filter tw', stdout: 'two' }],
})

/** Files with colours. */
export const bat = layer({
  name: 'bat',
  version: '2026.325.1200',
  description: 'bat, which prints files with syntax colours.',
  status: 'working',
  packages: ['bat'],
  tasks: [
    cmd('[ -e /usr/bin/bat ] || ln -s /usr/bin/batcat /usr/local/bin/bat', {
      comment: 'Debian and Ubuntu install it under another name',
    }),
  ],
  eval: [{ command: 'bat --version', stdout: { contains: 'bat' } }],
})

/** Directory listings. */
export const eza = layer({
  name: 'eza',
  version: '2026.325.1200',
  description: 'eza, which lists directories, with what git knows of them.',
  status: 'working',
  deb: { packages: ['eza'] },
  pac: { packages: ['eza'] },
  aliases: { ll: 'eza --long --git' },
  eval: [{ command: 'eza --version', stdout: { contains: 'eza' } }],
})

/** JSON on the command line. */
export const jq = layer({
  name: 'jq',
  version: '2026.325.1200',
  description: 'jq, to query and change JSON.',
  status: 'working',
  packages: ['jq'],
  eval: [{ command: 'echo "{\\"a\\": 42}" | jq .a', stdout: '42' }],
})

/** Version control, with settings that fit containers. */
export const git = layer({
  name: 'git',
  version: '2026.325.1200',
  description: 'git with LFS, which trusts bind-mounted work trees and starts new repositories on main.',
  status: 'working',
  packages: ['git-lfs'],
  deb: { packages: ['git', 'openssh-client', 'ca-certificates'] },
  rpm: { packages: ['git-core', 'openssh-clients'] },
  pac: { packages: ['git', 'openssh'] },
  tasks: [
    write('/etc/gitconfig', { content: '[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n' }),
    cmd('git lfs install --system --skip-repo'),
  ],
  eval: [
    { command: 'git config --system init.defaultBranch', stdout: 'main' },
    { command: 'git init --quiet /tmp/repository && git -C /tmp/repository branch --show-current', stdout: 'main' },
    { command: 'git lfs version', stdout: { contains: 'git-lfs' } },
    { command: 'ssh -V' },
  ],
})

/** Differences that are easier to read. */
export const gitDelta = layer({
  name: 'git-delta',
  version: '2026.325.1200',
  description: 'delta, which shows differences with syntax colours, and as the pager of git.',
  status: 'working',
  depends: [git],
  packages: ['git-delta'],
  tasks: [
    cmd('git config --system core.pager delta && git config --system interactive.diffFilter "delta --color-only"'),
  ],
  eval: [
    { command: 'delta --version', stdout: { contains: 'delta' } },
    { command: 'git config core.pager', stdout: 'delta' },
  ],
})

/** git in full screen. */
export const lazygit = layer({
  name: 'lazygit',
  version: '2026.325.1200',
  description: 'lazygit, a full-screen interface to git.',
  status: 'working',
  depends: [git],
  distros: {
    debian: { packages: ['lazygit'] },
    arch: { packages: ['lazygit'] },
    fedora: { packages: ['lazygit'], copr: ['atim/lazygit'] },
  },
  eval: [{ command: 'lazygit --version', stdout: { contains: 'version' } }],
})

/** GitHub on the command line. */
export const gh = layer({
  name: 'gh',
  version: '2026.325.1200',
  description: 'gh, for pull requests, issues and runs on GitHub.',
  status: 'working',
  depends: [git],
  deb: { packages: ['gh'] },
  rpm: { packages: ['gh'] },
  pac: { packages: ['github-cli'] },
  secretAccepts: { GH_TOKEN: 'token of the account to work as; without one, gh asks to log in' },
  eval: [
    { command: 'gh --version', stdout: { contains: 'gh version' } },
    { package: 'gh', packageMap: { arch: 'github-cli' } },
  ],
})

/** Terminal sessions that outlive the connection. */
export const tmux = layer({
  name: 'tmux',
  version: '2026.325.1200',
  description: 'tmux with mouse support, colours and a long history.',
  status: 'working',
  packages: ['tmux'],
  tasks: [
    write('/etc/tmux.conf', {
      content:
        'set -g mouse on\nset -g history-limit 50000\nset -g default-terminal tmux-256color\nset -g focus-events on\nset -s escape-time 10\n',
    }),
  ],
  eval: [
    {
      command: 'tmux -L check -f /etc/tmux.conf start-server \\; show-options -g history-limit',
      stdout: 'history-limit 50000',
    },
  ],
})

/** An editor for code. */
export const neovim = layer({
  name: 'neovim',
  version: '2026.325.1200',
  description: 'Neovim, as vi and vim too.',
  status: 'working',
  packages: ['neovim'],
  tasks: [cmd('for name in vi vim; do ln -sf /usr/bin/nvim /usr/local/bin/$name; done')],
  env: { EDITOR: 'nvim', VISUAL: 'nvim' },
  eval: [
    { command: 'nvim --version', stdout: { contains: 'NVIM v' } },
    { file: '/usr/local/bin/vim', filetype: 'symlink' },
  ],
})

/** A shell for people. */
export const zsh = layer({
  name: 'zsh',
  version: '2026.325.1200',
  description: 'zsh with suggestions and syntax colours.',
  status: 'working',
  packages: ['zsh', 'zsh-syntax-highlighting', 'zsh-autosuggestions'],
  shell: {
    zsh: {
      init:
        'for plugin in autosuggestions syntax-highlighting; do\n' +
        '  for file in /usr/share/zsh-$plugin/zsh-$plugin.zsh /usr/share/zsh/plugins/zsh-$plugin/zsh-$plugin.zsh; do\n' +
        '    [ -r $file ] && . $file\n' +
        '  done\n' +
        'done\n',
    },
  },
  eval: [{ command: 'zsh -c "print $((6 * 7))"', stdout: '42' }],
})

/** A shell for people, too. */
export const fish = layer({
  name: 'fish',
  version: '2026.325.1200',
  description: 'fish.',
  status: 'working',
  packages: ['fish'],
  eval: [{ command: 'fish --no-config --command "math 6 x 7"', stdout: '42' }],
})

/** A prompt. */
export const starship = layer({
  name: 'starship',
  version: '2026.325.1200',
  description: 'starship, a prompt that shows where you are and what is going on there.',
  status: 'working',
  distros: {
    debian: { packages: ['starship'] },
    arch: { packages: ['starship'] },
    fedora: { packages: ['starship'], copr: ['atim/starship'] },
  },
  shell: {
    bash: { init: 'eval "$(starship init bash)"' },
    zsh: { init: 'eval "$(starship init zsh)"' },
    fish: { init: 'starship init fish | source' },
  },
  eval: [{ command: 'starship --version', stdout: { contains: 'starship' } }],
})

/** Jumps to directories. */
export const zoxide = layer({
  name: 'zoxide',
  version: '2026.325.1200',
  description: 'zoxide, a cd that remembers where you were.',
  status: 'working',
  packages: ['zoxide'],
  shell: {
    bash: { init: 'eval "$(zoxide init bash)"' },
    zsh: { init: 'eval "$(zoxide init zsh)"' },
    fish: { init: 'zoxide init fish | source' },
  },
  eval: [{ command: 'zoxide --version', stdout: { contains: 'zoxide' } }],
})

/** The environment of a directory. */
export const direnv = layer({
  name: 'direnv',
  version: '2026.325.1200',
  description: 'direnv, which loads the environment of a directory when you enter it.',
  status: 'working',
  packages: ['direnv'],
  shell: {
    bash: { init: 'eval "$(direnv hook bash)"' },
    zsh: { init: 'eval "$(direnv hook zsh)"' },
    fish: { init: 'direnv hook fish | source' },
  },
  eval: [
    { command: 'direnv version' },
    { command: 'bash --login -c "declare -F _direnv_hook"', stdout: '_direnv_hook' },
  ],
})

/** What is running. */
export const htop = layer({
  name: 'htop',
  version: '2026.325.1200',
  description: 'htop and btop.',
  status: 'working',
  packages: ['htop', 'btop'],
  eval: [{ command: 'htop --version', stdout: { contains: 'htop' } }, { command: 'btop --version' }],
})

/** Everything for working in a terminal, together. */
export const terminal = layer({
  name: 'terminal',
  version: '2026.325.1200',
  description: 'Everything for working in a terminal.',
  status: 'working',
  layers: [shellTools, ripgrep, fd, fzf, bat, jq, git, tmux, htop],
})

/** Recipes of a project. */
export const just = layer({
  name: 'just',
  version: '2026.325.1200',
  description: 'just, which runs the commands that a project keeps in its justfile.',
  status: 'working',
  packages: ['just'],
  eval: [{ command: 'just --version', stdout: { contains: 'just' } }],
})

/** Shell scripts, checked and formatted. */
export const shellcheck = layer({
  name: 'shellcheck',
  version: '2026.325.1200',
  description: 'ShellCheck and shfmt.',
  status: 'working',
  deb: { packages: ['shellcheck', 'shfmt'] },
  rpm: { packages: ['ShellCheck', 'shfmt'] },
  pac: { packages: ['shellcheck', 'shfmt'] },
  eval: [
    { command: 'printf "#!/bin/sh\\necho \\$1\\n" | shellcheck -', exitStatus: 1, stdout: { contains: 'SC2086' } },
    { command: 'shfmt --version' },
  ],
})

/** Checks before commits. */
export const preCommit = layer({
  name: 'pre-commit',
  version: '2026.325.1200',
  description: 'pre-commit, which runs the checks of a repository before a commit.',
  status: 'working',
  depends: [git],
  packages: ['pre-commit'],
  eval: [{ command: 'pre-commit --version', stdout: { contains: 'pre-commit' } }],
})

/** Python's fast package manager. */
export const uv = layer({
  name: 'uv',
  version: '2026.325.1200',
  description: 'uv, for Python projects and tools, as its release.',
  info: 'Its release comes from GitHub.',
  vars: { UV_VERSION: '0.8.22' },
  tasks: [
    download(
      'https://github.com/astral-sh/uv/releases/download/${UV_VERSION}/uv-${BUILD_ARCH}-unknown-linux-gnu.tar.gz',
      {
        extract: 'tar.gz',
        stripComponents: 1,
        to: '/usr/local/bin',
      },
    ),
  ],
  eval: [{ command: 'uv --version', stdout: { contains: 'uv' } }],
})

/** Kubernetes on the command line. */
export const kubectl = layer({
  name: 'kubectl',
  version: '2026.325.1200',
  description: 'kubectl, to work with Kubernetes clusters.',
  status: 'working',
  distros: {
    debian: { packages: ['kubernetes-client'] },
    ubuntu: {
      packages: ['kubectl'],
      repos: [
        {
          name: 'kubernetes',
          url: 'https://pkgs.k8s.io/core:/stable:/v1.34/deb/',
          suite: '/',
          key: 'https://pkgs.k8s.io/core:/stable:/v1.34/deb/Release.key',
        },
      ],
    },
    fedora: { packages: ['kubernetes1.34-client'] },
    arch: { packages: ['kubectl'] },
  },
  eval: [
    { command: 'kubectl version --client', stdout: { contains: 'Client Version' } },
    { command: 'kubectl create namespace x --dry-run=client --output name', stdout: 'namespace/x' },
  ],
})

/** Packages of Kubernetes. */
export const helm = layer({
  name: 'helm',
  version: '2026.325.1200',
  description: 'Helm, as its release.',
  info: 'Its release comes from get.helm.sh.',
  vars: { HELM_VERSION: 'v3.18.6' },
  tasks: [
    download('https://get.helm.sh/helm-${HELM_VERSION}-linux-${ARCH}.tar.gz', {
      extract: 'tar.gz',
      stripComponents: 1,
      include: ['linux-${ARCH}/helm'],
      to: '/usr/local/bin',
    }),
  ],
  eval: [{ command: 'helm version --short', stdout: { contains: 'v3.' } }],
})

/** Docker with its daemon, from its makers. */
export const dockerCe = layer({
  name: 'docker-ce',
  version: '2026.325.1200',
  description: 'Docker Engine, its client, buildx and compose, from the archive of its makers.',
  info: 'Its packages come from download.docker.com (on Arch: from the distribution).',
  tags: {
    'debian:13': {
      packages: ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-buildx-plugin', 'docker-compose-plugin'],
      repos: [
        {
          name: 'docker',
          url: 'https://download.docker.com/linux/debian',
          suite: 'trixie',
          components: 'stable',
          key: 'https://download.docker.com/linux/debian/gpg',
        },
      ],
    },
    'ubuntu:24.04': {
      packages: ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-buildx-plugin', 'docker-compose-plugin'],
      repos: [
        {
          name: 'docker',
          url: 'https://download.docker.com/linux/ubuntu',
          suite: 'noble',
          components: 'stable',
          key: 'https://download.docker.com/linux/ubuntu/gpg',
        },
      ],
    },
  },
  rpm: {
    packages: ['docker-ce', 'docker-ce-cli', 'containerd.io', 'docker-buildx-plugin', 'docker-compose-plugin'],
    repos: [
      {
        name: 'docker-ce-stable',
        url: 'https://download.docker.com/linux/fedora/docker-ce.repo',
        gpgkey: 'https://download.docker.com/linux/fedora/gpg',
      },
    ],
  },
  pac: { packages: ['docker', 'docker-buildx', 'docker-compose'] },
  eval: [
    { command: 'docker --version', stdout: { contains: 'Docker version' } },
    { command: 'docker compose version' },
  ],
})

/** A client for the Docker or Podman that listens on a socket. */
export const dockerClient = layer({
  name: 'docker-client',
  version: '2026.325.1200',
  description: 'The docker and compose commands alone, of the distribution.',
  status: 'working',
  distros: {
    debian: { packages: ['docker-cli', 'docker-compose'] },
    fedora: { packages: ['docker-cli', 'docker-compose'] },
    ubuntu: { packages: ['docker.io', 'docker-compose-v2'] },
    arch: { packages: ['docker', 'docker-compose'] },
  },
  envAccepts: { DOCKER_HOST: 'address of the engine, such as unix:///run/podman.sock' },
  eval: [
    { command: 'docker --version', stdout: { contains: 'Docker version' } },
    { command: 'docker compose version' },
  ],
})

/** Copies of images between registries. */
export const skopeo = layer({
  name: 'skopeo',
  version: '2026.325.1200',
  description: 'skopeo, which inspects and copies container images.',
  status: 'working',
  packages: ['skopeo'],
  eval: [{ command: 'skopeo --version', stdout: { contains: 'skopeo version' } }],
})

/** Machines by playbook. */
export const ansible = layer({
  name: 'ansible',
  version: '2026.325.1200',
  description: 'Ansible’s engine, without collections.',
  status: 'working',
  depends: [git],
  packages: ['ansible-core'],
  eval: [{ command: 'ansible localhost --module-name ping', stdout: { contains: 'pong' }, timeout: '60s' }],
})

/** Backups. */
export const restic = layer({
  name: 'restic',
  version: '2026.325.1200',
  description: 'restic, for encrypted and deduplicated backups.',
  status: 'working',
  packages: ['restic'],
  secretAccepts: { RESTIC_PASSWORD: 'password of the repository' },
  eval: [
    {
      command:
        'export RESTIC_PASSWORD=check RESTIC_REPOSITORY=$(mktemp -d) && restic init --quiet && restic backup --quiet /etc/hostname /etc/passwd && restic check --quiet',
      timeout: '60s',
    },
  ],
})

/** Files in clouds. */
export const rclone = layer({
  name: 'rclone',
  version: '2026.325.1200',
  description: 'rclone, which copies files from and to cloud storage.',
  status: 'working',
  packages: ['rclone'],
  eval: [{ command: 'rclone version', stdout: { contains: 'rclone' } }],
})

/** Encryption of files. */
export const age = layer({
  name: 'age',
  version: '2026.325.1200',
  description: 'age, which encrypts files.',
  status: 'working',
  packages: ['age'],
  eval: [
    {
      command:
        'cd $(mktemp -d) && age-keygen -o key 2>/dev/null && echo secret | age -r $(age-keygen -y key) | age -d -i key',
      stdout: 'secret',
    },
  ],
})

/** A database in a file. */
export const sqlite = layer({
  name: 'sqlite',
  version: '2026.325.1200',
  description: 'The sqlite3 command.',
  status: 'working',
  deb: { packages: ['sqlite3'] },
  rpm: { packages: ['sqlite'] },
  pac: { packages: ['sqlite'] },
  eval: [{ command: 'sqlite3 :memory: "select 6 * 7"', stdout: '42' }],
})

/** What the network does. */
export const networkTools = layer({
  name: 'network-tools',
  version: '2026.325.1200',
  description: 'curl, HTTPie, dig, ip, netcat and ping.',
  status: 'working',
  packages: ['curl', 'httpie'],
  deb: { packages: ['bind9-dnsutils', 'iproute2', 'netcat-openbsd', 'iputils-ping'] },
  rpm: { packages: ['bind-utils', 'iproute', 'netcat', 'iputils'] },
  pac: { packages: ['bind', 'iproute2', 'openbsd-netcat', 'iputils'] },
  eval: [
    { command: 'curl --version', stdout: { contains: 'curl' } },
    { command: 'http --version' },
    { command: 'dig -v' },
    { command: 'ip -brief address show lo', stdout: { contains: '127.0.0.1' } },
  ],
})

/** What a process does. */
export const debugTools = layer({
  name: 'debug-tools',
  version: '2026.325.1200',
  description: 'gdb, strace and lsof, with the right to trace.',
  status: 'working',
  packages: ['gdb', 'strace', 'lsof'],
  security: { capAdd: ['SYS_PTRACE'] },
  eval: [
    { command: 'gdb --version', stdout: { contains: 'GNU gdb' } },
    { command: 'strace --version', stdout: { contains: 'strace' } },
    { command: 'lsof -v' },
  ],
})

/** Times of commands, compared. */
export const hyperfine = layer({
  name: 'hyperfine',
  version: '2026.325.1200',
  description: 'hyperfine, which measures how long commands take.',
  status: 'working',
  packages: ['hyperfine'],
  eval: [{ command: 'hyperfine --runs 2 --shell none true', stdout: { contains: 'Time' } }],
})
