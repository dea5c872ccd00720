// SPDX-License-Identifier: Apache-2.0
// Times as people on duty read them: Beijing time, always with the zone said somewhere near.
export const ZONE_LABEL = 'UTC+8'

const formatter = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Shanghai',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

function parts(ms: number): Record<string, string> {
  return Object.fromEntries(formatter.formatToParts(ms).map((p) => [p.type, p.value]))
}

/* 2026-01-05 09:02:03 */
export function formatDateTime(time: string | number): string {
  const ms = typeof time === 'number' ? time : Date.parse(time)
  if (!Number.isFinite(ms)) return '—'
  const p = parts(ms)
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`
}

/* 01-05 09:02:03, for dense tables where the year goes without saying. */
export function formatShort(time: string | number): string {
  return formatDateTime(time).slice(5)
}

/* 09:02 */
export function formatHour(time: string | number): string {
  return formatDateTime(time).slice(11, 16)
}

/* With the microseconds the sensor measured, and the zone: 2026-01-05 09:02:03.123456 +08:00 */
export function formatPrecise(time: string): string {
  const fraction = /\.(\d+)/.exec(time)?.[1]
  return `${formatDateTime(time)}${fraction ? `.${fraction.padEnd(6, '0')}` : ''} +08:00`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}

/* 00:59:07, or 29d 23:10:05 from a day upwards; the sign is the caller's business. */
export function formatSpan(ms: number): string {
  const s = Math.floor(Math.abs(ms) / 1000)
  const clock = `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
  const days = Math.floor(s / 86_400)
  return days > 0 ? `${days}d ${clock}` : clock
}

/* A local wall-clock moment in Beijing ("2026-01-05 09:00:00") to RFC 3339. */
export function fromBeijing(text: string): string {
  return `${text.trim().replace(' ', 'T')}+08:00`
}
