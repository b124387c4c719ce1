/** Demo deploys of the starter catalogue. */
import { pod } from 'ov'
import { cache, database, web } from './images.ts'

export const demoWeb = pod({ name: 'demo-web', image: web, ports: { 8080: 8081 } })
export const demoCache = pod({ name: 'demo-cache', image: cache })
export const demoDatabase = pod({ name: 'demo-database', image: database })
