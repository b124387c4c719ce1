import type { PackagedService } from '../../dsl/service.ts'
import type { Init, InitService } from '../../dsl/vocabulary.ts'
import { Unrepresentable } from '../format/index.ts'
import { placeOf, type LayerModel, type Vocabulary } from '../model/project.ts'
import type { ResolvedImage } from '../resolve/image.ts'
import { unitName } from '../vocabulary/systemd.ts'
import type { Step } from './ir.ts'
import type { LayerContext } from './layer.ts'

type ServiceData = NonNullable<LayerModel['data']['services']>[number]

/** Seconds in `'30s'`, `'2min'`, `90`. (LAY-70) */
export function seconds(timeout: string | number): number {
  const [, amount = '0', unit = 's'] = /^(\d+)\s*([a-z]*)$/.exec(String(timeout)) ?? []
  const factor = unit.startsWith('h') ? 3600 : unit.startsWith('m') ? 60 : 1
  return Number(amount) * factor
}

const bare = (name: string) => name.replace(/\.service$/, '')

/** Start order among the services of the image: after someone is one more, before someone one less. (LAY-71) */
function orderOf(service: ServiceData, all: readonly ServiceData[], open: readonly string[] = []): number | undefined {
  if (service.priority !== undefined) return service.priority
  if (open.includes(service.name)) return undefined
  const named = (name: string) =>
    all.find((other) => other.name === bare(name) && other.exec !== undefined && other !== service)
  const orders = [
    ...(service.after ?? []).flatMap((name) => {
      const other = named(name)
      return other ? [(orderOf(other, all, [...open, service.name]) ?? 999) + 1] : []
    }),
    ...(service.before ?? []).flatMap((name) => {
      const other = named(name)
      return other ? [(orderOf(other, all, [...open, service.name]) ?? 999) - 1] : []
    }),
  ]
  if (orders.length === 0) return undefined
  // Coming after something weighs more than coming before something else.
  return (service.after ?? []).some((name) => named(name)) ? Math.max(...orders) : Math.min(...orders)
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
  const order = orderOf(service, servicesOf(image))
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

/** Steps for the services of a layer, rendered by the image's init. (PLAN-20 to PLAN-23, LAY-66) */
export function serviceSteps(layer: LayerModel, { image, vocabulary, init: initName, report }: LayerContext): Step[] {
  const services = layer.data.services ?? []
  const init = initName === undefined ? undefined : vocabulary.inits.get(initName)
  if (initName === undefined)
    for (const [index, service] of services.entries())
      report(
        `services[${index}]`,
        'OV3012',
        `services[${index}]: the packaged unit ${service.usePackaged} is not started in image "${image.name}", which has no init`,
        "describe the process with exec, or use an image with init: 'systemd'",
        'warning',
      )
  if (!init) return []
  const own = { user: image.user.name, uid: image.user.uid }
  return services.flatMap((service, index): Step[] => {
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
            `${path}: the packaged unit ${service.usePackaged} is not started in image "${image.name}", whose init is ${init.name}`,
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
        `${path}.kind: ${init.name} has no event listeners (image "${image.name}")`,
        'use an image with supervisord',
      )
      return []
    }
    for (const field of init.ignores ?? [])
      if (service[field] !== undefined && !(field === 'kind' && service.kind === 'program'))
        report(
          `${path}.${field}`,
          'OV3014',
          `${path}.${field} has no counterpart in ${init.name} (image "${image.name}")`,
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
}

/** The init that runs an image's services: what it says itself, else by what its layers have. (IMG-50) */
export function chooseInit(image: ResolvedImage, vocabulary: Vocabulary): string | undefined {
  const own = image.images.map((model) => model.data.init).find((init) => init !== undefined)
  if (own !== undefined) return own
  const custom = servicesOf(image).some((service) => service.exec !== undefined)
  if (!custom) return undefined
  const candidates = [...vocabulary.inits.values()].filter((init) => init.fragment).map((init) => init.name)
  const present = candidates.filter((name) => {
    const { layer } = vocabulary.inits.get(name)!
    return layer !== undefined && image.chain.some((one) => one.name === layer)
  })
  return present.includes('supervisord') ? 'supervisord' : (present.sort()[0] ?? 'supervisord')
}
