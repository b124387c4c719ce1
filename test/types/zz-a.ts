import { generateCatalogue } from './scale.ts'
import { Snippets, root } from './harness.ts'
const n = 400
  const s = new Snippets()
  const fl = generateCatalogue(n)
  for (const [f, t] of Object.entries(fl)) s.add(t, f)
  const last = 78
  const text = `import { pod, bind } from 'ov'\nimport { image${last} } from './images.ts'\nexport const p = pod({ name: 'p', image: image${last}, volumes: { ` 
  const f = s.add(text, 'x.ts')
const c = s.complete(f, text.length)
console.log(c.names.slice(0,5), s.hover(f, text.indexOf('image78,')).type.slice(0,300))
console.log(s.messages(f).slice(0,5))
