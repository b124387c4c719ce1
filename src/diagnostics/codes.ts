/** Every diagnostic that ov can give, in one place. `ov explain CODE` prints these; a code never changes its meaning. */
export const CODES = {
  // 1xxx: finding and running the project
  OV1001: {
    title: 'no project',
    explain:
      'ov looks for layers.ts, images.ts or deploy.ts in the current folder and the ones above it, or takes a file or folder as an argument.',
  },
  OV1002: {
    title: 'syntax error',
    explain: 'The TypeScript of the project could not be read. The message is that of esbuild.',
  },
  OV1003: {
    title: 'unresolved import',
    explain:
      'An import names a file or package that is not there. Relative imports start at the importing file; packages are looked for in node_modules of its folder and the ones above; the "paths" of tsconfig.json apply.',
  },
  OV1004: { title: 'no such export', explain: 'The imported file does not export that name.' },
  OV1005: { title: 'the program threw', explain: 'The code of the project threw an exception while it was evaluated.' },
  OV1006: {
    title: 'not data',
    explain:
      'Entities are plain data: text, numbers, booleans, lists and maps. Functions, dates, promises and class instances would be lost on the way to the plan.',
  },
  OV1007: {
    title: 'nothing declared',
    explain:
      'The entry files export no layer, image or deploy. What is not exported, and not used by something exported, does not belong to the project.',
  },
  OV1008: {
    title: 'file not found',
    explain:
      "A file or directory that the project names does not exist. Paths are relative to the layer's own directory, or to the declaring file where it has none.",
  },
  OV1009: { title: 'unreadable', explain: 'A file of the project exists but could not be read.' },
  OV1010: {
    title: 'name taken',
    explain: 'Two entities of one kind have the same name. An image, a layer and a deploy may share one.',
  },
  OV1011: {
    title: 'bad lock file',
    explain:
      'ov.lock holds what is pinned of what comes from outside: digests of images, accounts found in them, checksums of downloads. It is JSON, and written by ov lock.',
  },
  // 2xxx: what is written in one entity
  OV2001: {
    title: 'unknown field',
    explain: 'Fields that ov does not know are errors, never ignored: a typing error must not lose a setting.',
  },
  OV2002: {
    title: 'wrong value',
    explain: 'A field is missing, has the wrong type, or a value outside what is allowed.',
  },
  OV2003: {
    title: 'bad name',
    explain:
      'Names become file names, unit names and build stages, so they are lower case letters and digits, in parts joined by single hyphens.',
  },
  OV2004: {
    title: 'bad version',
    explain: 'Versions are CalVer: year, day of the year, and UTC time as HHMM, without leading zeros per part.',
  },
  OV2005: {
    title: 'bad variable name',
    explain: 'Environment variables are letters, digits and _, not starting with a digit.',
  },
  OV2006: {
    title: 'PATH in env',
    explain: 'Setting PATH would replace the one of the base. `pathAppend` adds directories and keeps the rest.',
  },
  OV2007: {
    title: 'value that nothing can hold',
    explain: 'The text has a character (NUL, sometimes a line break) for which the file it goes to has no spelling.',
  },
  OV2008: {
    title: 'bad vars key',
    explain:
      'vars are upper case, and may not repeat what ov sets itself (USER, UID, GID, HOME, ARCH, BUILD_ARCH) nor a key of env.',
  },
  OV2009: {
    title: 'contract conflict',
    explain:
      'A variable belongs to exactly one of envRequires, envAccepts, secretRequires and secretAccepts, and secrets are never provided to others.',
  },
  OV2010: {
    title: 'unknown template',
    explain: 'Provided values know {{.ContainerName}}, {{.HostPort N}} and {{.ContainerPort N}}.',
  },
  OV2011: {
    title: 'bad port',
    explain:
      'Ports are 1 to 65535. A layer lists container ports with an optional protocol; host ports belong to the image or the deploy.',
  },
  OV2012: {
    title: 'bad volume',
    explain:
      'Volume names are lower case letters and digits in parts joined by hyphens; their paths are absolute or start with ~/.',
  },
  OV2013: {
    title: 'bad service',
    explain:
      'A service is either a process described with exec, or a unit of a package named with usePackaged; some fields belong to one form only.',
  },
  OV2014: {
    title: 'set-up without packages',
    explain:
      'Repositories, keys and modules are set up in the step that installs the packages. Without packages that step does not exist.',
  },
  OV2015: {
    title: 'bad reference',
    explain: "A layer can't be its own dependency, nor be both a dependency and a part.",
  },
  OV2016: {
    title: 'empty layer',
    explain: 'A layer must contribute something: packages, tasks, a builder manifest, layers, services or environment.',
  },
  OV2020: {
    title: 'one verb per task',
    explain:
      'Each task has exactly one of cmd, mkdir, copy, write, link, download, setcap, build. Order matters, so two actions are two tasks.',
  },
  OV2021: {
    title: 'modifier of another verb',
    explain: 'Each verb takes only some modifiers. One that has no effect is an error, never ignored.',
  },
  OV2022: { title: 'bad task', explain: 'The fields of the task do not fit each other.' },
  OV2023: {
    title: 'unknown variable',
    explain:
      "In paths and URLs, ${NAME} is one of the layer's vars or of USER, UID, GID, HOME and ARCH; BUILD_ARCH only in downloads. Scripts are never touched.",
  },
  OV2024: { title: 'bad path', explain: 'Paths in an image are absolute, or start with ~/ or ${HOME}.' },
  OV2025: { title: 'bad user', explain: 'A task runs as root, ${USER}, an account name, a uid or uid:gid.' },
  OV2026: { title: 'bad mode', explain: "Modes are octal text with a leading zero, such as '0644'." },
  OV2027: {
    title: 'archive not unpacked',
    explain: 'A URL that looks like an archive is stored as a file unless `extract` says how to unpack it.',
  },
  OV2030: {
    title: 'bad alias',
    explain:
      'An alias is a command to call from outside: its name is letters, digits, ., _ and -, its command one line.',
  },
  OV2031: {
    title: 'bad secret',
    explain:
      "A secret's name becomes part of the podman secret `ov-<image>-<name>`: lower case letters and digits in parts joined by hyphens.",
  },
  OV2040: {
    title: 'bad manifest',
    explain:
      'A layer has at most one manifest per builder, by a name that the builder knows, with what the builder needs beside it.',
  },
  OV2041: {
    title: 'incomplete builder',
    explain:
      'A builder says what triggers it, a manifest or a package section, and how it builds, in the image itself or in a stage.',
  },
  OV2032: {
    title: 'bad label',
    explain:
      'Labels of your own have names of your own; those below org.overthinkos. tell other programs what ov has built.',
  },
  OV2033: {
    title: 'one file for two shells',
    explain: 'Each shell reads a file of its own: what one of them understands is an error in another.',
  },
  OV2034: {
    title: 'better said in a field',
    explain:
      'The script does what ov does better when it knows of it: packages in their sections are installed with caches and for the right distro, manifests are built in stages. Files and addresses are for scripts.',
  },
  OV2035: {
    title: 'unit without a package',
    explain: 'A service of the form usePackaged enables a unit that a package brings; this layer installs no packages.',
  },
  OV2050: {
    title: 'one verb per check',
    explain:
      'Each check looks at one thing: it has exactly one of file, package, service, port, process, command and http.',
  },
  OV2051: {
    title: 'field of another check',
    explain: 'Each verb of a check takes only some fields. One that has no effect is an error, never ignored.',
  },
  OV2052: { title: 'bad check', explain: 'The check would compare nothing, or what it says does not fit together.' },
  OV2053: {
    title: 'unknown variable in a check',
    explain:
      'In checks, ${NAME} is what the labels of the image tell (USER, HOME, UID, GID, IMAGE, DNS, ACME_EMAIL) or, with scope deploy, what a running deploy has (HOST_PORT:80, VOLUME_PATH:data, ENV_NAME and others). $${NAME} is ${NAME} for the shell.',
  },
  OV2054: {
    title: 'bad libvirt snippet',
    explain: 'Snippets become part of a domain XML, so each of them must be well-formed XML with at least one element.',
  },
  // 3xxx: how entities fit together
  OV3001: { title: 'unknown layer', explain: 'A layer is named that the project does not declare.' },
  OV3002: {
    title: 'dependency cycle',
    explain: 'Layers or images depend on each other in a circle, so none can come first.',
  },
  OV3003: { title: 'unknown image', explain: 'An image is named that the project does not declare.' },
  OV3004: {
    title: 'disabled image',
    explain: 'A base or a deploy uses an image of the project that is switched off with enabled: false.',
  },
  OV3005: {
    title: 'no package format',
    explain: 'ov must know which package formats the image has: from `build`, its base, or its distro.',
  },
  OV3006: {
    title: 'unknown package format',
    explain: 'A format in `build` is neither built in nor defined in the project.',
  },
  OV3007: {
    title: 'unknown distro',
    explain: "The base's distro is not known, so the packages of its layers would not be installed.",
  },
  OV3008: {
    title: 'no version',
    explain:
      'The version of an image is its own, or the highest of its layers, or that of its base. A bare image on an external base needs its own.',
  },
  OV3009: {
    title: 'vars against env',
    explain:
      'vars are ENV lines too and come later, so they would overwrite the env of another layer of the same name.',
  },
  OV3010: {
    title: 'no such account',
    explain:
      "userPolicy adopt takes over the account that the distro's base images ship; this distro declares none. An image on another image of the project has the account of that one, or one with a name and a uid of its own: accounts of a base are never renamed.",
  },
  OV3011: {
    title: 'missing init',
    explain:
      'Services need their init in the image: the layer that installs it must be among its layers or in its base.',
  },
  OV3012: {
    title: 'service not started',
    explain:
      'supervisord runs processes, not units of packages. Describe the process with exec, or use an image with systemd.',
  },
  OV3013: {
    title: 'packages of another distro',
    explain: 'The layer has package sections, but none for the distro and formats of this image.',
  },
  OV3014: {
    title: 'no counterpart',
    explain: 'The init of this image has nothing that corresponds to a field of the service.',
  },
  OV3015: {
    title: 'nothing to build',
    explain: "A build task runs the builders of the layer's manifests; this layer has none.",
  },
  OV3016: {
    title: 'host deploy without a place',
    explain:
      'A host deploy goes to this machine, to one that is reached over SSH (host), or into another deploy (inside). What says so contradicts itself, or can not be read.',
  },
  OV3020: {
    title: 'engines that exclude each other',
    explain: 'Layers of one image require different engines, so that no engine could run it.',
  },
  OV3021: {
    title: 'data without a volume',
    explain: 'Data fills a volume when a deploy is set up. A layer of the image must declare that volume.',
  },
  OV3022: {
    title: 'bad data image',
    explain:
      'A data image holds nothing but the data of its layers: it has no base and no programs, so nothing in it can be run or be built on.',
  },
  OV3030: {
    title: 'builder',
    explain:
      'Manifests that are built in a stage of their own, and aur packages, need a builder image of the project: `builder` of the image, of its base, or of an image with the same distro tag names it.',
  },
  OV3023: {
    title: 'nothing to relay with',
    explain: 'Ports are relayed by a program of layer `socat`, which the project must declare.',
  },
  OV3024: {
    title: 'extracted from the project',
    explain: 'Files can be taken out of images of a registry, not out of images that this project builds.',
  },
  OV3025: {
    title: 'missing capability',
    explain: 'A layer only works in images of which another layer makes something: this image has no such layer.',
  },
  OV3026: {
    title: 'labels that contradict each other',
    explain: 'Two layers give one label different values, so that the order of the layers would decide.',
  },
  OV3031: {
    title: 'field of another format',
    explain: 'A section for a distro tag is installed with the primary format of the image, which has no such field.',
  },
  OV3040: {
    title: 'not pinned yet',
    explain:
      'The project asks for something to be pinned in ov.lock, and it is not there yet. `ov lock` writes it, and so does the next build.',
  },
  OV3041: {
    title: 'id used twice',
    explain:
      'Deploys replace or skip a check by its id, so that no two checks of one section of an image can share one.',
  },
  // 4xxx: deploys
  OV4001: { title: 'unknown volume', explain: 'The image has no volume of that name.' },
  OV4002: { title: 'unknown port', explain: 'Neither the image nor any of its layers lists that port.' },
  OV4003: { title: 'missing variables', explain: 'A layer of the image requires the variable, and it has no default.' },
  OV4004: { title: 'no provider', explain: 'No other deploy of the project provides the variable, or several do.' },
  OV4005: {
    title: 'value from elsewhere',
    explain: 'The deploy says that the value comes from a file or the operator, and it is not there.',
  },
  OV4006: {
    title: 'encrypted volume',
    explain:
      'An encrypted volume is set up in a way that would lose its data from sight, or mix it with that of another one: ov refuses before anything is changed.',
  },
  OV4007: {
    title: 'missing secret',
    explain: 'The image requires a secret, and neither the credential store nor the operator has a value for it.',
  },
  OV4008: {
    title: "value that a quadlet can't hold",
    explain: "The text has a character for which podman's unit files have no spelling.",
  },
  OV4009: { title: 'image not here', explain: 'A deploy by image name needs the image in local storage.' },
  OV4010: { title: 'port used twice', explain: 'Two deploys publish the same host port.' },
  OV4011: {
    title: 'not part of deploys yet',
    explain: 'The image says something that this version of ov does not act on when it runs a deploy.',
  },
  OV4012: {
    title: 'unknown template',
    explain: 'What an image provides to others may name its container and its ports, and nothing else.',
  },
  OV4013: {
    title: 'unreadable port',
    explain: 'A mapping is a port, HOST:CONTAINER or ADDRESS:HOST:CONTAINER, with /udp behind where it is not tcp.',
  },
  OV4014: {
    title: 'tunnel that can not be',
    explain:
      'A tunnel carries ports that the deploy publishes, in the ways of its provider: see "How it is reached" in docs/requirements/pods.md.',
  },
  OV4015: {
    title: 'sidecar that can not be',
    explain: 'A sidecar needs an image, its own or that of a template; its secrets come from the credential store.',
  },
  // 5xxx: writing and building
  OV5001: { title: 'not written', explain: 'A file could not be written. What was there before is still complete.' },
  OV5002: { title: 'not buildable as text', explain: "A value can't be expressed in a Containerfile." },
  OV5003: { title: 'build failed', explain: 'podman reported an error while it built the image.' },
  OV5004: { title: 'missing program', explain: 'A program that this command needs is not installed.' },
  OV5005: {
    title: 'machine not ready',
    explain:
      'Applying a deploy needs podman 4.4 or later with its quadlet generator, a systemd user manager, and subordinate ids.',
  },
  OV5006: { title: 'not running', explain: 'The service was started but did not stay up.' },
  OV5007: { title: 'command failed', explain: 'A program that ov ran reported an error.' },
  OV5008: {
    title: 'deploy of another project',
    explain: 'The name is in use by a deploy that another project applied.',
  },
  OV5009: { title: 'needs a yes', explain: 'The step deletes data, and there is no terminal to ask on.' },
  OV5030: {
    title: 'encrypted volume not usable',
    explain:
      'An encrypted volume could not be made, mounted or unmounted. What it holds is as it was; nothing runs over a volume that is not mounted.',
  },
  OV5031: {
    title: 'passphrase',
    explain:
      'The passphrase of an encrypted volume was not found, is wrong, or can not be one. It is never made up for a volume that has data.',
  },
  OV5020: {
    title: 'pin does not hold',
    explain:
      'What comes from outside is not what ov.lock (or the project) says: an image with the pinned digest is not to be had, or a download has another checksum. ov.lock is left as it is; `ov lock --update NAME` accepts what is there now.',
  },
  OV5021: {
    title: 'not fetched',
    explain: 'An image or a file from outside could not be fetched.',
  },
  OV5022: { title: 'not pushed', explain: 'An image could not be pushed, or has no registry to be pushed to.' },
  OV5023: {
    title: 'base of this machine alone',
    explain:
      'A base that ov makes itself is for the architecture of this machine; nothing on it can be built for another one.',
  },
  OV5011: { title: 'port in use', explain: 'Another program of this machine listens on the host port.' },
  OV5012: {
    title: 'container ended',
    explain: 'The container in which an image is checked ended by itself, so that nothing can be said of the image.',
  },
  // 6xxx: deploy.yml, the deploys of one machine
  OV5040: {
    title: 'step failed on a host',
    explain:
      'A step of a layer ended with an error on the machine. Later steps were not tried. What was done is in the ledger there, and can be taken back.',
  },
  OV5041: {
    title: 'not taken back completely',
    explain:
      'Something that a layer did to a machine could not be undone. It stays in the ledger there, so that the next run tries it again.',
  },
  OV5042: {
    title: 'not allowed',
    explain: 'A layer changes something on a machine that has to be allowed first, with a flag or in installOpts.',
  },
  OV5043: { title: 'no sudo', explain: 'Steps of a layer need root, and sudo does not work for the deploying user.' },
  OV5044: {
    title: 'machine not reached',
    explain:
      'A machine could not be reached over SSH, or let nobody in. ov goes the way of your own ssh: ~/.ssh/config, the agent, key files, known hosts, jump hosts. What ssh can do without a question, ov can.',
  },
  OV5045: {
    title: 'host key not trusted',
    explain:
      'The key of a machine is not among the known hosts, or is another one than before. Nothing is sent to a machine whose key is not known.',
  },
  OV5046: {
    title: 'connection lost',
    explain:
      'The connection to a machine ended while ov worked there. What had been done is recorded in the ledger on that machine; the next run waits for a step that still runs, and goes on.',
  },
  OV5047: {
    title: 'access put back',
    explain:
      'An apply over SSH that touches ssh, the network or the firewall arms a timer on the machine. It is stopped over a new connection; when none comes in, the machine puts those settings back as they were.',
  },
  OV5048: {
    title: 'block without an end',
    explain:
      "What ov adds to files of shells stands between two marked lines. One of them is missing, so nobody can say what is ov's: the file is left alone.",
  },
  OV6001: {
    title: 'bad deploy.yml',
    explain:
      'deploy.yml holds the deploys of this machine. It is YAML: one map with `version`, `provides` and `deploy`. A file that can not be read is left as it is, and no command takes it for an empty one.',
  },
  OV6002: {
    title: 'wrong value in deploy.yml',
    explain: 'A field of an entry has the wrong type, or is given twice under two spellings.',
  },
  OV6003: {
    title: 'unknown key in deploy.yml',
    explain: 'ov has no use for the key. It keeps it, whatever else it writes into the file.',
  },
  OV6004: {
    title: 'deploy.yml of another version',
    explain:
      'The file has the layout of another version of ov. Reading it in part would lose settings without a word, such as the encryption of a volume. `ov migrate local-deploy` converts older ones.',
  },
  OV6005: {
    title: 'bad deploy name',
    explain:
      'A deploy is called after its image, with an instance behind a slash or after -i, or has a name of its own. Deploys inside of others are addressed with dots, so that their names have none.',
  },
  OV6006: {
    title: 'two deploys, one container',
    explain:
      'A container is named after its deploy, with - for /. Two deploys whose names come to the same would replace each other.',
  },
  OV6008: {
    title: 'bad config.yml',
    explain: 'The file of settings and credentials is not YAML, or not a map. It is left as it is.',
  },
  OV6009: { title: 'bad setting', explain: 'A setting of this machine has a value that it can not have.' },
  OV6010: {
    title: 'credential store',
    explain:
      'A credential could not be read or kept where the settings say that credentials are. Nothing is kept anywhere else instead.',
  },
  OV6011: {
    title: 'GPG file of secrets',
    explain:
      'The file of secrets of a project could not be read, or not be encrypted again, with gpg. It is as it was before the command.',
  },
  OV6012: {
    title: 'ledger can not be read',
    explain:
      'The ledger says what was installed on a machine and how it is taken back. A record that is damaged, or of a newer version, stops whatever would rely on it.',
  },
  OV6007: { title: 'not in deploy.yml', explain: 'Neither deploy.yml nor the project has a deploy of that name.' },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly explain: string }>>
