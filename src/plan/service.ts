import type { PackagedService } from '../../dsl/service.ts'
import type { Init, InitService } from '../../dsl/vocabulary.ts'
import { Unrepresentable } from '../format/index.ts'
import { placeOf, type LayerModel, type Vocabulary } from '../model/project.ts'
import { mergeCapabilities } from '../resolve/capabilities.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { unitName } from '../vocabulary/systemd.ts'
import type { Step } from './ir.ts'
import type { LayerContext } from './layer.ts'

type ServiceData = NonNullable<LayerModel['data']['services']>[number]

/** Seconds in `'30s'`, `'2min'`, `90`. (LAY-70) */
function seconds(timeout: string | number): number {
  const [, amount = '0', unit = 's'] = /^(\d+)\s*([a-z]*)$/.exec(String(timeout)) ?? []
  const factor = unit.startsWith('h') ? 3600 : unit.startsWith('m') ? 60 : 1
  return Number(amount) * factor
}

const bare = (name: string) => name.replace(/\.service$/, '')

/** What a service's order follows from: other services of the image, and on which side of them it stands. */
function neighbours(service: ServiceData, byName: ReadonlyMap<string, ServiceData>): [ServiceData, 1 | -1][] {
  const named = (names: readonly string[] | undefined, side: 1 | -1) =>
    (names ?? []).flatMap((name): [ServiceData, 1 | -1][] => {
      const other = byName.get(bare(name))
      return other && other !== service ? [[other, side]] : []
    })
  return [...named(service.after, 1), ...named(service.before, -1)]
}

/**
 * Start orders: after someone is one more, before someone one less, from 999 on. What is asked for in a circle begins there, too. A list of
 * work, because services may stand in long rows. (LAY-71)
 */
function serviceOrders(all: readonly ServiceData[]): ReadonlyMap<ServiceData, number> {
  const custom = all.filter((service) => service.exec !== undefined)
  const byName = new Map([...custom].reverse().map((service) => [service.name, service]))
  const orders = new Map<ServiceData, number>()
  const seen = new Set<ServiceData>()
  const open = [...custom].reverse()
  for (let service; (service = open.at(-1)) !== undefined;) {
    const around = neighbours(service, byName)
    if (service.priority === undefined && !seen.has(service)) {
      seen.add(service)
      open.push(...around.map(([other]) => other).filter((other) => !seen.has(other)))
      continue
    }
    open.pop()
    if (orders.has(service)) continue
    if (service.priority !== undefined) orders.set(service, service.priority)
    else if (around.length > 0) {
      // Coming after something weighs more than coming before something else.
      const sides = around.some(([, side]) => side === 1) ? around.filter(([, side]) => side === 1) : around
      const candidates = sides.map(([other, side]) => (orders.get(other) ?? 999) + side)
      orders.set(service, sides[0]![1] === 1 ? Math.max(...candidates) : Math.min(...candidates))
    }
  }
  return orders
}

const ordersOf = new WeakMap<ResolvedImage, ReadonlyMap<ServiceData, number>>()

function orderOf(service: ServiceData, image: ResolvedImage): number | undefined {
  const orders = ordersOf.get(image) ?? serviceOrders(servicesOf(image))
  ordersOf.set(image, orders)
  return orders.get(service)
}

/** All services of the image's layers, bases included. */
const servicesOf = (image: ResolvedImage) => image.chain.flatMap((layer) => layer.data.services ?? [])

/** Services of the image are named by their names; an init with units of its own calls them by those. */
function unitNames(names: readonly string[] | undefined, image: ResolvedImage, init: Init): { names?: string[] } {
  if (names === undefined) return {}
  return {
    names: names.map((name) => {
      for (const layer of image.chain) {
        const all = layer.data.services ?? []
        const packaged = all.find((other) => other.name === bare(name) && other.usePackaged !== undefined)
        if (packaged?.usePackaged !== undefined) return init.unit ? unitName(packaged.usePackaged) : name
        const custom = all.find((other) => other.name === bare(name))
        const unit = custom && init.unit?.({ name: custom.name, exec: '', layer: layer.name }, { user: '', uid: 0 })
        if (unit) return unit.path.slice(unit.path.lastIndexOf('/') + 1)
      }
      return name
    }),
  }
}

/** A custom service as inits want it. */
function forInit(layer: LayerModel, service: ServiceData, image: ResolvedImage, init: Init): InitService {
  const order = orderOf(service, image)
  const data = service as ServiceData & { exec: string }
  const { names: after } = unitNames(service.after, image, init)
  const { names: before } = unitNames(service.before, image, init)
  return {
    ...(data as object as InitService),
    ...(after && { after }),
    ...(before && { before }),
    layer: layer.name,
    ...(service.stopTimeout !== undefined && { stopSeconds: seconds(service.stopTimeout) }),
    ...(order !== undefined && { order }),
  }
}

/** Renders, or says what the language can't hold. */
function attempt<T>(render: () => T, say: (why: string) => void): T | undefined {
  try {
    return render()
  } catch (error) {
    if (!(error instanceof Unrepresentable)) throw error
    say(error.message)
    return undefined
  }
}

/** Whether a layer has processes of its own to run. */
export const runsProcesses = ({ data }: LayerModel): boolean =>
  data.services?.some((service) => service.exec !== undefined) === true || (data.portRelay ?? []).length > 0

/** Services that pass ports on: written once, whichever layers ask for it. (LAY-82) */
function relaySteps(layer: LayerModel, image: ResolvedImage, init: Init): Step[] {
  const ports = (layer.data.portRelay ?? []).filter(
    (port) => image.chain.find((other) => other.data.portRelay?.includes(port)) === layer,
  )
  return ports.map((port): Step => {
    const service: InitService = {
      name: `relay-${port}`,
      exec: `/usr/local/bin/relay-wrapper ${port}`,
      restart: 'always',
      priority: 1,
      startSecs: 0,
      layer: layer.name,
    }
    const own = { user: image.user.name, uid: image.user.uid }
    const unit = init.unit?.(service, own)
    return {
      kind: 'ServiceCustom',
      name: unit ? unit.path.slice(unit.path.lastIndexOf('/') + 1) : service.name,
      unitText: unit?.text ?? init.fragment?.(service, own) ?? '',
      unitPath: unit?.path ?? '',
      targetScope: 'system',
      enable: unit !== undefined,
      layerName: layer.name,
      relay: port,
      origin: placeOf(layer, 'portRelay'),
    }
  })
}

/** Steps for the services of a layer, rendered by the image's init. (PLAN-20 to PLAN-23, LAY-66) */
export function serviceSteps(
  layer: LayerModel,
  { image, subject, vocabulary, init: initName, report }: LayerContext,
): Step[] {
  const services = layer.data.services ?? []
  const init = initName === undefined ? undefined : vocabulary.inits.get(initName)
  if (initName === undefined)
    for (const [index, service] of services.entries())
      report(
        `services[${index}]`,
        'OV3012',
        `services[${index}]: the packaged unit ${service.usePackaged} is not started in ${subject}, which has no init`,
        "describe the process with exec, or use an image with init: 'systemd'",
        'warning',
      )
  if (!init) return []
  const own = { user: image.user.name, uid: image.user.uid }
  const described = services.flatMap((service, index): Step[] => {
    const path = `services[${index}]`
    const origin = placeOf(layer, path)
    const scope = service.scope ?? 'system'
    if (service.usePackaged !== undefined) {
      if (!init.dropIn) {
        const twin = services.some((other) => other.name === service.name && other.exec !== undefined)
        if (!twin)
          report(
            path,
            'OV3012',
            `${path}: the packaged unit ${service.usePackaged} is not started in ${subject}, whose init is ${init.name}`,
            `add an entry with the same name and exec, or use an image with systemd`,
            'warning',
          )
        return []
      }
      const unit = unitName(service.usePackaged)
      const { names: after } = unitNames(service.after, image, init)
      const { names: laid } = unitNames(service.overrides?.after, image, init)
      const packaged = {
        ...(service as object as PackagedService),
        ...(after && { after }),
        ...(laid && { overrides: { ...(service.overrides as PackagedService['overrides']), after: laid } }),
        layer: layer.name,
        unit,
      }
      const dropIn = attempt(
        () => init.dropIn?.(packaged, own),
        (why) => report(path, 'OV2007', `${path}: ${why}`, 'change the value, or move it into a file or script'),
      )
      return [
        {
          kind: 'ServicePackaged',
          name: service.name,
          unit,
          targetScope: scope,
          enable: service.enable ?? false,
          overridesText: dropIn?.text ?? '',
          overridesPath: dropIn?.path ?? '',
          layerName: layer.name,
          priorEnabled: false,
          origin,
        },
      ]
    }
    if (init.dropIn && services.some((other) => other.name === service.name && other.usePackaged !== undefined))
      return []
    if (init.unit && service.kind === 'eventlistener') {
      report(
        `${path}.kind`,
        'OV3014',
        `${path}.kind: ${init.name} has no event listeners (${subject})`,
        'use an image with supervisord',
      )
      return []
    }
    for (const field of init.ignores ?? [])
      if (service[field] !== undefined && !(field === 'kind' && service.kind === 'program'))
        report(
          `${path}.${field}`,
          'OV3014',
          `${path}.${field} has no counterpart in ${init.name} (${subject})`,
          'order services with after and before',
          'warning',
        )
    const rendered = forInit(layer, service, image, init)
    const texts = attempt(
      () => ({ unit: init.unit?.(rendered, own), fragment: init.fragment?.(rendered, own) ?? '' }),
      (why) => report(path, 'OV2007', `${path}: ${why}`, 'change the value, or move it into a file or script'),
    )
    if (!texts) return []
    const { unit, fragment } = texts
    return [
      {
        kind: 'ServiceCustom',
        name: unit ? unit.path.slice(unit.path.lastIndexOf('/') + 1) : service.name,
        unitText: unit?.text ?? fragment,
        unitPath: unit?.path ?? '',
        targetScope: scope,
        enable: service.enable ?? (init.unit ? (service.autoStart ?? false) : false),
        layerName: layer.name,
        origin,
      },
    ]
  })
  return [...described, ...relaySteps(layer, image, init)]
}

/** The init that runs an image's services: what it says itself, else by what its layers have. (IMG-50) */
export function chooseInit(image: ResolvedImage, vocabulary: Vocabulary, shipsUnits: boolean): string | undefined {
  const own = image.images.map((model) => model.data.init).find((init) => init !== undefined)
  if (own !== undefined) return own
  // What boots has systemd already.
  const suits = image.images.some((one) => one.data.bootc === true)
    ? 'systemd'
    : mergeCapabilities(image.chain).initSystemHint
  const runs = shipsUnits || servicesOf(image).length > 0 || image.chain.some(runsProcesses)
  if (suits !== undefined && runs) return suits
  if (!image.chain.some(runsProcesses)) return undefined
  const candidates = [...vocabulary.inits.values()].filter((init) => init.fragment).map((init) => init.name)
  const present = candidates.filter((name) => {
    const { layer } = vocabulary.inits.get(name)!
    return layer !== undefined && image.chain.some((one) => one.name === layer)
  })
  return present.includes('supervisord') ? 'supervisord' : (present.sort()[0] ?? 'supervisord')
}
