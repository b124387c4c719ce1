import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalogue } from '../../scripts/catalogue/facts.ts'
import { FOLDER, startCatalogue, type CatalogueMachine } from '../catalogue/machine.ts'
import { startMachine } from './machine.ts'

const never = readCatalogue().images.filter(({ elsewhere }) => elsewhere.length > 0)

/**
 * The image that stands for every base: whatever shell is asked to run a command looks only whether it could be read. So podman goes through each
 * instruction of a Containerfile, with its mounts, copies and accounts, and nothing is installed.
 */
const READER = `FROM BASE
RUN useradd --create-home user && mkdir -p /home/ubuntu && touch /usr/local/bin/pixi && \\
    cp /bin/bash /bin/bash.real && \\
    printf '#!/bin/bash.real\\nexec /bin/bash.real -n "$@"\\n' > /bin/reader && chmod +x /bin/reader && \\
    mv /bin/reader /bin/bash && ln -sf bash /bin/sh
`

let catalogue: CatalogueMachine
const sh = (script: string) => catalogue.machine.sh(script)
beforeAll(async () => {
  catalogue = await startCatalogue('catalogue-texts', startMachine)
  const { exitCode, stderr } = await catalogue.ov('synth')
  expect(exitCode, stderr).toBe(0)
  const [base = ''] = (await sh("podman images --format '{{.Repository}}:{{.Tag}}'"))
    .split('\n')
    .filter((name) => name.includes('/ov-base/'))
  await catalogue.machine.bed.put('reader/Containerfile', READER.replace('BASE', base))
  await sh('podman build -q -t localhost/reader ~/reader')
})
afterAll(() => catalogue?.machine.bed.down())

const build = (image: string) =>
  sh(`cd ${FOLDER} && podman build --isolation=chroot --layers=false --pull=never --build-arg BASE_IMAGE=localhost/reader \
    -t localhost/read -f .build/${image}/Containerfile . 2>&1`)

describe('Containerfiles that nobody built', () => {
  it.each(never)(
    'IMG-53 podman reads $name from the first to the last instruction',
    async ({ name, containerfile }) => {
      for (const [, stage = ''] of containerfile.matchAll(/^FROM (?!scratch )([^\s$]+) AS /gm))
        await sh(`podman tag localhost/reader localhost/${stage}`)
      const said = await build(name)
      // The last stage has as many steps as it says.
      const steps = [...said.matchAll(/^(?:\[\d+\/\d+\] )?STEP (\d+)\/(\d+):/gm)]
      expect(steps.at(-1)?.[1]).toBe(steps.at(-1)?.[2])
      expect(said).toContain('COMMIT localhost/read')
    },
  )
  it('IMG-53 podman refuses one that it can’t read', async () => {
    await sh(
      `cd ${FOLDER}/.build && mkdir -p bad && printf 'FROM localhost/reader\\nRUN if true; then\\n' > bad/Containerfile`,
    )
    await expect(build('bad')).rejects.toThrow(/syntax error/)
  })
})
