// SPDX-License-Identifier: Apache-2.0
// Where things are. Everything can be set from outside; nothing is downloaded.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
const build = path.resolve(process.env.GUAN_BUILD ?? path.join(root, 'build'))

export const settings = {
  collector: path.join(build, 'collector/guan-collector'),
  sensor: path.join(build, 'sensor/guan-sensor'),
  dashboards: path.resolve(process.env.GUAN_DASHBOARDS ?? path.join(build, 'dashboards')),
  chromium: process.env.GUAN_CHROMIUM ?? '/usr/bin/chromium',
  redis: process.env.GUAN_REDIS_SERVER ?? '/usr/bin/redis-server',
  screenshots: process.env.GUAN_SCREENSHOTS ?? null,
  keep: process.env.GUAN_KEEP === '1',
}

/* Why this machine cannot run the test, or null. What is missing is named, not guessed. */
export function whyNot() {
  if (process.getuid?.() !== 0) return 'needs root: the sensor captures in a network namespace'
  for (const [name, file] of Object.entries({
    collector: settings.collector,
    sensor: settings.sensor,
    dashboards: path.join(settings.dashboards, 'index.html'),
    chromium: settings.chromium,
    redis: settings.redis,
  }))
    if (!fs.existsSync(file)) return `${name} is missing: ${file}`
  return null
}
