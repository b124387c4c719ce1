import type { CommandSpec } from './command.ts'
import { SECRET_COMMANDS } from './table-secrets.ts'

const PATH_ARGUMENT = {
  name: '[path]',
  help: 'file or folder of the project; default: the nearest one upwards from here',
}
const PROJECT_OPTION = {
  flags: '-p, --project <path>',
  help: 'file or folder of the project; default: the nearest one upwards from here',
}
const SYNTH_TAG = {
  flags: '--tag <tag>',
  help: "tag of the project's images in what is written; default: their versions",
}
const DEPLOYS = { name: '[deploys...]', help: 'names of deploys; default: all of the project' }
const OPERATOR_ENV = {
  flags: '-e, --env <DEPLOY.NAME=VALUE>',
  help: 'value of a variable that the deploy takes fromOperator(); remembered on this machine',
  repeat: true,
} as const

const ENGINE = {
  flags: '--engine <engine>',
  help: 'podman, docker, or auto (podman where it is installed); default: the setting engine.build, else auto',
}

const DEPLOY = { name: '<deploy>', help: 'an image, image/instance, or the name of a deploy' }
const INSTANCE = { flags: '-i, --instance <name>', help: 'an instance of the deploy' }
const DEPLOY_TAG = { flags: '--tag <tag>', help: 'tag of the image; default: the newest local build' }
const BUILD = { flags: '--build', help: 'build the image first, with the project around' }
const VARIABLE = { flags: '-e, --env <NAME=VALUE>', help: '', repeat: true } as const
const MOUNTS = [
  {
    flags: '-v, --volume <NAME:TYPE[:PATH]>',
    help: 'how a volume is kept, for a container that does not run yet',
    repeat: true,
  },
  { flags: '--bind <NAME[=PATH]>', help: 'the same as -v NAME:bind[:PATH]', repeat: true },
] as const
const NO_AUTODETECT = { flags: '--no-autodetect', help: 'hand in no devices that were found on this machine' }
const SEEDING = [
  { flags: '--no-seed', help: 'leave the data of volumes alone' },
  { flags: '--force-seed', help: 'overwrite the data of volumes with that of the image' },
  { flags: '--data-from <image>', help: 'take the data from another image' },
]

/** Words that several commands begin with. */
export const GROUPS: Readonly<Record<string, string>> = {
  image: 'build images, and look at them',
  eval: 'check that images are what they should be',
  migrate: 'bring what older versions left to the form of today',
  secrets: 'credentials, wherever they are kept',
  settings: 'what holds for all deploys of this machine',
  deploy: "look at deploy.yml, the machine's own settings of its deploys",
}

/** Every command of ov. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'synth',
    summary: 'write Containerfiles, quadlets and all else below .build/',
    args: [PATH_ARGUMENT],
    options: [{ flags: '--json', help: 'print the plan as JSON instead of writing files' }, SYNTH_TAG],
    examples: ['ov synth', 'ov synth infra/site.ts', 'ov synth --json | jq .images'],
    load: () => import('./synth.ts'),
  },
  {
    name: 'diff',
    summary: 'show what apply would change on this machine',
    args: [DEPLOYS],
    options: [
      PROJECT_OPTION,
      { flags: '--json', help: 'print the changes as JSON' },
      { flags: '--tag <tag>', help: 'tag for the images instead of the one that ov chooses' },
      { flags: '--offline', help: 'ask no machine: show what synth would change below .build/' },
    ],
    examples: ['ov diff', 'ov diff site', 'ov diff --json', 'ov diff --offline'],
    load: () => import('./diff.ts'),
  },
  {
    name: 'apply',
    summary: 'build what is needed and run the deploys',
    args: [DEPLOYS],
    options: [
      PROJECT_OPTION,
      OPERATOR_ENV,
      { flags: '--dry-run', help: 'say what would be done, and do nothing' },
      { flags: '--prune', help: 'remove deploys that this project applied and no longer declares' },
      { flags: '--tag <tag>', help: 'tag for the images that are built' },
      { flags: '--refresh-base', help: 'make bootstrapped base images anew' },
    ],
    examples: [
      'ov apply',
      'ov apply site',
      'ov apply --dry-run',
      'ov apply site -e site.PUBLIC_URL=https://example.org',
    ],
    load: () => import('./apply.ts'),
  },
  {
    name: 'status',
    summary: 'show the deploys of this machine',
    args: [{ name: '[deploys...]', help: 'names of deploys; default: all' }],
    options: [
      { flags: '--json', help: 'print them as JSON' },
      { flags: '-a, --all', help: 'show those as well that only have an entry in deploy.yml' },
      { flags: '-w, --watch', help: 'look again every second, until interrupted' },
    ],
    examples: ['ov status', 'ov status --json', 'ov status --watch'],
    load: () => import('./status.ts'),
  },
  {
    name: 'destroy',
    summary: 'stop deploys and remove what apply put on the machine',
    args: [{ name: '<deploys...>', help: 'names of deploys' }],
    options: [
      { flags: '--purge', help: 'remove their volumes, too' },
      { flags: '-y, --yes', help: 'do not ask before deleting data' },
      { flags: '--dry-run', help: 'say what would be removed, and remove nothing' },
    ],
    examples: ['ov destroy site', 'ov destroy site --purge --yes'],
    load: () => import('./destroy.ts'),
  },
  {
    name: 'config',
    summary: 'set a deploy up from its image alone, without a project',
    args: [{ ...DEPLOY, name: '[deploy]' }],
    options: [
      INSTANCE,
      DEPLOY_TAG,
      BUILD,
      { flags: '-e, --env <NAME=VALUE>', help: 'a variable of the container; kept', repeat: true },
      { flags: '-c, --clean', help: 'forget the variables that were given before' },
      { flags: '--env-file <path>', help: 'a file of further variables; kept' },
      { flags: '-p, --port <HOST:CONTAINER>', help: 'another host port for a container port; kept', repeat: true },
      {
        flags: '-v, --volume <NAME:TYPE[:PATH]>',
        help: 'how a volume is kept: volume, bind or encrypted; kept',
        repeat: true,
      },
      { flags: '--bind <NAME[=PATH]>', help: 'the same as -v NAME:bind[:PATH]', repeat: true },
      { flags: '--encrypt <name>', help: 'the same as -v NAME:encrypted', repeat: true },
      { flags: '--password <how>', help: 'secrets that nobody has: auto makes them up, manual asks; default: auto' },
      { flags: '--memory-max <size>', help: 'hard limit of memory, such as 6g; kept' },
      { flags: '--memory-high <size>', help: 'soft limit of memory; kept' },
      { flags: '--memory-swap-max <size>', help: 'limit of swap; kept' },
      { flags: '--cpus <number>', help: 'processors, such as 2.5; kept' },
      ...SEEDING,
      NO_AUTODETECT,
      { flags: '--sidecar <name>', help: 'a container beside it, such as tailscale; kept', repeat: true },
      { flags: '--list-sidecars', help: 'print the sidecars that have a template' },
      {
        flags: '--ssh-key <source>',
        help: 'keys that may log in, for images that take SSH_AUTHORIZED_KEYS: auto (yours), generate, none, or a file; kept',
      },
      { flags: '--no-keep-mounted', help: 'unmount its encrypted volumes afterwards, unless it runs' },
      { flags: '--force', help: 'keep a volume in another way, and leave its encrypted data behind' },
      { flags: '--update-all', help: 'write the units of all other deploys anew, too' },
    ],
    examples: [
      'ov config web -p 8088:8080 -e LOG_LEVEL=debug',
      'ov config web -i staging -p 8089:8080',
      'ov config immich -v library:bind:/mnt/photos --memory-max 6g',
    ],
    load: () => import('./config.ts'),
  },
  {
    name: 'config remove',
    summary: 'stop a deploy, and take back what it offers to others; its units and its entry stay',
    args: [DEPLOY],
    options: [INSTANCE],
    examples: ['ov config remove web', 'ov config remove web -i staging'],
    load: () => import('./config-remove.ts'),
  },
  ...SECRET_COMMANDS,
  {
    name: 'seed',
    summary: 'fill the volumes of a deploy with the data of its image',
    args: [DEPLOY],
    options: [INSTANCE, ...SEEDING.filter(({ flags }) => flags !== '--no-seed')],
    examples: ['ov seed web', 'ov seed web --force-seed', 'ov seed web --data-from models'],
    load: () => import('./seed.ts'),
  },
  {
    name: 'start',
    summary: 'start a deploy; one that is not set up is set up first',
    args: [DEPLOY],
    options: [
      INSTANCE,
      DEPLOY_TAG,
      BUILD,
      { ...VARIABLE, help: 'a variable of a container without a unit' },
      { flags: '--env-file <path>', help: 'a file of variables of a container without a unit' },
      { flags: '-p, --port <HOST:CONTAINER>', help: 'a host port of a container without a unit', repeat: true },
      ...MOUNTS,
      NO_AUTODETECT,
    ],
    examples: ['ov start web', 'ov start web -i staging', 'ov start web --build'],
    load: () => import('./start.ts'),
  },
  {
    name: 'stop',
    summary: 'stop a deploy; it comes back with the next boot',
    args: [DEPLOY],
    options: [INSTANCE, { flags: '--unmount', help: 'unmount its encrypted volumes, too' }],
    examples: ['ov stop web'],
    load: () => import('./stop.ts'),
  },
  {
    name: 'restart',
    summary: 'restart a deploy',
    args: [DEPLOY],
    options: [INSTANCE],
    examples: ['ov restart web'],
    load: () => import('./restart.ts'),
  },
  {
    name: 'logs',
    summary: 'show the journal of a deploy',
    args: [DEPLOY],
    options: [
      INSTANCE,
      { flags: '-f, --follow', help: 'go on with what is logged' },
      { flags: '-n, --lines <number>', help: 'the last lines only' },
    ],
    examples: ['ov logs web', 'ov logs web -f -n 20'],
    load: () => import('./logs.ts'),
  },
  {
    name: 'shell',
    summary: 'open a shell in the container of a deploy, or in a throw-away one like it',
    args: [DEPLOY],
    options: [
      INSTANCE,
      { flags: '-c, --command <line>', help: 'a line to run instead' },
      { flags: '--tty', help: 'give it a terminal even when the output is none' },
      { ...VARIABLE, help: 'a variable for it' },
      { flags: '--env-file <path>', help: 'a file of variables, for a container that does not run yet' },
      ...MOUNTS,
      DEPLOY_TAG,
      BUILD,
      NO_AUTODETECT,
    ],
    examples: ['ov shell web', "ov shell web -c 'ls ~'"],
    load: () => import('./shell.ts'),
  },
  {
    name: 'cmd',
    summary: 'run a shell line in the container of a deploy',
    args: [DEPLOY, { name: '<line>', help: 'a line for sh' }],
    options: [INSTANCE, { ...VARIABLE, help: 'a variable for it' }],
    examples: ["ov cmd web 'df -h'"],
    load: () => import('./cmd.ts'),
  },
  {
    name: 'service',
    summary: 'ask the init in a container for its services',
    args: [
      { name: '<operation>', help: 'status, start, stop or restart' },
      DEPLOY,
      { name: '[service]', help: 'a service of the image; default: all' },
    ],
    options: [INSTANCE],
    examples: ['ov service status web', 'ov service restart web nginx'],
    load: () => import('./service.ts'),
  },
  {
    name: 'update',
    summary: 'bring a deploy to the newest build of its image',
    args: [DEPLOY],
    options: [INSTANCE, DEPLOY_TAG, BUILD, ...SEEDING],
    examples: ['ov update web', 'ov update web --tag 2026.144.1443'],
    load: () => import('./update.ts'),
  },
  {
    name: 'remove',
    summary: 'stop a deploy and forget it; its data stays',
    args: [DEPLOY],
    options: [
      INSTANCE,
      { flags: '--purge', help: 'remove its volumes and secrets, too' },
      { flags: '--keep-deploy', help: 'keep its entry in deploy.yml' },
      { ...VARIABLE, help: "a variable for the image's own script of removal" },
    ],
    examples: ['ov remove web', 'ov remove web --purge'],
    load: () => import('./remove.ts'),
  },
  {
    name: 'deploy show',
    summary: 'print deploy.yml, or one entry of it',
    args: [{ name: '[deploy]', help: 'default: all' }],
    options: [INSTANCE],
    examples: ['ov deploy show', 'ov deploy show web -i staging'],
    load: () => import('./deploy-show.ts'),
  },
  {
    name: 'deploy reset',
    summary: 'forget what deploy.yml says: all of it, an entry, or a value',
    args: [{ name: '[deploy]', help: 'default: all of deploy.yml' }],
    options: [
      INSTANCE,
      {
        flags: '--field <path>',
        help: "a value that was changed here, such as env.LOG_LEVEL: it is the project's again",
      },
    ],
    examples: ['ov deploy reset web', 'ov deploy reset web --field env.LOG_LEVEL'],
    load: () => import('./deploy-reset.ts'),
  },
  {
    name: 'deploy export',
    summary: 'print entries of deploy.yml as a file of their own',
    args: [{ name: '[deploys...]', help: 'default: all' }],
    options: [{ flags: '-o, --output <file>', help: 'write it there instead' }],
    examples: ['ov deploy export web > web.yml', 'ov deploy export -o machine.yml'],
    load: () => import('./deploy-export.ts'),
  },
  {
    name: 'deploy import',
    summary: 'take entries of files into deploy.yml',
    args: [{ name: '<files...>', help: 'files in the form of deploy.yml; later ones win, field by field' }],
    options: [
      { flags: '--replace', help: 'forget the entries that are there; a copy of the file is kept' },
      { flags: '--image <deploy>', help: 'take this entry only' },
    ],
    examples: ['ov deploy import machine.yml', 'ov deploy import --image web machine.yml'],
    load: () => import('./deploy-import.ts'),
  },
  {
    name: 'migrate local-deploy',
    summary: 'bring an old deploy.yml to the form of today',
    examples: ['ov migrate local-deploy'],
    load: () => import('./migrate-local-deploy.ts'),
  },
  {
    name: 'deploy status',
    summary: 'show which deploys have an entry in deploy.yml, and which a quadlet',
    examples: ['ov deploy status'],
    load: () => import('./deploy-status.ts'),
  },
  {
    name: 'deploy path',
    summary: 'print where deploy.yml is',
    examples: ['ov deploy path'],
    load: () => import('./deploy-path.ts'),
  },
  {
    name: 'why',
    summary: 'show which line of TypeScript wrote a generated line',
    args: [{ name: '<file:line>', help: 'a line of a file below .build/' }],
    options: [PROJECT_OPTION, { flags: '--json', help: 'print the place as JSON' }],
    examples: ['ov why .build/web/Containerfile:12'],
    load: () => import('./why.ts'),
  },
  {
    name: 'image build',
    summary: 'build images that are not there yet',
    args: [{ name: '[images...]', help: 'names of images; what they need is built, too; default: all of the project' }],
    options: [
      PROJECT_OPTION,
      { flags: '--tag <tag>', help: 'tag for the images that are built' },
      { flags: '--jobs <number>', help: 'images to build at the same time; default: the processors, 4 at most' },
      { flags: '--no-cache', help: 'run every step anew' },
      { flags: '--cache <where>', help: 'take steps from there, too: image or registry (of the image), gha or none' },
      { flags: '--platform <platforms>', help: 'such as linux/arm64; several, with commas, become one list of images' },
      { flags: '--push', help: 'push the images to their registries, for all their platforms unless told' },
      ENGINE,
      { flags: '--refresh-base', help: 'make bootstrapped base images anew' },
    ],
    examples: [
      'ov image build',
      'ov image build web --no-cache',
      'ov image build --jobs 2',
      'ov image build web --push',
    ],
    load: () => import('./image-build.ts'),
  },
  {
    name: 'image pull',
    summary: 'fetch an image into local storage',
    args: [{ name: '<image>', help: 'a registry reference, or an image of the project, with or without a tag' }],
    options: [PROJECT_OPTION, ENGINE],
    examples: ['ov image pull web', 'ov image pull ghcr.io/acme/web:2026.144.1443'],
    load: () => import('./image-pull.ts'),
  },
  {
    name: 'image generate',
    summary: 'write Containerfiles and all else below .build/, as synth does',
    args: [PATH_ARGUMENT],
    options: [SYNTH_TAG],
    examples: ['ov image generate --tag 2026.144.1443'],
    load: () => import('./synth.ts'),
  },
  {
    name: 'image list',
    summary: 'list images, build targets, layers, or what layers bring',
    args: [
      {
        name: '[what]',
        help: 'images, targets (in build order), layers, services, volumes, aliases or routes; default: images',
      },
    ],
    options: [PROJECT_OPTION, { flags: '--json', help: 'print them as JSON' }],
    examples: ['ov image list', 'ov image list layers', 'ov image list targets --json'],
    load: () => import('./image-list.ts'),
  },
  {
    name: 'image inspect',
    summary: 'show what an image has from its base, its distro and its layers',
    args: [{ name: '<image>', help: 'name of an image' }],
    options: [PROJECT_OPTION, { flags: '--format <field>', help: 'print one field; lists one item per line' }],
    examples: ['ov image inspect web', 'ov image inspect web --format layers'],
    load: () => import('./image-inspect.ts'),
  },
  {
    name: 'image validate',
    summary: 'check everything that synth checks, and write nothing',
    args: [PATH_ARGUMENT],
    examples: ['ov image validate'],
    load: () => import('./image-validate.ts'),
  },
  {
    name: 'lock',
    summary: 'pin what the project takes from outside, in ov.lock',
    options: [
      PROJECT_OPTION,
      {
        flags: '--update <name>',
        help: 'an image reference, a URL, or an image of the project whose bases and downloads are pinned anew',
        repeat: true,
      },
      { flags: '--check', help: 'write nothing; exit code 2 when something is not pinned' },
    ],
    examples: ['ov lock', 'ov lock --update docker.io/library/debian:13', 'ov lock --check'],
    load: () => import('./lock.ts'),
  },
  {
    name: 'eval image',
    summary: 'run the checks of an image in a container that is thrown away',
    args: [{ name: '<image>', help: 'an image in local storage: its short name, or a reference' }],
    options: [
      { flags: '--format <format>', help: 'text, json, tap or yaml; default: text' },
      { flags: '--filter <verb>', help: 'only checks with this verb', repeat: true },
      { flags: '--section <section>', help: 'only checks of the layers (layer), or of the image itself (image)' },
    ],
    examples: [
      'ov eval image web',
      'ov eval image web --format tap',
      'ov eval image web --filter file --filter command',
    ],
    load: () => import('./eval-image.ts'),
  },
  {
    name: 'eval vnc',
    summary: 'the VNC server in a container: passwd gives it a password, which is kept',
    args: [{ name: '<operation>', help: 'passwd' }, DEPLOY],
    options: [INSTANCE, { flags: '--generate', help: 'make the password up, and print it' }],
    examples: ['ov eval vnc passwd desktop', 'ov eval vnc passwd desktop -i work --generate'],
    load: () => import('./eval-vnc.ts'),
  },
  {
    name: 'clean',
    summary: 'remove older builds of images that nothing uses any more',
    args: [],
    options: [{ flags: '--dry-run', help: 'only say what would be removed' }],
    examples: ['ov clean --dry-run', 'ov clean'],
    load: () => import('./clean.ts'),
  },
  {
    name: 'graph',
    summary: 'draw images, their bases and layers, and what needs what',
    args: [{ name: '[names...]', help: 'images or layers, with what they need; default: all' }],
    options: [
      PROJECT_OPTION,
      { flags: '--svg', help: 'print a picture instead of Mermaid' },
      { flags: '--json', help: 'print nodes and edges as JSON' },
    ],
    examples: ['ov graph', 'ov graph web', 'ov graph --svg > graph.svg'],
    load: () => import('./graph.ts'),
  },
  {
    name: 'explain',
    summary: 'explain a diagnostic',
    args: [{ name: '[code]', help: 'such as OV2001; default: list them all' }],
    options: [{ flags: '--json', help: 'print it as JSON' }],
    examples: ['ov explain OV2001'],
    load: () => import('./explain.ts'),
  },
  {
    name: 'completion',
    summary: 'print a completion script for your shell',
    args: [{ name: '<shell>', help: 'bash, zsh or fish' }],
    examples: ['source <(ov completion bash)'],
    load: () => import('./completion.ts'),
  },
  {
    name: 'version',
    summary: 'print the version',
    examples: ['ov version'],
    load: () => import('./version.ts'),
  },
]
