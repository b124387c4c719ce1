import type { Place } from '../../diagnostics/diagnostic.ts'
import {
  liveText,
  printContainerfile,
  runLines,
  type Instruction,
  type Printed,
  type TextPart,
} from '../../format/index.ts'
import { byName } from '../../model/project.ts'
import type { ImageLayer, ImagePlan, Step, SystemPackagesStep, TaskStep } from '../../plan/ir.ts'
import { fillVars } from '../../plan/task.ts'
import { unknownStep } from '../../plan/steps.ts'
import { printWithAuthors } from '../unprintable.ts'
import { dataImage, stageData } from './data.ts'
import { extractedFiles, extractStages } from './extract.ts'
import { labelInstructions } from './labels.ts'
import { builderArtifacts, builderStages, builtPackages, type ReferenceOf } from './builders.ts'
import { cacheMounts, contextMount, ownerOf } from './mounts.ts'
import { routesCopy, routesStage } from './routes.ts'
import { imageShell, shellFile } from './shell.ts'
import { layerStage, stageOf } from './stages.ts'
import { TaskWriter, type ContentPath, type Line } from './tasks.ts'

/** What the text of a Containerfile depends on besides the plan. */
export interface ContainerfileInput {
  /** What stands in `ARG BASE_IMAGE=`. */
  readonly baseRef: string
  readonly contentPath: ContentPath
  /** Whether a layer brings files into the build context. */
  readonly hasFiles: (layer: ImageLayer) => boolean
  /** What stands in the FROM of a builder stage. */
  readonly referenceOf: ReferenceOf
}

/** Renders an image's Containerfile, each line with the place that asked for it. (IMG-53, IMG-54) */
export function renderContainerfile(image: ImagePlan, input: ContainerfileInput): Printed<Place> {
  const out: Line[] = []
  const put = (author: Place | undefined, ...instructions: Instruction[]) => {
    for (const instruction of instructions) out.push({ instruction, ...(author && { author }) })
  }
  const title = (text: string, author: Place | undefined = image.origin) =>
    put(author, { kind: 'blank' }, { kind: 'comment', text })
  const folder = `.build/${image.name}`

  put(image.origin, { kind: 'comment', text: `${folder}/Containerfile (generated -- do not edit)` }, { kind: 'blank' })
  if (image.base.kind === 'none') {
    for (const { instruction, author } of dataImage(image)) put(author, instruction)
    return printWithAuthors(out, printContainerfile<Place>)
  }
  put(image.origin, { kind: 'arg', name: 'BASE_IMAGE', value: input.baseRef })
  for (const layer of image.layers) put(layer.origin, ...layerStage(layer, !input.hasFiles(layer)))
  for (const { instruction, author } of builderStages(image, input.referenceOf)) put(author, instruction)
  for (const { instruction, author } of extractStages(image)) put(author, instruction)
  initStages(image, folder, put)
  put(image.routes[0]?.origin, ...routesStage(image))
  put(
    image.origin,
    { kind: 'blank' },
    { kind: 'from', image: '${BASE_IMAGE}' },
    { kind: 'blank' },
    { kind: 'user', user: 'root' },
  )

  const rootFollows = image.layers.length > 0 || endsAsRoot(image)
  let user = 'root'
  if (image.newAccount) user = bootstrap(image, rootFollows, title, put)
  environment(image, title, put)
  for (const { instruction, author } of builderArtifacts(image)) put(author, instruction)
  for (const { instruction, author } of extractedFiles(image)) put(author, instruction)
  for (const { instruction, author } of stageData(image)) put(author, instruction)

  const last = image.layers.at(-1)
  for (const layer of image.layers) {
    const after = renderLayer(image, layer, input, out)
    // A layer leaves root behind, unless it is the last one and nothing of root follows. (LAY-38)
    user = after === '0' ? 'root' : after
    if (user !== 'root' && (layer !== last || endsAsRoot(image))) {
      put(layer.origin, { kind: 'user', user: 'root' })
      user = 'root'
    }
  }
  for (const { instruction, author } of imageShell(image, input.contentPath)) put(author, instruction)
  initSteps(image, folder, title, put)
  put(image.routes[0]?.origin, ...routesCopy(image))
  if (image.bootc)
    put(
      image.origin,
      { kind: 'blank' },
      { kind: 'run', form: 'shell', layout: 'line', mounts: [], text: 'bootc container lint' },
    )

  const final = image.keepsRoot || image.user.uid === 0 ? 'root' : String(image.user.uid)
  if (user !== final) put(image.origin, { kind: 'blank' }, { kind: 'user', user: final })
  // Behind everything that runs or copies: an edit of these reruns none of it.
  if (image.ports.length > 0) title('Exposed ports')
  for (const port of image.ports) put(image.origin, { kind: 'expose', port })
  title('Image metadata')
  put(image.origin, ...labelInstructions(image))
  return printWithAuthors(out, printContainerfile<Place>)
}

type Put = (author: Place | undefined, ...instructions: Instruction[]) => void
type Title = (text: string, author?: Place) => void

/** What a base that ov did not build lacks, and an account that it may lack; returns the user it ends as. (IMG-59, IMG-60) */
function bootstrap(image: ImagePlan, rootFollows: boolean, title: Title, put: Put): string {
  const { bootstrap: boot, user, origin } = image
  if (boot) {
    title('Bootstrap')
    put(origin, runLines(cacheMounts(boot.caches, undefined), boot.steps))
  }
  if (user.uid === 0) return 'root'
  if (user.adopted)
    title(
      `User ${user.name} (uid=${user.uid}) adopted from base image (${user.found ? 'found in it, see ov.lock' : 'declared in build.yml distro.base_user'}) — no useradd needed`,
    )
  else {
    put(
      origin,
      { kind: 'blank' },
      {
        kind: 'run',
        form: 'shell',
        layout: 'line',
        mounts: [],
        text: [
          `if ! getent passwd ${user.uid} >/dev/null 2>&1; then \\`,
          `      (getent group ${user.gid} >/dev/null 2>&1 || groupadd -g ${user.gid} ${user.name}) && \\`,
          `      useradd -m -u ${user.uid} -g ${user.gid} -s /bin/bash ${user.name}; \\`,
          '    fi',
        ].join('\n'),
      },
    )
  }
  put(origin, { kind: 'workdir', path: user.home }, { kind: 'user', user: String(user.uid) })
  if (!rootFollows) return String(user.uid)
  put(origin, { kind: 'user', user: 'root' })
  return 'root'
}

/** ENV and PATH of the image's own layers. (IMG-61, LAY-60 to LAY-64) */
function environment(image: ImagePlan, title: Title, put: Put): void {
  const hooks = image.layers.flatMap(({ plan, origin }) =>
    plan.steps.flatMap((step) => (step.kind === 'ShellHook' ? [{ step, origin }] : [])),
  )
  // What a layer says goes before what builders bring.
  const built = (image.builderHooks ?? []).map((step) => ({ step, origin: step.origin }))
  const variables = new Map<string, { value: string; origin: Place }>()
  for (const { step, origin } of [...built, ...hooks])
    for (const [name, value] of Object.entries(step.envVars)) variables.set(name, { value, origin })
  hooks.push(...built)
  const paths = [...new Set(hooks.flatMap(({ step }) => step.pathAdd))]
  if (variables.size + paths.length > 0) title('Layer environment variables')
  for (const [name, { value, origin }] of [...variables].sort(([a], [b]) => byName(a, b)))
    put(origin, { kind: 'env', pairs: [{ name, value: keepPath(value), quoting: 'double' }] })
  if (paths.length > 0)
    put(hooks.find(({ step }) => step.pathAdd.length > 0)?.origin, {
      kind: 'env',
      pairs: [{ name: 'PATH', value: [{ literal: `${paths.join(':')}:` }, { ref: 'PATH' }], quoting: 'double' }],
    })
}

/** Everything is literal except `${PATH}`, which stays live. (LAY-62) */
const keepPath = (value: string): TextPart[] =>
  value
    .split('${PATH}')
    .flatMap((literal, index) => [...(index > 0 ? [{ ref: 'PATH' }] : []), ...(literal === '' ? [] : [{ literal }])])

/** One layer; returns the user it ends as. (IMG-64) */
function renderLayer(image: ImagePlan, layer: ImageLayer, input: ContainerfileInput, out: Line[]): string {
  const { plan, origin } = layer
  out.push(
    { instruction: { kind: 'blank' }, author: origin },
    { instruction: { kind: 'comment', text: `Layer: ${plan.layer}` }, author: origin },
  )
  const tasks = plan.steps.filter((step) => step.kind === 'Task')
  const { vars } = layer
  if (tasks.length > 0 || Object.keys(vars).length > 0) {
    out.push(
      { instruction: { kind: 'arg', name: 'TARGETARCH' }, author: origin },
      {
        instruction: { kind: 'env', pairs: [{ name: 'ARCH', value: liveText('${TARGETARCH}'), quoting: 'bare' }] },
        author: origin,
      },
    )
    for (const name of Object.keys(vars).sort(byName))
      out.push({
        instruction: {
          kind: 'env',
          pairs: [{ name, value: liveText(fillVars(vars[name] ?? '', vars)), quoting: 'double' }],
        },
        author: origin,
      })
  }
  const writer = new TaskWriter(image, stageOf(layer), input.contentPath)
  const steps = plan.steps
  for (let index = 0; index < steps.length;) {
    const step = steps[index]!
    let end = index + 1
    switch (step.kind) {
      case 'SystemPackages': {
        while (isSamePackages(steps[end], step)) end++
        const phases = steps.slice(index, end) as SystemPackagesStep[]
        const commands = phases.flatMap((phase) => phase.commands)
        out.push({ instruction: runLines(cacheMounts(step.caches, undefined), commands), author: step.origin })
        break
      }
      case 'Task': {
        while (steps[end]?.kind === 'Task') end++
        out.push(...writer.write(steps.slice(index, end) as TaskStep[]))
        break
      }
      case 'Builder': {
        if (step.format !== '') out.push(...builtPackages(step))
        if (step.stage) break
        const user = image.user.uid === 0 ? '0' : String(image.user.uid)
        if (writer.user !== user) out.push({ instruction: { kind: 'user', user }, author: step.origin })
        writer.user = user
        out.push({
          instruction: runLines(
            [contextMount(stageOf(layer)), ...cacheMounts(step.caches, ownerOf(image.user))],
            step.commands,
          ),
          author: step.origin,
        })
        break
      }
      case 'ShellSnippet':
        out.push(shellFile(step, input.contentPath))
        break
      case 'RepoChange':
      case 'File':
        throw new Error(`an image build has no ${step.kind} steps yet`)
      case 'ShellHook':
      case 'ServicePackaged':
      case 'ServiceCustom':
      case 'ApkInstall':
        break // merged over the image above and below; Android packages install nowhere else
      default:
        unknownStep(step)
    }
    index = end
  }
  return writer.user
}

const isSamePackages = (next: Step | undefined, first: SystemPackagesStep) =>
  next?.kind === 'SystemPackages' &&
  next.format === first.format &&
  next.origin === first.origin &&
  next.phase !== 'prepare'

const needsInitSteps = ({ init }: ImagePlan) =>
  init !== undefined && init.fragments.length + init.files.length + init.enable.length > 0

/** Steps of root that come after the layers. */
const endsAsRoot = (image: ImagePlan) => needsInitSteps(image) || image.routes.length > 0 || image.bootc

function initStages({ init }: ImagePlan, folder: string, put: Put): void {
  if (!init || init.fragments.length === 0) return
  const path = `/${init.fragmentDirectory}`
  const at = `${folder}/${init.fragmentDirectory}`
  if (init.config) {
    put(init.fragments[0]?.origin, { kind: 'blank' }, { kind: 'from', image: 'scratch', stage: `${init.name}-conf` })
    put(init.fragments[0]?.origin, { kind: 'copy', sources: [`${at}/00-header.conf`], to: `${path}/00-header.conf` })
    for (const { file, origin } of init.fragments)
      put(origin, { kind: 'copy', sources: [`${at}/${file}`], to: `${path}/${file}` })
  }
}

/** Assembly of the configuration, units, and what is enabled. (IMG-75 to IMG-78) */
function initSteps({ init }: ImagePlan, folder: string, title: Title, put: Put): void {
  if (!init) return
  if (init.fragments.length > 0 && init.config) {
    const source = `/${init.fragmentDirectory}`
    const name = init.config.path.slice(init.config.path.lastIndexOf('/') + 1)
    const origin = init.fragments[0]?.origin
    title(`Assemble ${name}`, origin)
    put(
      origin,
      runLines(
        [`--mount=type=bind,from=${init.name}-conf,source=${source},target=${source}`],
        [`cat ${source}/*.conf > ${init.config.path}`, `chmod 0644 ${init.config.path}`],
      ),
    )
  }
  if (init.files.length > 0) {
    title(`Units of the layers`, init.files[0]?.origin)
    // One by one: a mode that is given for a folder would be given to the folders in it, too.
    for (const { file, to, origin } of init.files)
      put(origin, { kind: 'copy', chmod: '0644', sources: [`${folder}/${init.fragmentDirectory}/${file}`], to })
  }
  if (init.enable.length > 0) {
    title('Enable system-level services')
    put(undefined, runLines([], init.enable))
  }
}
